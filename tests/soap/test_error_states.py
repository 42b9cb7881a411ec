"""Errors that come with time, wear or misfortune, and what looks like an error and is none."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from orgbox.limits import STRICT
from orgbox.soap.registry import HANDLERS
from service import PASSWORD, Client, Service

SMALL_BATCHES = replace(STRICT, minimum_batch_size=2)


def in_batches(client: Client, size: int, query: str = "SELECT Id FROM User") -> str:
    """The locator after the first batch."""
    answer = client.query(query, f"<QueryOptions><batchSize>{size}</batchSize></QueryOptions>")
    assert answer.text("done") == "false"
    return answer.text("queryLocator") or ""


def more(client: Client, locator: str) -> tuple[str | None, str | None]:
    return client.call(f"<queryMore><queryLocator>{locator}</queryLocator></queryMore>").fault


GONE = ("sf:INVALID_QUERY_LOCATOR", "INVALID_QUERY_LOCATOR: invalid query locator")


def test_a_query_locator_is_good_for_two_days(make_service: Callable[..., Service]) -> None:
    service = make_service(limits=SMALL_BATCHES, session_seconds=400_000)
    locator = in_batches(service.client("alice@acme.com"), 2)
    service.clock.advance(timedelta(days=2, seconds=1))

    assert more(service.client("alice@acme.com"), locator) == GONE


def test_a_query_locator_is_its_users_own(make_service: Callable[..., Service]) -> None:
    service = make_service(limits=SMALL_BATCHES)
    locator = in_batches(service.client("alice@acme.com"), 2)

    assert more(service.client("mia@acme.com"), locator) == GONE


@pytest.mark.parametrize("size", ["1", "0", "-5", "many", "99999999999", ""])
def test_a_batch_size_out_of_bounds_is_brought_within_them(shared: Service, size: str) -> None:
    header = f"<QueryOptions><batchSize>{size}</batchSize></QueryOptions>"
    answer = shared.client("alice@acme.com").query("SELECT Id FROM Profile", header)

    assert answer.status == 200 and answer.text("done") == "true"


def test_an_error_nobody_foresaw_is_a_fault_with_a_number_and_undoes_the_call(
    service: Service, alice: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    create = HANDLERS["create"]

    def create_and_fail(*arguments: object) -> None:
        create.function(*arguments)
        raise ZeroDivisionError("a secret of the house")

    monkeypatch.setitem(HANDLERS, "create", replace(create, function=create_and_fail))
    broken = service.client("alice@acme.com")
    answer = broken.create("CollaborationGroup", {"Name": "Half", "CollaborationType": "Public"})
    code, message = answer.fault
    found = re.fullmatch(
        r"UNKNOWN_EXCEPTION: An unexpected error occurred\. Please include this ErrorId if you contact "
        r"support: (\d+-\d+) \(\d+\)",
        message or "",
    )

    assert code == "sf:UNKNOWN_EXCEPTION" and found
    assert "secret" not in answer.body.decode()
    assert found[1] in caplog.text and "a secret of the house" in caplog.text
    assert alice.query("SELECT COUNT() FROM CollaborationGroup WHERE Name = 'Half'").text("size") == "0"


def test_where_a_security_token_is_asked_for_the_password_with_one_is_taken(service: Service) -> None:
    org = service.app.orgs.all()[0]
    with org.store.database.write() as connection:
        service.app.orgs.change_settings(connection, org, {"require_security_token": True})

    assert service.client().login("alice@acme.com", PASSWORD + "x" * 24).session_id


def test_an_aggregate_must_fit_one_batch(make_service: Callable[..., Service]) -> None:
    limits = replace(SMALL_BATCHES, batch_size=2)
    client = make_service(limits=limits).client("alice@acme.com")
    header = "<QueryOptions><batchSize>2</batchSize></QueryOptions>"
    answer = client.query("SELECT Name, COUNT(Id) FROM User GROUP BY Name", header)

    assert answer.fault == (
        "sf:EXCEEDED_ID_LIMIT",
        "EXCEEDED_ID_LIMIT: Aggregate query does not support queryMore(), "
        "use LIMIT to restrict the results to a single batch",
    )


def test_long_texts_are_cut_where_the_header_allows_it(alice: Client) -> None:
    allowed = "<allowFieldTruncation>true</allowFieldTruncation>"
    header = f"<AllowFieldTruncationHeader>{allowed}</AllowFieldTruncationHeader>"
    answer = alice.create(
        "CollaborationGroup", {"Name": "n" * 41, "CollaborationType": "Public"}, header=header
    )

    assert answer.texts("success") == ["true"]
    saved = alice.query(f"SELECT Name FROM CollaborationGroup WHERE Id = '{answer.text('id')}'")
    assert saved.text("Name") == "n" * 40


@pytest.mark.parametrize("version, code", [("21.0", "UNKNOWN_EXCEPTION"), ("66.0", "DELETE_NOT_ALLOWED")])
def test_a_code_newer_than_the_version_is_told_as_the_general_one(
    shared: Service, version: str, code: str
) -> None:
    """A value that the client's WSDL does not list would break the client instead of telling it."""
    admin = shared.client("admin@acme.com", version=version)
    answer = admin.call(f"<delete><ids>{admin.user_id}</ids></delete>")

    assert answer.text("statusCode") == code
    assert answer.text("message") == "entity type cannot be deleted: User"
