"""Calls that fail because a test asked for it: which ones, how, and what is left behind."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from orgbox.control import ControlError
from orgbox.testing import OrgUnderTest
from service import Client

SESSION_TEXT = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing"


@pytest.fixture
def alice(org: OrgUnderTest) -> Client:
    """Alice, signed in to the test's org."""
    return Client(org.login_url).login("alice@acme.com")


def invite(client: Client, *addresses: str, header: str = "") -> Any:
    records = [{"InvitedUserEmail": a, "SharedEntityId": client.user_id} for a in addresses]
    return client.create("CollaborationInvitation", *records, header=header)


def invited(client: Client) -> list[str | None]:
    found = client.query("SELECT InvitedUserEmail FROM CollaborationInvitation ORDER BY Id")
    return found.texts("InvitedUserEmail")


def outcomes(client: Client, times: int) -> list[bool]:
    """Whether getUserInfo() succeeds, again and again."""
    return [client.call("<getUserInfo/>").status == 200 for _ in range(times)]


@pytest.mark.parametrize(
    ("code", "start"),
    [
        ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        ("SERVER_UNAVAILABLE", ""),
        ("INVALID_SESSION_ID", SESSION_TEXT),
        ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: 00D"),
        ("API_CURRENTLY_DISABLED", ""),
        ("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId"),
    ],
)
def test_a_rule_answers_with_the_service_s_own_fault(
    org: OrgUnderTest, alice: Client, code: str, start: str
) -> None:
    org.faults.add(code, call="getUserInfo")

    faultcode, text = alice.call("<getUserInfo/>").fault

    assert faultcode == f"sf:{code}"
    assert (text or "").startswith(f"{code}: {start}")
    assert alice.call("<getServerTimestamp/>").status == 200


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"nth": 3}, [True, True, False, True, True, True]),
        ({"every": 2}, [True, False, True, False, True, False]),
        ({"count": 2}, [False, False, True, True, True, True]),
        ({"every": 2, "count": 1}, [True, False, True, True, True, True]),
        ({"probability": 0.0}, [True] * 6),
        ({"call": "query"}, [True] * 6),
        ({"user": "mia@acme.com"}, [True] * 6),
        ({"user": "Alice@acme.com"}, [False] * 6),
        ({"sobject": "User"}, [True] * 6),
    ],
    ids=str,
)
def test_a_rule_meets_the_calls_it_was_made_for(
    org: OrgUnderTest, alice: Client, rule: dict[str, Any], expected: list[bool]
) -> None:
    org.faults.add("SERVER_UNAVAILABLE", **rule)

    assert outcomes(alice, 6) == expected


def test_chance_repeats_itself_with_the_same_seed(org: OrgUnderTest, alice: Client) -> None:
    runs = []
    for seed in (1, 1, 2):
        org.faults.clear()
        org.faults.add("SERVER_UNAVAILABLE", probability=0.5, seed=seed)
        runs.append(outcomes(alice, 20))

    assert runs[0] == runs[1] != runs[2]
    assert 0 < sum(runs[0]) < 20


def test_calls_made_at_once_are_counted_one_by_one(org: OrgUnderTest, alice: Client) -> None:
    org.faults.add("SERVER_UNAVAILABLE", every=4)

    def ask(_: int) -> list[bool]:
        other = Client(org.login_url)
        other.session_id = alice.session_id
        return outcomes(other, 10)

    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(ask, range(4)))

    assert sum(sum(run) for run in runs) == 30


@pytest.mark.parametrize(
    ("sobject", "met"), [("CollaborationGroup", True), ("collaborationgroup", True), ("User", False)]
)
def test_a_rule_for_an_sobject_finds_it_in_a_query(
    org: OrgUnderTest, alice: Client, sobject: str, met: bool
) -> None:
    org.faults.add("QUERY_TIMEOUT", sobject=sobject)

    answer = alice.query("SELECT Id, (SELECT Id FROM GroupMembers) FROM CollaborationGroup WHERE Name != '('")

    assert (answer.status == 500) is met


