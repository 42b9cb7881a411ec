"""Plain zeep, strict, on the WSDLs the service hands out: every call, both dialects, old and new versions.

What zeep parsed is looked at; the service's answers are judged by the WSDL's schemas besides.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import zeep
from zeep.exceptions import Fault
from zeep_api import PATHS, Api

from orgbox.soap.registry import HANDLERS
from service import PASSWORD, Service, start_service

VERSIONS = (21, 31, 44, 58, 66)
DIALECTS = ("enterprise", "partner")
_numbers = count(1)


@pytest.fixture(scope="module")
def zeep_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of this file's own, since its tests leave users and records behind."""
    started = start_service(tmp_path_factory.mktemp("zeep"))
    sender = started.client("alice@acme.com")
    for start in (0, 200):
        emails = [f"many{n:03}@acme.com" for n in range(start, start + 200)]
        invited = [{"SharedEntityId": sender.user_id, "InvitedUserEmail": email} for email in emails]
        assert sender.create("CollaborationInvitation", *invited).texts("success") == ["true"] * 200
    yield started
    started.stop()


@pytest.fixture(scope="module")
def zeep_clients(zeep_service: Service) -> Iterator[dict[tuple[str, int], zeep.Client]]:
    """A client for each dialect and version."""
    settings = zeep.Settings(strict=True)
    made = {}
    for dialect in DIALECTS:
        for version in VERSIONS:
            wsdl = f"{zeep_service.url}/services/Soap/{PATHS[dialect]}/{version}.0?wsdl"
            made[dialect, version] = zeep.Client(wsdl, settings=settings)
    yield made
    for client in made.values():
        client.transport.session.close()


@pytest.fixture(params=[(d, v) for v in VERSIONS for d in DIALECTS], ids=lambda p: f"{p[0]}-{p[1]}")
def anyone(request: pytest.FixtureRequest, zeep_service: Service, zeep_clients: Any) -> Iterator[Api]:
    """A client of each dialect and version, not signed in; what it was answered has to be valid."""
    zeep_service.judge.wrong.clear()
    dialect, version = request.param
    yield Api(zeep_clients[dialect, version], zeep_service.url, dialect, version)
    assert not zeep_service.judge.wrong, "\n\n".join(zeep_service.judge.wrong)


@pytest.fixture
def api(anyone: Api) -> Api:
    """Alice, who owns the groups."""
    anyone.login_as("alice@acme.com", PASSWORD)
    return anyone


@pytest.fixture
def admin(anyone: Api) -> Api:
    """The administrator."""
    anyone.login_as("admin@acme.com", PASSWORD)
    return anyone


@pytest.fixture
def newcomer(admin: Api) -> tuple[str, str]:
    """Id and name of a new user, who has no password yet."""
    name = f"user{next(_numbers)}@acme.com"
    profile = admin.query(queryString="SELECT Id FROM Profile WHERE Name = 'Standard User'").records[0]
    user = admin.record(
        "User", Username=name, Email=name, LastName="New", Alias="new", ProfileId=profile.Id,
        TimeZoneSidKey="Europe/Oslo", LocaleSidKey="no_NO", LanguageLocaleKey="no",
        EmailEncodingKey="UTF-8",
    )  # fmt: skip
    [saved] = admin.create(sObjects=[user])
    assert saved.success, saved
    return saved.id, name


def invitation(api: Api, email: str) -> Any:
    return api.record("CollaborationInvitation", SharedEntityId=api.signed_in.userId, InvitedUserEmail=email)


def new_email() -> str:
    return f"new{next(_numbers)}@acme.com"


def new_group(api: Api, **values: str) -> Any:
    return api.record(
        "CollaborationGroup", **{"Name": f"Group {next(_numbers)}", "CollaborationType": "Public", **values}
    )


def id_of(api: Api, sobject: str, where: str) -> Any:
    return api.query(queryString=f"SELECT Id FROM {sobject} WHERE {where}").records[0].Id


def follow(api: Api) -> str:
    """Follow another user, after no longer following anyone; returns the Id of the subscription."""
    mia = id_of(api, "User", "Username = 'mia@acme.com'")
    for old in api.query(queryString="SELECT Id FROM EntitySubscription LIMIT 100").records:
        api.delete(ids=[old.Id])
    made = api.record("EntitySubscription", ParentId=mia, SubscriberId=api.signed_in.userId)
    [saved] = api.create(sObjects=[made])
    assert saved.success, saved
    return str(saved.id)


