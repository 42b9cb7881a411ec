"""The system's clock set back and forward under a running service. (Mails: `tests/mail/test_outbox.py`;
connections: `tests/http/test_idle.py`.)
"""

from datetime import UTC, datetime, timedelta

import pytest

from inviting import invite, mails, token_of
from orgbox.clock import moment_text
from orgbox.inspection.run import findings
from service import Client, Service
from visitor import Visitor

STEPS = {"2 hours back": -7200, "400 days back": -400 * 86400, "an hour forward": 3600}
FORWARD = timedelta(days=30)
LOCKED = timedelta(minutes=16)
LONG = timedelta(hours=2, minutes=1)


@pytest.fixture(params=STEPS.values(), ids=STEPS)
def step(request: pytest.FixtureRequest) -> timedelta:
    return timedelta(seconds=request.param)


def signs_in(service: Service, password: str) -> bool:
    answer = Client(service.url).call(
        f"<login><username>sam@acme.com</username><password>{password}</password></login>"
    )
    return answer.status == 200


def test_calls_go_on_and_sessions_still_end(service: Service, alice: Client, step: timedelta) -> None:
    service.clock.advance(step)
    invite(alice, "bob@acme.com")
    assert len(mails(service)) == 1

    service.clock.advance(LONG)
    assert alice.call("<getUserInfo/>").fault[0] == "sf:INVALID_SESSION_ID"
    assert list(findings(service.app.orgs)) == []


def test_a_lock_ends_no_later_than_it_would_have(service: Service, step: timedelta) -> None:
    for _ in range(10):
        assert not signs_in(service, "wrong")
    assert not signs_in(service, "orgbox1!")

    service.clock.advance(step)
    service.clock.advance(LOCKED)

    assert signs_in(service, "orgbox1!")


def test_a_cursor_leads_on(service: Service, alice: Client, step: timedelta) -> None:
    invite(alice, *(f"n{n}@acme.com" for n in range(200)))
    invite(alice, "last@acme.com")
    header = "<QueryOptions><batchSize>200</batchSize></QueryOptions>"
    first = alice.query("SELECT Id FROM CollaborationInvitation", header)

    service.clock.advance(step)

    rest = alice.call(f"<queryMore><queryLocator>{first.text('queryLocator')}</queryLocator></queryMore>")
    assert len(set(rest.texts("Id"))) == 1 and rest.text("done") == "true"


def test_a_visitor_of_the_console_goes_on_or_signs_in_again(service: Service, step: timedelta) -> None:
    visitor = Visitor(service.url)
    visitor.sign_in("admin@acme.com")

    service.clock.advance(step)
    goes_on = visitor.get("/home").path == "/home"

    assert goes_on == (abs(step) < timedelta(hours=12))
    assert visitor.sign_in("admin@acme.com").path == "/home"
    service.clock.advance(LONG)
    assert visitor.get("/home").path == "/signin?wanted=/home"


def test_an_org_whose_clock_stands_far_ahead_is_served_when_the_system_s_is_set_back(
    service: Service,
) -> None:
    alice = service.client("alice@acme.com")
    orgs, far = service.app.orgs, datetime.now(UTC) + timedelta(days=36_500)
    with orgs.database.write() as connection:
        orgs.change_settings(connection, orgs.all()[0], {"clock": f"frozen {moment_text(far)}"})

    service.clock.advance(-FORWARD)

    assert alice.call("<getUserInfo/>").fault[0] == "sf:INVALID_SESSION_ID"
    assert signs_in(service, "orgbox1!")


@pytest.mark.parametrize("days", [-36_500, 36_500])
def test_at_the_far_ends_of_time_everything_that_reckons_with_it_works(service: Service, days: int) -> None:
    service.clock.advance(timedelta(days=days))
    alice = service.client("alice@acme.com")

    invite(alice, "bob@acme.com")
    for words in ("TODAY", "LAST_N_YEARS:99", "NEXT_N_YEARS:99", "LAST_FISCAL_QUARTER", "NEXT_N_DAYS:9999"):
        assert alice.query(f"SELECT Id FROM User WHERE CreatedDate = {words}").status == 200, words
    for _ in range(10):
        assert not signs_in(service, "wrong")
    assert not signs_in(service, "orgbox1!")
    assert Visitor(service.url).get(f"/join/{token_of(service, 'bob@acme.com')}").status == 200
    assert Visitor(service.url).sign_in("admin@acme.com").path == "/home"
    assert list(findings(service.app.orgs)) == []
