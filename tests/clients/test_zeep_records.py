"""Plain zeep, strict: records in and out, both dialects, old and new versions."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from zeep.exceptions import Fault
from zeep_api import Api, follow, id_of

_numbers = count(1)


def invitation(api: Api, email: str) -> Any:
    return api.record("CollaborationInvitation", SharedEntityId=api.signed_in.userId, InvitedUserEmail=email)


def new_email() -> str:
    return f"new{next(_numbers)}@acme.com"


def new_group(api: Api, **values: str) -> Any:
    return api.record(
        "CollaborationGroup", **{"Name": f"Group {next(_numbers)}", "CollaborationType": "Public", **values}
    )


def codes(results: list[Any]) -> list[str]:
    return [result.errors[0].statusCode if result.errors else "" for result in results]


# records


def test_create_saves_the_good_and_tells_of_the_others(api: Api) -> None:
    saved, refused = api.create(sObjects=[invitation(api, new_email()), invitation(api, "bob@external.com")])

    assert (saved.success, saved.errors, saved.id[:3], len(saved.id)) == (True, [], "0H1", 18)
    assert (refused.success, refused.id) == (False, None)
    [error] = refused.errors
    assert (error.statusCode, error.fields) == ("FIELD_INTEGRITY_EXCEPTION", ["InvitedUserEmail"])
    assert "bob@external.com" in error.message


def test_all_or_none_undoes_the_call(api: Api) -> None:
    email = new_email()

    results = api.create(
        sObjects=[invitation(api, email), invitation(api, "bob@external.com")],
        headers={"AllOrNoneHeader": {"allOrNone": True}},
    )

    assert codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "FIELD_INTEGRITY_EXCEPTION"]
    soql = f"SELECT Id FROM CollaborationInvitation WHERE InvitedUserEmail = '{email}'"
    assert api.query(queryString=soql).size == 0


def test_update_changes_and_empties_fields(api: Api) -> None:
    [made] = api.create(sObjects=[new_group(api, Description="Old")])
    changed = api.record(
        "CollaborationGroup", Id=made.id, InformationTitle="News", fieldsToNull=["Description"]
    )
    inv = api.record("CollaborationInvitation", Id=id_of(api, "CollaborationInvitation", "Status = 'Sent'"))

    results = api.update(sObjects=[changed, inv])

    assert (results[0].success, results[0].id) == (True, made.id)
    assert codes(results) == ["", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"]
    soql = f"SELECT InformationTitle, Description FROM CollaborationGroup WHERE Id = '{made.id}'"
    assert api.fields(api.query(queryString=soql).records[0]) == {"InformationTitle": "News"}


def test_upsert_tells_what_it_created(api: Api) -> None:
    [made] = api.create(sObjects=[new_group(api)])
    known = api.record("CollaborationGroup", Id=made.id, Description="Found")

    results = api.upsert(externalIDFieldName="Id", sObjects=[known, new_group(api)])

    assert [(r.success, r.created) for r in results] == [(True, False), (True, True)]
    assert results[0].id == made.id != results[1].id


def test_delete_answers_for_each_id(api: Api) -> None:
    [made] = api.create(sObjects=[new_group(api)])

    results = api.delete(ids=[made.id, made.id[:-1] + "1"])

    assert [(r.success, r.id) for r in results] == [(True, made.id), (False, None)]
    assert codes(results) == ["", "MALFORMED_ID"]
    assert codes(api.delete(ids=[made.id])) == ["ENTITY_IS_DELETED"]


def test_undelete_refuses_what_has_no_recycle_bin(api: Api) -> None:
    [made] = api.create(sObjects=[new_group(api)])
    api.delete(ids=[made.id])

    [result] = api.undelete(ids=[made.id])

    assert (result.success, result.id) == (False, None)
    assert codes([result]) == ["INVALID_TYPE_FOR_OPERATION"]


def test_empty_recycle_bin_removes_for_good(api: Api) -> None:
    subscription = follow(api)
    api.delete(ids=[subscription])

    [result] = api.emptyRecycleBin(ids=[subscription])

    assert (result.success, result.id, result.errors) == (True, subscription, [])
    assert codes(api.emptyRecycleBin(ids=[subscription])) != [""]


def test_retrieve_answers_in_order_with_nil_for_the_unknown(api: Api) -> None:
    board = id_of(api, "CollaborationGroup", "Name = 'Board'")

    found, missing = api.retrieve(
        fieldList="Name, MemberCount", sObjectType="CollaborationGroup", ids=[board, "0F9zzzzzzzzzzzz"]
    )

    assert (missing.Id, api.fields(missing)) == (None, {})  # what zeep makes of nil
    assert found.Id == board
    count_ = 1 if api.dialect == "enterprise" else "1"
    assert api.fields(found) == {"Name": "Board", "MemberCount": count_}


# query


def test_query_reads_fields_parents_and_nulls(api: Api) -> None:
    result = api.query(
        queryString="SELECT Name, CreatedDate, Description, Owner.Name FROM CollaborationGroup "
        "WHERE Name = 'Board'"
    )

    assert (result.done, result.queryLocator, result.size) == (True, None, 1)
    [board] = result.records
    fields = api.fields(board)
    assert fields["Name"] == "Board"
    assert "Description" not in fields
    created = fields["CreatedDate"]
    when = created if isinstance(created, datetime) else datetime.fromisoformat(created)
    assert abs(datetime.now(UTC) - when) < timedelta(hours=1)
    assert api.fields(api.nested(board, "Owner")) == {"Name": "Alice Archer"}
    assert board.Id is None


def test_query_reads_child_records(api: Api) -> None:
    result = api.query(
        queryString="SELECT Id, (SELECT MemberId FROM GroupMembers) FROM CollaborationGroup "
        "WHERE Name = 'All acme.com'"
    )

    members = api.nested(result.records[0], "GroupMembers")
    assert (members.done, members.size, len(members.records)) == (True, 3, 3)
    assert api.signed_in.userId in [api.fields(member)["MemberId"] for member in members.records]


def test_query_reads_aggregates(api: Api) -> None:
    result = api.query(
        queryString="SELECT CollaborationType, COUNT(Id) n FROM CollaborationGroup "
        "WHERE Name IN ('All acme.com', 'Board') GROUP BY CollaborationType"
    )

    [row] = result.records
    if api.dialect == "partner":
        assert row.type == "AggregateResult"
    assert row._value_1 == ["Private", 2]


def test_query_counts(api: Api) -> None:
    result = api.query(queryString="SELECT COUNT() FROM CollaborationGroup WHERE Name = 'Board'")

    assert (result.done, result.size, result.records) == (True, 1, [])


def test_query_more_leads_through_the_batches(api: Api) -> None:
    soql = (
        "SELECT InvitedUserEmail FROM CollaborationInvitation "
        "WHERE InvitedUserEmail LIKE 'many%' ORDER BY InvitedUserEmail"
    )
    options = {"QueryOptions": {"batchSize": 200}}

    first = api.query(queryString=soql, headers=options)
    second = api.queryMore(queryLocator=first.queryLocator, headers=options)

    assert (first.done, first.size, len(first.records)) == (False, 400, 200)
    assert (second.done, second.size, len(second.records)) == (True, 400, 200)
    assert second.queryLocator is None
    emails = [api.fields(r)["InvitedUserEmail"] for r in first.records + second.records]
    assert emails == [f"many{n:03}@acme.com" for n in range(400)]


def test_search_finds_records(api: Api) -> None:
    found = api.search(searchString="FIND {archer} RETURNING User(Id, Name), CollaborationGroup(Id)")

    [hit] = found.searchRecords
    assert api.fields(hit.record)["Name"] == "Alice Archer"
    assert hit.record.Id == api.signed_in.userId
    assert hasattr(found, "queryId") == (api.version >= 32)
    nothing = api.search(searchString="FIND {nobodyofthatname}")
    assert not (nothing and nothing.searchRecords)


def test_a_malformed_search_is_a_typed_fault(api: Api) -> None:
    with pytest.raises(Fault) as caught:
        api.search(searchString="FIND {archer")

    assert caught.value.code == "sf:MALFORMED_SEARCH"
    assert (api.fault(caught.value).row, api.fault(caught.value).column) == (-1, -1)


def test_an_unknown_locator_is_a_typed_fault(api: Api) -> None:
    with pytest.raises(Fault) as caught:
        api.queryMore(queryLocator="0r8000000000000AAA-200")

    assert caught.value.detail[0].tag.endswith("InvalidQueryLocatorFault")
    assert api.fault(caught.value).exceptionMessage == "invalid query locator"


def test_query_all_finds_what_was_deleted(api: Api) -> None:
    subscription = follow(api)
    api.delete(ids=[subscription])
    soql = f"SELECT IsDeleted FROM EntitySubscription WHERE Id = '{subscription}' LIMIT 1"

    assert api.query(queryString=soql).size == 0
    [found] = api.queryAll(queryString=soql).records

    assert api.fields(found) == {"IsDeleted": True if api.dialect == "enterprise" else "true"}


def test_a_query_fault_tells_its_place(api: Api) -> None:
    with pytest.raises(Fault) as caught:
        api.query(queryString="SELECT Id, Asdf FROM User")

    detail = api.fault(caught.value)
    assert caught.value.code == "sf:INVALID_FIELD"
    assert caught.value.message == f"INVALID_FIELD: {detail.exceptionMessage}"
    assert (detail.exceptionCode, detail.row, detail.column) == ("INVALID_FIELD", 1, 12)
    assert "\nERROR at Row:1:Column:12\nNo such column 'Asdf' on entity 'User'." in detail.exceptionMessage