def codes(results: list[Any]) -> list[str]:
    return [result.errors[0].statusCode if result.errors else "" for result in results]


# signing in and out


def test_login_tells_who_signed_in_and_where_to_go(anyone: Api) -> None:
    result = anyone.login(username="alice@acme.com", password=PASSWORD)

    path = f"/services/Soap/{PATHS[anyone.dialect]}/{anyone.version}.0/00D00e000000001"
    assert result.serverUrl == anyone.url + path
    assert result.metadataServerUrl == anyone.url + f"/services/Soap/m/{anyone.version}.0/00D00e000000001"
    assert re.fullmatch(r"00D00e000000001![A-Za-z0-9._]{96}", result.sessionId)
    assert (result.passwordExpired, result.sandbox) == (False, False)
    assert result.userId == result.userInfo.userId
    assert result.userInfo.userName == "alice@acme.com"
    assert result.userInfo.sessionSecondsValid == 7200
    assert hasattr(result.userInfo, "orgDefaultCurrencyLocale") == (anyone.version >= 38)
    assert hasattr(result.userInfo, "chatterExternal") == (anyone.version >= 40)


def test_a_wrong_password_is_a_typed_fault(anyone: Api) -> None:
    with pytest.raises(Fault) as caught:
        anyone.login(username="carl@acme.com", password="wrong")

    assert caught.value.code == "sf:INVALID_LOGIN"
    assert caught.value.detail[0].tag == f"{{urn:fault.{anyone.dialect}.soap.sforce.com}}LoginFault"
    detail = anyone.fault(caught.value)
    assert detail.exceptionCode == "INVALID_LOGIN"
    assert detail.exceptionMessage == "Invalid username, password, security token; or user locked out."


def test_get_user_info_tells_about_the_caller(api: Api) -> None:
    info = api.getUserInfo()

    assert (info.userFullName, info.userEmail) == ("Alice Archer", "alice@acme.com")
    assert (info.organizationId, info.organizationName) == ("00D00e000000001EAA", "Acme")
    assert (info.userTimeZone, info.userType) == ("America/Los_Angeles", "Standard")
    assert info.roleId is None


def test_logout_ends_the_session(admin: Api, newcomer: tuple[str, str]) -> None:
    user_id, name = newcomer
    admin.setPassword(userId=user_id, password="secret12")
    admin.login_as(name, "secret12")

    assert admin.logout() is None

    with pytest.raises(Fault) as caught:
        admin.getUserInfo()
    assert caught.value.code == "sf:INVALID_SESSION_ID"
    message = admin.fault(caught.value).exceptionMessage
    assert message.startswith("Invalid Session ID found in SessionHeader: Illegal Session. Session not found")


def test_invalidate_sessions_ends_those_it_finds(api: Api) -> None:
    ended = api.login(username="alice@acme.com", password=PASSWORD).sessionId

    found, unknown = api.invalidateSessions(sessionIds=[ended, "00D00e000000001!unknown"])

    assert (found.success, found.errors) == (True, [])
    assert (unknown.success, unknown.errors[0].message) == (False, "Session not found")


def test_set_password_lets_a_user_sign_in(admin: Api, newcomer: tuple[str, str]) -> None:
    user_id, name = newcomer

    admin.setPassword(userId=user_id, password="secret12")

    assert admin.login(username=name, password="secret12").userId == user_id
    with pytest.raises(Fault) as caught:
        admin.setPassword(userId=user_id, password="secret12")
    assert admin.fault(caught.value).exceptionCode == "INVALID_NEW_PASSWORD"


def test_reset_password_makes_one_that_must_be_changed(admin: Api, newcomer: tuple[str, str]) -> None:
    user_id, name = newcomer

    result = admin.resetPassword(userId=user_id)

    password = getattr(result, "password", result)  # zeep unwraps it where the WSDL binds no header
    assert admin.login_as(name, password).passwordExpired is True
    with pytest.raises(Fault) as caught:
        admin.getUserInfo()
    assert caught.value.code == "sf:INVALID_OPERATION_WITH_EXPIRED_PASSWORD"