def test_a_rule_can_refuse_to_sign_someone_in(org: OrgUnderTest) -> None:
    org.faults.add("SERVER_UNAVAILABLE", call="login", user="alice@acme.com", count=1)
    client = Client(org.login_url)
    body = "<login><username>alice@acme.com</username><password>orgbox1!</password></login>"

    assert client.call(body).fault[0] == "sf:SERVER_UNAVAILABLE"
    assert client.login("alice@acme.com").session_id


def test_rows_of_a_batch_are_refused_and_the_others_saved(org: OrgUnderTest, alice: Client) -> None:
    org.faults.add("UNABLE_TO_LOCK_ROW", call="create", rows=[0, 2], count=1)
    addresses = [f"r{n}@acme.com" for n in range(4)]

    first = invite(alice, *addresses)

    assert first.texts("success") == ["false", "true", "false", "true"]
    assert first.texts("statusCode") == ["UNABLE_TO_LOCK_ROW"] * 2
    assert (first.text("message") or "").endswith(f"1 records: {alice.user_id}")
    assert invited(alice) == ["r1@acme.com", "r3@acme.com"]
    assert invite(alice, "r0@acme.com", "r2@acme.com").texts("success") == ["true", "true"]


def test_all_or_none_saves_nothing_when_a_rule_refuses_a_row(org: OrgUnderTest, alice: Client) -> None:
    org.faults.add("UNABLE_TO_LOCK_ROW", call="create", rows="every 3")
    header = "<AllOrNoneHeader><allOrNone>true</allOrNone></AllOrNoneHeader>"

    answer = invite(alice, *(f"n{n}@acme.com" for n in range(3)), header=header)

    rolled_back = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert answer.texts("statusCode") == [rolled_back, rolled_back, "UNABLE_TO_LOCK_ROW"]
    assert invited(alice) == []


def test_rows_are_refused_in_delete_and_update_too(org: OrgUnderTest, alice: Client) -> None:
    ids = invite(alice, "d0@acme.com", "d1@acme.com").texts("id")
    org.faults.add("ENTITY_IS_LOCKED", call="delete", rows=[1])
    org.faults.add("UNABLE_TO_LOCK_ROW", call="update", rows="all", message="busy: {id}")

    deleted = alice.call(f"<delete><ids>{ids[0]}</ids><ids>{ids[1]}</ids></delete>")
    user = {"Id": alice.user_id, "Title": "Boss"}
    updated = alice.call(f"<update>{alice.record('User', user)}</update>")

    assert deleted.texts("success") == ["true", "false"]
    assert deleted.text("statusCode") == "ENTITY_IS_LOCKED"
    assert updated.text("message") == f"busy: {alice.user_id}"


@pytest.mark.parametrize(
    ("drop", "kept"), [("before", []), ("during", ["x@acme.com"]), ("after", ["x@acme.com"])]
)
def test_a_connection_ends_before_during_or_after_the_work(
    org: OrgUnderTest, alice: Client, drop: str, kept: list[str]
) -> None:
    org.faults.add(drop=drop, call="create")

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)) as caught:
        invite(alice, "x@acme.com")

    assert ("IncompleteRead" in str(caught.value)) is (drop == "during")
    assert invited(alice) == kept
    assert org.calls.one("create").status == 0


def test_the_edge_answers_with_a_page_in_place_of_the_service(org: OrgUnderTest, alice: Client) -> None:
    org.faults.add(page=420, body="<html>gone</html>", count=1)
    org.faults.add(page=503)

    first, second = (alice.call("<getUserInfo/>") for _ in range(2))

    assert (first.status, first.body) == (420, b"<html>gone</html>")
    assert first.headers["X-Sfdc-Edge-Err"]
    assert second.status == 503
    assert b"down for maintenance" in second.body
    assert second.headers["Content-Type"].startswith("text/html")


