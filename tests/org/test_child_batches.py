"""Children count towards a batch; those that do not fit have a locator of their own.

Source: SOAP API, QueryOptions, queryMore().
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from orgbox.limits import STRICT
from service import Client, Service, start_service

FAMILIES = (
    "SELECT Name, (SELECT Id FROM GroupMembers ORDER BY Id DESC), "
    "(SELECT Id FROM FeedSubscriptionsForEntity LIMIT 3) FROM CollaborationGroup ORDER BY Name"
)
GONE = "INVALID_QUERY_LOCATOR: invalid query locator"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A user of an org where every user is in the group Crowd."""
    limits = replace(STRICT, minimum_batch_size=2)
    service: Service = start_service(tmp_path_factory.mktemp("families"), limits=limits)
    client = service.client("admin@acme.com")
    made = client.create("CollaborationGroup", {"Name": "Crowd", "CollaborationType": "Public"})
    group = made.text("id") or ""
    users = client.query(f"SELECT Id FROM User WHERE IsActive = TRUE AND Id != '{client.user_id}'")
    for user in set(users.texts("Id")):
        client.create("CollaborationGroupMember", {"CollaborationGroupId": group, "MemberId": str(user)})
    client.create("EntitySubscription", {"ParentId": group, "SubscriberId": client.user_id})
    yield client
    service.stop()


def asked(client: Client, size: int, locator: str = "") -> Any:
    """A QueryResult: the first batch, or the one behind a locator."""
    header = f"<QueryOptions><batchSize>{size}</batchSize></QueryOptions>"
    if locator:
        answer = client.call(f"<queryMore><queryLocator>{locator}</queryLocator></queryMore>", header)
    else:
        answer = client.query(FAMILIES, header)
    assert answer.status == 200, answer.fault
    return next(answer.xml.iter("{*}result"))


def told(result: Any, name: str) -> str:
    return result.findtext("{*}" + name) or ""


def rest(client: Client, size: int, result: Any) -> Iterator[Any]:
    """The records of a result, those of later batches too."""
    count = 0
    while True:
        records = result.findall("{*}records")
        count += len(records)
        yield from records
        if told(result, "done") == "true":
            assert count == int(told(result, "size"))
            return
        result = asked(client, size, told(result, "queryLocator"))


def families(client: Client, size: int) -> list[tuple[str, list[list[str]]]]:
    """The names of all groups with the Ids of their children."""
    return [
        (
            told(group, "Name"),
            [
                [told(child, "Id") for child in rest(client, size, children)] if len(children) else []
                for children in group
                if children.tag.endswith(("GroupMembers", "FeedSubscriptionsForEntity"))
            ],
        )
        for group in rest(client, size, asked(client, size))
    ]


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 11, 200])
def test_batches_of_any_size_add_up_to_the_whole(client: Client, size: int) -> None:
    whole = families(client, 2_000)

    assert families(client, size) == whole
    assert len(dict(whole)["Crowd"][0]) > 4


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7])
def test_a_batch_holds_no_more_records_than_asked_for_children_included(client: Client, size: int) -> None:
    result = asked(client, size)
    batches = [result]
    while told(result, "done") == "false":
        result = asked(client, size, told(result, "queryLocator"))
        batches.append(result)

    held = [len(list(batch.iter("{*}records"))) for batch in batches]
    assert all(1 <= count <= size for count in held)
    assert len(batches) > 1


def test_the_children_of_one_record_are_cut_to_what_a_batch_leaves_them(client: Client) -> None:
    crowd = next(g for g in rest(client, 4, asked(client, 4)) if told(g, "Name") == "Crowd")
    members = crowd.find("{*}GroupMembers")

    assert len(members.findall("{*}records")) == 3
    assert told(members, "done") == "false"
    assert told(members, "queryLocator").endswith("-3")
    assert int(told(members, "size")) > 4


def test_more_of_the_parents_ends_the_locators_of_the_children_before(client: Client) -> None:
    result, members = asked(client, 2), ""
    while not members:
        members = told(next(result.iter("{*}GroupMembers")), "queryLocator")
        result = asked(client, 2, told(result, "queryLocator"))

    answer = client.call(f"<queryMore><queryLocator>{members}</queryLocator></queryMore>")

    assert answer.fault[1] == GONE
