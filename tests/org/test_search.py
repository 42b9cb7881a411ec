"""search() through SOAP: what it looks like, who sees what, and searches meant to harm."""

from collections.abc import Callable
from time import process_time

import pytest

from service import Answer, Client, Service


def search(client: Client, text: str) -> Answer:
    return client.call(f"<search><searchString>{text}</searchString></search>")


@pytest.mark.parametrize("dialect", ["c", "u"])
@pytest.mark.parametrize("version", ["21.0", "31.0", "32.0", "36.0", "40.0", "66.0"])
def test_a_search_is_answered_in_every_dialect_and_version(
    shared: Service, dialect: str, version: str
) -> None:
    client = shared.client("alice@acme.com", dialect, version)
    answer = search(client, "FIND {acme} RETURNING User(Id, Name ORDER BY Name), CollaborationGroup(Name)")

    assert answer.texts("Name")[:2] == ["Ada Admin", "Alice Archer"]
    assert len(answer.texts("record")) == len(answer.texts("searchRecords")) >= 6
    assert ("queryId" in answer.body.decode()) == (float(version) >= 32)
    assert not search(client, "FIND {nobodyofthatname}").texts("record")


@pytest.mark.parametrize("dialect", ["c", "u"])
def test_a_malformed_search_is_a_typed_fault_with_its_place(shared: Service, dialect: str) -> None:
    answer = search(shared.client("alice@acme.com", dialect), "FIND {alice} RETURNING User(")

    assert answer.fault[0] == "sf:MALFORMED_SEARCH"
    assert answer.texts("MalformedSearchFault")
    assert (answer.text("row"), answer.text("column")) == ("1", "28")


def test_only_what_one_sees_is_found(shared: Service) -> None:
    customer = shared.client("carl@acme.com")

    assert search(customer, "FIND {administrator} RETURNING Profile").fault[0] == "sf:INVALID_TYPE"
    assert search(shared.client("admin@acme.com"), "FIND {administrator} RETURNING Profile").texts("record")


def test_an_unlisted_group_of_others_is_not_found(make_service: Callable[..., Service]) -> None:
    service = make_service()
    alice, sam = service.client("alice@acme.com"), service.client("sam@acme.com")
    made = alice.create("CollaborationGroup", {"Name": "Hushhush", "CollaborationType": "Unlisted"})

    assert made.texts("success") == ["true"]
    assert search(alice, "FIND {hushhush}").texts("record")
    assert not search(sam, "FIND {hushhush}").texts("record")


LONGEST = 99_000
HOSTILE = {
    "words": "FIND {" + "ab " * 3_300 + "}",
    "many letters": "FIND {" + "a" * 90_000 + "}",
    "brackets": "FIND {" + "(" * 9_900 + "}",
    "asterisks": "FIND {" + "a*" * 4_900 + "b} RETURNING User",
    "backslashes": "FIND {" + "\\" * 90_000,
    "entries": "FIND {ab} RETURNING " + "User," * 19_000,
    "conditions": "FIND {ab} RETURNING User(Id WHERE " + "Name = 'a' OR " * 7_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_search_takes_long(shared: Service, name: str) -> None:
    client = shared.client("admin@acme.com")
    started = process_time()
    answer = search(client, HOSTILE[name])

    assert process_time() - started < 5.0
    assert not answer.body.decode().count("UNKNOWN_EXCEPTION")