def test_a_delay_holds_up_the_call_and_no_other_org(
    org: OrgUnderTest, alice: Client, orgbox_server: Any
) -> None:
    org.faults.add(delay=0.3, call="getUserInfo")
    started = time.perf_counter()
    assert alice.call("<getUserInfo/>").status == 200
    assert time.perf_counter() - started >= 0.3

    org.faults.add(delay=2, call="getServerTimestamp")
    with orgbox_server.create_org() as other:
        client = Client(other.login_url).login("alice@acme.com")
        assert any(is_answered_meanwhile(client, org, alice) for _ in range(5))


def is_answered_meanwhile(client: Client, org: OrgUnderTest, held_up: Client) -> bool:
    """Whether a call is answered while that of another client is held up."""
    met = org.faults.list()[-1]["met"]
    thread = threading.Thread(target=held_up.call, args=("<getServerTimestamp/>",))
    thread.start()
    while org.faults.list()[-1]["met"] == met:
        time.sleep(0.01)
    assert client.call("<getServerTimestamp/>").status == 200
    meanwhile = thread.is_alive()
    thread.join()
    return meanwhile


def test_the_api_limit_is_told_and_bites_when_asked(org: OrgUnderTest, alice: Client) -> None:
    org.clock.freeze()  # what is counted by the day
    org.settings.change(enforce_api_limit=True, api_requests_per_day=3)
    text = "SELECT Id FROM User LIMIT 1"

    told = [alice.query(text).text("current") for _ in range(3)]

    assert told == ["1", "2", "3"]
    assert alice.query(text).fault == (
        "sf:REQUEST_LIMIT_EXCEEDED", "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded."
    )
    org.clock.advance(days=1)
    assert Client(org.login_url).login("alice@acme.com").query(text).text("current") == "1"


def test_rules_are_listed_with_what_they_met_and_go_with_a_reset(org: OrgUnderTest, alice: Client) -> None:
    rule = org.faults.add("SERVER_UNAVAILABLE", nth=2)
    outcomes(alice, 3)

    (shown,) = org.faults.list()
    assert (shown["id"], shown["matched"], shown["met"]) == (rule, 3, 1)

    org.reset()
    assert org.faults.list() == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"code": "REQUEST_LIMIT_EXEEDED"}, "is no ExceptionCode; near: REQUEST_LIMIT_EXCEEDED"),
        ({"code": "TotalRequests"}, "is no ExceptionCode"),
        ({"code": "API_CURRENTLY_DISABLED", "rows": "all"}, "is no StatusCode"),
        ({"code": "UNKNOWN_EXCEPTION", "call": "creat"}, "there is no 'creat'; near: create"),
        ({"code": "UNKNOWN_EXCEPTION", "drop": "before"}, "one of code, drop and page"),
        ({}, "one of code, drop and page"),
        ({"rows": "all", "delay": 1}, "said by code"),
        ({"code": "UNABLE_TO_LOCK_ROW", "rows": "some"}, "neither a list of places"),
        ({"code": "UNABLE_TO_LOCK_ROW", "rows": [-1]}, "neither a list of places"),
        ({"drop": "sometimes"}, "none of before, during, after"),
        ({"page": 99}, "no HTTP status"),
        ({"delay": -1}, "between 0 and 600"),
        ({"delay": True}, "not of type float"),
        ({"code": "UNKNOWN_EXCEPTION", "probability": 1.5}, "between 0 and 1"),
        ({"code": "UNKNOWN_EXCEPTION", "nth": -1}, "nth: counts from 1"),
        ({"code": "UNKNOWN_EXCEPTION", "ntth": 1}, "no field 'ntth'; near: nth"),
    ],
    ids=str,
)
def test_a_rule_that_makes_no_sense_is_refused(
    org: OrgUnderTest, rule: dict[str, Any], words: str
) -> None:
    with pytest.raises(ControlError, match=words) as caught:
        org.faults.add(**rule)

    assert caught.value.status == 400
