"""Sessions: how long they live, who ends them, where they hold."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

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
