"""Sessions: how long they live, who ends them, where they hold."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from orgbox.org import passwords
from service import Client, Service, start_service

GONE = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session hash: "


def test_a_session_dies_two_hours_after_its_last_call(service: Service, alice: Client) -> None:
    for _ in range(3):
        service.clock.advance(timedelta(minutes=119))
        assert alice.call("<getUserInfo/>").status == 200
    service.clock.advance(timedelta(minutes=121))

    code, text = alice.call("<getUserInfo/>").fault

    assert code == "sf:INVALID_SESSION_ID"
    assert text is not None and text.startswith(f"INVALID_SESSION_ID: {GONE}")


def test_logout_ends_every_session_of_the_user_and_of_nobody_else(service: Service) -> None:
    alice, again, mia = (service.client(f"{n}@acme.com") for n in ("alice", "alice", "mia"))

    assert alice.call("<logout/>").status == 200

    assert again.call("<getUserInfo/>").fault[0] == "sf:INVALID_SESSION_ID"
    assert mia.call("<getUserInfo/>").status == 200


def test_invalidate_sessions_tells_which_were_alive(service: Service, alice: Client) -> None:
    mia = service.client("mia@acme.com")
    known = f"<sessionIds>{mia.session_id}</sessionIds><sessionIds>{mia.session_id}x</sessionIds>"

    answer = alice.call(f"<invalidateSessions>{known}</invalidateSessions>")

    assert answer.texts("success") == ["true", "false"]
    assert mia.call("<getUserInfo/>").fault[0] == "sf:INVALID_SESSION_ID"


def test_sessions_and_query_locators_outlive_a_restart(tmp_path: Path) -> None:
    first = start_service(tmp_path)
    alice = first.client("alice@acme.com")
    invite_many(alice, 401)
    header = "<QueryOptions><batchSize>200</batchSize></QueryOptions>"
    page = alice.query("SELECT Id FROM CollaborationInvitation", header)
    seen = set(page.texts("Id"))
    first.stop()

    second = start_service(tmp_path)
    alice.url = second.url
    while (locator := page.text("queryLocator")) is not None:
        page = alice.call(f"<queryMore><queryLocator>{locator}</queryLocator></queryMore>", header)
        assert page.text("size") == "401"
        seen |= set(page.texts("Id"))
    second.stop()

    assert page.text("done") == "true"
    assert len(seen) == 401


def test_an_org_id_in_the_path_must_be_that_of_the_session(alice: Client) -> None:
    body = alice.envelope("<getUserInfo/>")

    assert alice.post(body, url=f"{alice.endpoint}/{alice.session_id[:15]}").status == 200
    assert alice.post(body, url=f"{alice.endpoint}/00D00e000000002").fault[0] == "sf:INVALID_SESSION_ID"


@pytest.mark.parametrize("password", ["orgbox1!", "orgbox1!abcdefghijKLMNOP12345678"])
def test_a_password_is_taken_with_and_without_a_security_token(service: Service, password: str) -> None:
    assert Client(service.url).login("alice@acme.com", password).session_id


def test_ten_wrong_passwords_lock_a_user_for_a_quarter_of_an_hour(service: Service) -> None:
    for _ in range(10):
        assert refused(service, "sam@acme.com", "wrong")

    assert refused(service, "sam@acme.com", "orgbox1!")
    service.clock.advance(timedelta(minutes=16))
    assert not refused(service, "sam@acme.com", "orgbox1!")


def test_signing_in_many_times_at_once_locks_nobody_out(
    make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, argon2id = make_service(threads=16), passwords.argon2id

    def slowly(*given: Any, **costs: Any) -> bytes:
        time.sleep(0.03)
        return argon2id(*given, **costs)

    monkeypatch.setattr(passwords, "argon2id", slowly)
    with ThreadPoolExecutor(16) as at_once:
        refusals = list(at_once.map(lambda _: refused(service, "sam@acme.com", "orgbox1!"), range(32)))

    assert not any(refusals)


def test_every_refusal_to_sign_in_reads_the_same(service: Service) -> None:
    answers = [attempt(service, *who) for who in (("alice@acme.com", "x"), ("nobody@acme.com", "orgbox1!"))]

    assert answers[0] == answers[1] == (
        "sf:INVALID_LOGIN",
        "INVALID_LOGIN: Invalid username, password, security token; or user locked out.",
    )


def test_a_reset_password_must_be_changed_before_anything_else(make_service: Callable[..., Service]) -> None:
    service = make_service()
    admin, sam = service.client("admin@acme.com"), service.client("sam@acme.com")
    made = admin.call(f"<resetPassword><userId>{sam.user_id}</userId></resetPassword>").text("password")
    answer = service.client().call(
        f"<login><username>sam@acme.com</username><password>{made}</password></login>"
    )
    sam.session_id = answer.text("sessionId") or ""

    assert answer.text("passwordExpired") == "true"
    assert sam.call("<getServerTimestamp/>").fault[0] == "sf:INVALID_OPERATION_WITH_EXPIRED_PASSWORD"
    own = f"<userId>{sam.user_id}</userId><password>brandnew9</password>"
    assert sam.call(f"<setPassword>{own}</setPassword>").status == 200
    assert sam.call("<getServerTimestamp/>").status == 200


def attempt(service: Service, username: str, password: str) -> tuple[str | None, str | None]:
    body = f"<login><username>{username}</username><password>{password}</password></login>"
    return service.client().call(body).fault


def refused(service: Service, username: str, password: str) -> bool:
    body = f"<login><username>{username}</username><password>{password}</password></login>"
    return service.client().call(body).status == 500


def invite_many(client: Client, count: int) -> None:
    for start in range(0, count, 200):
        records = [
            {"InvitedUserEmail": f"many{n}@acme.com", "SharedEntityId": client.user_id}
            for n in range(start, min(start + 200, count))
        ]
        assert client.create("CollaborationInvitation", *records).texts("success").count("false") == 0


def refusals_noted(service: Service) -> tuple[int, ...]:
    """Failed attempts counted for users, and for nobody."""
    system = service.app.orgs.store.schema.system
    attempts = select(func.coalesce(func.sum(system["orgbox_credential"].c.attempts), 0))
    counters = system["orgbox_counter"].c
    counted = select(func.coalesce(func.sum(counters.value), 0)).where(counters.name == "refused logins")
    with service.app.orgs.database.read() as connection:
        return tuple(int(connection.scalar(one) or 0) for one in (attempts, counted))


@pytest.mark.parametrize(("password", "hashes"), [("wrong", 1), ("a" * 40, 3), ("-" * 40, 1), ("a" * 24, 1)])
def test_a_refusal_takes_the_same_work_whoever_is_named(
    shared: Service, monkeypatch: pytest.MonkeyPatch, password: str, hashes: int
) -> None:
    orgs, hashed = shared.app.orgs, Counter[str]()
    argon2id = passwords.argon2id

    def counting(*given: Any, **costs: Any) -> bytes:
        hashed["times"] += 1
        return argon2id(*given, **costs)

    monkeypatch.setattr(passwords, "argon2id", counting)
    locked = {"locked_until": "9999-01-01T00:00:00.000Z"}
    table = orgs.store.schema.system["orgbox_credential"]
    with orgs.database.write() as connection:
        carl = orgs.of_username("carl@acme.com")
        assert carl
        connection.execute(update(table).where(table.c.user_id == carl[1]).values(**locked))

    for username in ("mia@acme.com", "nobody@acme.com", "carl@acme.com", "", "x" * 80):
        before = refusals_noted(shared)
        hashed.clear()
        assert refused(shared, username, password)
        assert hashed["times"] == hashes, username
        assert refusals_noted(shared) != before, username

    with orgs.database.write() as connection:
        connection.execute(update(table).values(attempts=0, locked_until=None))


def test_a_token_is_told_from_a_password_that_ends_in_letters(service: Service) -> None:
    mia = service.client("mia@acme.com")
    for password in ("sesame4ever", "a1" * 20):
        new = f"<userId>{mia.user_id}</userId><password>{password}</password>"
        assert mia.call(f"<setPassword>{new}</setPassword>").status == 200
        for token in ("", "T" * 24, "T" * 25):
            mia.login("mia@acme.com", password + token)
        assert refused(service, "mia@acme.com", password + "T" * 23)
