"""An org in the hands of a test: clock, settings, mails, calls, snapshots, a base URL of its own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from zeep import Client as ZeepClient

from orgbox.control import ControlError
from orgbox.testing import OrgUnderTest
from orgbox_client import ApiFault
from service import Client

NEW_YEAR = datetime(2031, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def alice(org: OrgUnderTest) -> Client:
    return Client(org.login_url).login("alice@acme.com")


def invite(client: Client, address: str) -> Any:
    record = {"InvitedUserEmail": address, "SharedEntityId": client.user_id}
    return client.create("CollaborationInvitation", record)


def test_the_time_of_the_org_is_that_of_its_records_and_of_date_words(
    org: OrgUnderTest, alice: Client
) -> None:
    org.clock.freeze(NEW_YEAR)
    alice = Client(org.login_url).login("alice@acme.com")
    invite(alice, "a@acme.com")
    today = "SELECT CreatedDate FROM CollaborationInvitation WHERE CreatedDate = TODAY"

    assert alice.query(today).texts("CreatedDate") == ["2031-01-01T12:00:00.000Z"]
    assert alice.call("<getServerTimestamp/>").text("timestamp") == "2031-01-01T12:00:00.000Z"
    assert org.clock.advance(days=1) == NEW_YEAR + timedelta(days=1)
    alice = Client(org.login_url).login("alice@acme.com")
    assert alice.query(today).texts("CreatedDate") == []
    yesterday = alice.query(today.replace("TODAY", "YESTERDAY"))
    assert yesterday.texts("CreatedDate") == ["2031-01-01T12:00:00.000Z"]


def test_sessions_end_when_the_time_of_the_org_has_passed(org: OrgUnderTest, alice: Client) -> None:
    org.clock.advance(minutes=119)
    assert alice.call("<getUserInfo/>").status == 200

    org.clock.advance(timedelta(hours=3))

    assert alice.call("<getUserInfo/>").fault[0] == "sf:INVALID_SESSION_ID"


def test_a_clock_is_set_and_goes_on_from_there_until_it_runs_with_the_system_s(org: OrgUnderTest) -> None:
    org.clock.set(NEW_YEAR)
    assert timedelta(0) <= org.clock.now - NEW_YEAR < timedelta(minutes=1)

    org.clock.run()

    assert abs(org.clock.now - datetime.now(UTC)) < timedelta(minutes=1)
    with pytest.raises(ControlError, match="hundred years"):
        org.clock.set(datetime(2400, 1, 1))


def test_an_invitation_expires_by_the_time_of_the_org(org: OrgUnderTest, alice: Client) -> None:
    invite(alice, "late@acme.com")
    link = org.mailbox[0].link
    assert "late@acme.com" in requests.get(link, timeout=10).text

    org.clock.advance(days=61)

    assert "expired" in requests.get(link, timeout=10).text.lower()


def test_settings_are_attributes_that_hold_at_once(org: OrgUnderTest, alice: Client) -> None:
    assert invite(alice, "a@other.org").text("success") == "false"

    org.settings.allowed_domains = [*org.settings.allowed_domains, "Other.org"]

    assert invite(alice, "a@other.org").text("success") == "true"
    assert org.settings.allowed_domains == ["acme.com", "other.org"]
    with pytest.raises(AttributeError, match="no setting 'domains'"):
        _ = org.settings.domains
    with pytest.raises(ControlError, match="not of type int"):
        org.settings.session_seconds = "long"


def test_the_mailbox_holds_what_the_org_wrote(org: OrgUnderTest, alice: Client) -> None:
    made = invite(alice, "one@acme.com").text("id")
    invite(alice, "two@acme.com")

    assert [mail.recipient for mail in org.mailbox] == ["one@acme.com", "two@acme.com"]
    (mail,) = org.mailbox.to("one@acme.com")
    assert mail.about == made
    assert "Alice Archer" in mail.subject
    assert mail.link in mail.text


def test_calls_are_noted_without_secrets(org: OrgUnderTest, alice: Client) -> None:
    invite(alice, "one@acme.com")

    assert [call.name for call in org.calls] == ["login", "create"]
    assert org.calls.one("create").rows == 1
    assert org.calls.one("create").username == "alice@acme.com"
    assert "orgbox1!" not in org.calls[0].request
    assert alice.session_id not in org.calls[0].response + org.calls[1].request
    with pytest.raises(AssertionError, match=r"0 calls delete\(\) instead of one; calls: login, create"):
        org.calls.one("delete")
    org.calls.clear()
    assert len(org.calls) == 0


def test_bad_habits_are_found_in_the_calls(org: OrgUnderTest) -> None:
    client = Client(org.login_url, version="30.0").login("alice@acme.com")
    for n in range(5):
        invite(client, f"h{n}@acme.com")
    client.query("SELECT Id FROM User WHERE LastName = 'O'Brien'")
    client.query("SELECT Id FROM User WHERE LastName = 'O\\'Brien' AND Nothing__c = 1")

    found = {finding.rule: finding for finding in org.calls.lint()}

    assert found.keys() == {"one_row_per_call", "retired_version", "unescaped_quote"}
    assert "5 calls create() of CollaborationInvitation" in found["one_row_per_call"].message
    assert len(found["one_row_per_call"].calls) == 5
    assert len(found["retired_version"].calls) == 8
    assert len(found["unescaped_quote"].calls) == 1


def test_a_result_never_fetched_to_its_end_is_a_bad_habit(org: OrgUnderTest, alice: Client) -> None:
    records = [{"InvitedUserEmail": f"m{n}@acme.com", "SharedEntityId": alice.user_id} for n in range(200)]
    alice.create("CollaborationInvitation", *records)
    alice.create("CollaborationInvitation", *({**r, "InvitedUserEmail": f"x{r['InvitedUserEmail']}"}
                                              for r in records[:1]))  # fmt: skip
    org.calls.clear()
    header = "<QueryOptions><batchSize>200</batchSize></QueryOptions>"
    first = alice.query("SELECT Id FROM CollaborationInvitation", header)

    assert [finding.rule for finding in org.calls.lint()] == ["missing_query_more"]

    alice.call(f"<queryMore><queryLocator>{first.text('queryLocator')}</queryLocator></queryMore>")
    assert org.calls.lint() == []


def test_an_org_goes_back_to_a_snapshot_with_mails_settings_and_clock(
    org: OrgUnderTest, alice: Client
) -> None:
    invite(alice, "kept@acme.com")
    org.settings.invitation_days = 5
    org.snapshot()
    invite(alice, "gone@acme.com")
    org.settings.invitation_days = 9
    org.clock.freeze(NEW_YEAR)
    org.faults.add("SERVER_UNAVAILABLE")

    org.restore()

    assert [mail.recipient for mail in org.mailbox] == ["kept@acme.com"]
    assert org.settings.invitation_days == 5
    assert org.clock.now < NEW_YEAR
    assert invite(alice, "next@acme.com").text("success") == "true"
    assert len(org.mailbox) == 2
    with pytest.raises(ControlError, match="no snapshot 'other'"):
        org.restore("other")


def test_a_fork_has_what_the_org_had_and_goes_its_own_way(org: OrgUnderTest, alice: Client) -> None:
    invite(alice, "both@acme.com")

    with org.fork() as fork:
        other = Client(fork.login_url).login("alice@acme.com")
        invite(other, "fork@acme.com")
        found = other.query("SELECT InvitedUserEmail FROM CollaborationInvitation ORDER BY Id")

    assert found.texts("InvitedUserEmail") == ["both@acme.com", "fork@acme.com"]
    assert [mail.recipient for mail in org.mailbox] == ["both@acme.com"]


@pytest.mark.parametrize(("dialect", "path"), [("enterprise", "c"), ("partner", "u")])
def test_the_python_client_meets_the_org(org: OrgUnderTest, dialect: Any, path: str) -> None:
    sf = org.connect("mia@acme.com", version="60.0", dialect=dialect)

    assert sf.user_id == org.users["mia@acme.com"].id
    assert org.calls.one("login").dialect == dialect
    assert org.admin.username == org.sf.user_info.userName == "admin@acme.com"
    with pytest.raises(ApiFault, match="INVALID_LOGIN"):
        org.connect("mia@acme.com", "wrong")


def test_a_client_that_takes_a_wsdl_meets_the_org_it_names(org: OrgUnderTest) -> None:
    client = ZeepClient(org.endpoint("u", "60.0") + "?wsdl")

    made = client.service.login("alice@acme.com", org.password)

    assert made.sessionId.startswith(org.id[:15])
    assert client.service.getUserInfo(_soapheaders={"SessionHeader": {"sessionId": made.sessionId}})


@pytest.mark.parametrize("wrong", ["00D000000000000", "00D00000000000!", "00Dxxxxxxxxxxxx"])
def test_no_org_is_met_under_a_base_url_of_none(org: OrgUnderTest, wrong: str) -> None:
    client = Client(org.login_url.replace(org.id[:15], wrong))

    answer = client.call("<login><username>alice@acme.com</username><password>orgbox1!</password></login>")

    assert answer.status in (404, 500)
    assert b"sessionId" not in answer.body