def test_change_own_password_asks_for_the_old_one(admin: Api, newcomer: tuple[str, str]) -> None:
    user_id, name = newcomer
    admin.setPassword(userId=user_id, password="secret12")
    admin.login_as(name, "secret12")
    if admin.version < 40:
        with pytest.raises(AttributeError, match="changeOwnPassword"):
            admin.changeOwnPassword(oldPassword="secret12", newPassword="secret34")
        return

    admin.changeOwnPassword(oldPassword="secret12", newPassword="secret34")

    assert admin.login(username=name, password="secret34").passwordExpired is False
    with pytest.raises(Fault) as caught:
        admin.changeOwnPassword(oldPassword="wrong", newPassword="secret56")
    assert caught.value.detail[0].tag.endswith("InvalidOldPasswordFault")
    assert admin.fault(caught.value).exceptionCode == "INVALID_OLD_PASSWORD"


# describe


def test_describe_global_lists_the_objects_of_the_version(api: Api) -> None:
    result = api.describeGlobal()

    assert (result.encoding, result.maxBatchSize) == ("UTF-8", 200)
    known = {s.name: s for s in result.sobjects}
    assert list(known) == sorted(known)
    assert ("PermissionSet" in known) == (api.version >= 22)
    invitations = known["CollaborationInvitation"]
    assert (invitations.keyPrefix, invitations.label) == ("0H1", "Chatter Invitation")
    assert (invitations.createable, invitations.updateable, invitations.queryable) == (True, False, True)
    assert hasattr(invitations, "idEnabled") == (api.version >= 35)


def test_describe_sobject_tells_fields_and_their_properties(api: Api) -> None:
    result = api.describeSObject(sObjectType="CollaborationInvitation")

    fields = {f.name: f for f in result.fields}
    assert result.keyPrefix == "0H1"
    assert [(p.value, p.active) for p in fields["Status"].picklistValues] == [
        ("Sent", True), ("Accepted", True), ("Canceled", True),
    ]  # fmt: skip
    email = fields["InvitedUserEmail"]
    assert (email.type, email.soapType, email.length, email.byteLength) == ("string", "xsd:string", 240, 720)
    assert (email.createable, email.updateable, email.nillable) == (True, False, False)
    assert sorted(fields["SharedEntityId"].referenceTo) == ["CollaborationGroup", "User"]
    assert fields["SharedEntityId"].soapType == "tns:ID"
    assert hasattr(email, "aggregatable") == (api.version >= 36)


def test_describe_sobjects_keeps_the_order(api: Api) -> None:
    group, user = api.describeSObjects(sObjectType=["CollaborationGroup", "User"])

    assert (group.name, user.name) == ("CollaborationGroup", "User")
    assert ("CanHaveGuests" in [f.name for f in group.fields]) == (api.version >= 23)
    assert "GroupMembers" in [r.relationshipName for r in group.childRelationships]


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


# what changed


def test_get_server_timestamp_is_the_time(api: Api) -> None:
    result = api.getServerTimestamp()

    # zeep unwraps it where the WSDL binds no header
    moment = result if isinstance(result, datetime) else result.timestamp
    assert abs(moment - datetime.now(UTC)) < timedelta(minutes=1)


def test_get_updated_and_get_deleted_tell_what_changed(api: Api) -> None:
    removed, live = follow(api), follow(api)
    now = datetime.now(UTC)
    span = {"startDate": now - timedelta(minutes=30), "endDate": now + timedelta(minutes=30)}

    updated = api.getUpdated(sObjectType="EntitySubscription", **span)
    deleted = api.getDeleted(sObjectType="EntitySubscription", **span)

    assert live in updated.ids and removed not in updated.ids
    assert updated.latestDateCovered > span["startDate"]
    when = {record.id: record.deletedDate for record in deleted.deletedRecords}
    assert live not in when and abs(when[removed] - now) < timedelta(hours=1)
    assert deleted.earliestDateAvailable <= deleted.latestDateCovered


# headers


def test_the_limit_info_header_comes_with_the_versions_that_know_it(api: Api) -> None:
    api.getUserInfo()

    if api.version < 29:
        assert api.header is None
        return
    [limit] = api.header.LimitInfoHeader.limitInfo
    assert (limit.type, limit.limit) == ("API REQUESTS", 15000)
    assert 0 < limit.current < limit.limit


def test_every_call_is_tried_here() -> None:
    tried = set(re.findall(r"\.(\w+)\(", Path(__file__).read_text("utf-8")))

    assert set(HANDLERS) <= tried
