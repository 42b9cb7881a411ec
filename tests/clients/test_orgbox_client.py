"""The Python client: what its users see, in either dialect, against a running service."""

from collections.abc import Iterator
from copy import copy
from datetime import UTC, date, datetime
from typing import Any

import pytest
from zeep.exceptions import Fault

from orgbox_client import ApiFault, Connection, DmlException, Record, SaveResult, connect, quote
from orgbox_client.soap import load_wsdl
from orgbox_client.values import decode, encode
from service import PASSWORD, Service

DIALECTS = ("enterprise", "partner")


@pytest.fixture(params=DIALECTS)
def sf(request: pytest.FixtureRequest, service: Service) -> Iterator[Connection]:
    """Alice's connection to a fresh service."""
    with sign_in(service, dialect=request.param) as connection:
        yield connection


def sign_in(service: Service, username: str = "alice@acme.com", **options: Any) -> Connection:
    return connect(service.url, username, PASSWORD, **options)


def group(sf: Connection, name: str, **values: Any) -> Record:
    return sf.new("CollaborationGroup", Name=name, CollaborationType="Public", **values)


def invitation(sf: Connection, email: str) -> Record:
    return sf.new("CollaborationInvitation", SharedEntityId=sf.user_id, InvitedUserEmail=email)


@pytest.mark.parametrize("version", ["21.0", "31.0", "48.0", "66.0"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_inserted_record_gets_its_id_and_is_found(shared: Service, dialect: Any, version: str) -> None:
    email = f"new.{dialect}.{version}@acme.com"
    with sign_in(shared, version=version, dialect=dialect) as sf:
        inv = sf.new("CollaborationInvitation")
        inv.SharedEntityId = sf.user_id
        inv.InvitedUserEmail = email
        [result] = sf.insert(inv)

        found = sf.query(f"SELECT Status, InviterId FROM CollaborationInvitation WHERE Id = {quote(inv.Id)}")

        assert result == SaveResult(inv.Id, True)
        assert inv.Id.startswith("0H1") and len(inv.Id) == 18
        assert [dict(r) for r in found] == [{"Status": "Sent", "InviterId": sf.user_id}]


QUERIES = """
SELECT Id, Name, Description, CanHaveGuests, MemberCount, CreatedDate FROM CollaborationGroup ORDER BY Name
SELECT Name, Owner.Name, CreatedBy.Profile.Name, CreatedBy.ManagerId FROM CollaborationGroup ORDER BY Name
SELECT Name, (SELECT Id, Member.Name FROM GroupMembers ORDER BY Member.Name) FROM CollaborationGroup
SELECT Username, Manager.Name, Latitude, LastLoginDate, Address FROM User WHERE Username LIKE 'm%'
SELECT CollaborationType, COUNT(Id), MAX(CreatedDate), SUM(MemberCount) total FROM CollaborationGroup \
GROUP BY CollaborationType ORDER BY CollaborationType
SELECT Parent.Name, SubscriberId FROM EntitySubscription LIMIT 10
SELECT toLabel(CollaborationType) FROM CollaborationGroup ORDER BY Name
SELECT COUNT() FROM User
SELECT Id FROM User WHERE Username = 'nobody'
"""


def plain(value: object) -> object:
    """Records and lists of them as dictionaries and lists."""
    if isinstance(value, Record):
        return {value.sobject_type: {name: plain(value[name]) for name in value}}
    return value if isinstance(value, str) or not hasattr(value, "__iter__") else [plain(v) for v in value]


@pytest.mark.parametrize("soql", QUERIES.strip().splitlines())
def test_records_are_the_same_in_both_dialects(shared: Service, soql: str) -> None:
    with sign_in(shared) as enterprise, sign_in(shared, dialect="partner") as partner:
        found, also = enterprise.query(soql), partner.query(soql)

        assert found.size == also.size
        assert plain(found) == plain(also)


def test_values_have_the_types_of_their_fields(sf: Connection) -> None:
    [found] = sf.query(
        "SELECT Id, CanHaveGuests, MemberCount, CreatedDate, AnnouncementId, Owner.Username"
        " FROM CollaborationGroup WHERE Name = 'All acme.com'"
    )

    assert found.sobject_type == "CollaborationGroup"
    assert found.CanHaveGuests is True
    assert found.MemberCount == 3
    assert found.AnnouncementId is None
    assert (datetime.now(UTC) - found.CreatedDate).total_seconds() < 3600
    assert found.Owner.sobject_type == "User"
    assert found.Owner.Username == "alice@acme.com"


def test_children_are_a_result_of_their_own(sf: Connection) -> None:
    soql = "SELECT Name, (SELECT MemberId, CollaborationRole FROM GroupMembers) FROM CollaborationGroup"

    everyone, board = sf.query(f"{soql} WHERE Name IN ('All acme.com', 'Board') ORDER BY Name")

    assert everyone.GroupMembers.size == 3
    assert sorted(m.CollaborationRole for m in everyone.GroupMembers) == ["Admin", "Admin", "Standard"]
    assert [m.MemberId for m in board.GroupMembers] == [sf.user_id]
    assert (board.GroupMemberRequests.size, list(board.GroupMemberRequests)) == (0, [])


def test_an_aggregate_is_found_by_its_alias_or_position(sf: Connection) -> None:
    found = sf.query(
        "SELECT CollaborationType, COUNT(Id) n, MIN(Name) FROM CollaborationGroup GROUP BY CollaborationType"
    )

    rows = {row.CollaborationType: (row.n, row.expr0) for row in found}

    assert rows == {"Private": (2, "All acme.com"), "Public": (1, "Engineering")}


def test_an_alias_of_the_query_is_an_attribute(shared: Service) -> None:
    with sign_in(shared, dialect="partner") as sf:
        [found] = sf.query("SELECT FORMAT(CreatedDate) made FROM CollaborationGroup WHERE Name = 'Board'")

        assert isinstance(found.made, str) and list(found) == ["made"]


def test_the_parts_of_an_address_are_attributes(service: Service) -> None:
    with sign_in(service, "admin@acme.com") as admin, sign_in(service, dialect="partner") as partner:
        [user] = admin.query("SELECT Id FROM User WHERE Username = 'sam@acme.com'")
        user.City, user.Latitude = "Oslo", 59.91
        admin.update(user)
        soql = f"SELECT Address FROM User WHERE Id = '{user.Id}'"

        for found in (admin.query(soql)[0], partner.query(soql)[0]):
            assert (found.Address.city, found.Address.latitude) == ("Oslo", 59.91)


def test_names_are_taken_in_any_case_and_checked(sf: Connection) -> None:
    inv = sf.new("collaborationinvitation", sharedentityid=sf.user_id)

    assert inv.sobject_type == "CollaborationInvitation"
    assert inv.SharedEntityId == inv["SHAREDENTITYID"] == sf.user_id
    with pytest.raises(AttributeError, match=r"no field InvitedEmail\. Did you mean InvitedUserEmail\?"):
        inv.InvitedEmail = "bob@acme.com"
    with pytest.raises(AttributeError, match="CollaborationInvitation has no field Xyz"):
        _ = inv.Xyz
    with pytest.raises(AttributeError, match="CreatedBy"):
        inv.CreatedBy = inv
    with pytest.raises(KeyError, match="Xyz"):
        inv["Xyz"] = 1
    with pytest.raises(ApiFault, match="INVALID_TYPE: sObject type 'Invitation' is not supported"):
        sf.new("Invitation")


def test_a_refused_record_raises_what_apex_raises(sf: Connection) -> None:
    refused = invitation(sf, "bob@external.com")
    records = [invitation(sf, "new@acme.com"), refused]

    with pytest.raises(DmlException) as caught:
        sf.insert(records)

    [error] = caught.value.errors
    assert (error.row, error.id, error.status_code) == (1, None, "FIELD_INTEGRITY_EXCEPTION")
    assert caught.value.status_code == error.status_code
    assert caught.value.message == error.message and "bob@external.com" in error.message
    assert caught.value.fields == ("InvitedUserEmail",)
    assert str(caught.value) == (
        "Insert failed. First exception on row 1; first error: "
        f"FIELD_INTEGRITY_EXCEPTION, {error.message}: [InvitedUserEmail]"
    )
    assert [r.Id for r in records] == [None, None]
    assert sf.query("SELECT COUNT() FROM CollaborationInvitation").size == 0


def test_without_all_or_none_the_good_records_are_saved(sf: Connection) -> None:
    good, refused = invitation(sf, "new@acme.com"), invitation(sf, "bob@external.com")

    results = sf.insert([good, refused], all_or_none=False)

    assert [r.success for r in results] == [True, False]
    assert [e.status_code for e in results[1].errors] == ["FIELD_INTEGRITY_EXCEPTION"]
    assert refused.Id is None
    assert [r.Id for r in sf.query("SELECT Id FROM CollaborationInvitation")] == [good.Id]


def test_an_update_sends_what_was_assigned_and_none_empties(sf: Connection) -> None:
    sf.insert(group(sf, "Chess", Description="Old", CanHaveGuests=False))
    [chess] = sf.query("SELECT Id, MemberCount, Description FROM CollaborationGroup WHERE Name = 'Chess'")
    chess.Description = None
    chess.IsArchived = True

    sf.update(chess)

    [read] = sf.retrieve("Name, Description, IsArchived", "CollaborationGroup", chess.Id)
    assert read is not None
    assert dict(read) == {"Id": chess.Id, "Name": "Chess", "IsArchived": True}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_values_of_every_kind_are_saved(shared: Service, dialect: Any) -> None:
    with sign_in(shared, "admin@acme.com", dialect=dialect) as sf:
        permissions = sf.new(
            "PermissionSet", Name=f"Test_{dialect}", Label="Test", PermissionsApiEnabled=True
        )
        sf.insert(permissions)
        assigned = sf.new("PermissionSetAssignment", AssigneeId=sf.user_id, PermissionSetId=permissions.Id)
        assigned.ExpirationDate = datetime(2099, 5, 4, 3, 2, 1)
        sf.insert(assigned)

        [found] = sf.query(
            "SELECT ExpirationDate, PermissionSet.PermissionsApiEnabled, PermissionSet.Label "
            f"FROM PermissionSetAssignment WHERE Id = {quote(assigned.Id)}"
        )

        assert found.ExpirationDate == datetime(2099, 5, 4, 3, 2, 1, tzinfo=UTC)
        assert dict(found.PermissionSet) == {"PermissionsApiEnabled": True, "Label": "Test"}


def test_a_copied_record_goes_its_own_way(sf: Connection) -> None:
    [board] = sf.query("SELECT Id, Name, Owner.Name FROM CollaborationGroup WHERE Name = 'Board'")

    copied = copy(board)

    assert copied == board and copied.Owner.Name == "Alice Archer"
    copied.Name = "Panel"
    assert board.Name == "Board" and copied != board


def test_upsert_finds_records_by_id_or_key(sf: Connection) -> None:
    sf.insert(group(sf, "Chess"))

    results = sf.upsert([group(sf, "Chess", Description="Moves"), group(sf, "Go")], key="Name")

    assert [(r.success, r.created) for r in results] == [(True, False), (True, True)]
    go = sf.query("SELECT Id FROM CollaborationGroup WHERE Name = 'Go'")[0]
    go.Description = "Stones"
    assert [r.created for r in sf.upsert(go)] == [False]
    read = sf.retrieve(["Description"], "CollaborationGroup", [r.id for r in results if r.id])
    assert [r and r.Description for r in read] == ["Moves", "Stones"]


def test_records_are_deleted_by_record_or_id(sf: Connection) -> None:
    chess, go = group(sf, "Chess"), group(sf, "Go")
    sf.insert([chess, go])

    assert [r.id for r in sf.delete([chess, go.Id])] == [chess.Id, go.Id]

    assert sf.retrieve("Id", "CollaborationGroup", [chess.Id, go.Id]) == [None, None]
    with pytest.raises(DmlException) as caught:
        sf.delete(chess)
    assert str(caught.value) == (
        f"Delete failed. First exception on row 0 with id {chess.Id}; "
        "first error: ENTITY_IS_DELETED, entity is deleted: []"
    )
    [refused] = sf.undelete(chess, all_or_none=False)
    assert [e.status_code for e in refused.errors] == ["INVALID_TYPE_FOR_OPERATION"]


def test_a_deleted_record_is_seen_on_request_and_comes_back(sf: Connection) -> None:
    mia = sf.query("SELECT Id FROM User WHERE Username = 'mia@acme.com'")[0].Id
    follow = sf.new("EntitySubscription", ParentId=mia, SubscriberId=sf.user_id)
    sf.insert(follow)
    sf.delete(follow)
    soql = "SELECT Id, IsDeleted FROM EntitySubscription LIMIT 10"

    assert list(sf.query(soql)) == []
    assert [(r.Id, r.IsDeleted) for r in sf.query(soql, deleted=True)] == [(follow.Id, True)]


def test_a_query_fetches_its_batches_as_they_are_wanted(sf: Connection) -> None:
    for start in (0, 200):
        sf.insert([invitation(sf, f"n{n:03}@acme.com") for n in range(start, start + 200)])
    sf.insert(invitation(sf, "n400@acme.com"))
    soql = "SELECT InvitedUserEmail FROM CollaborationInvitation ORDER BY InvitedUserEmail"

    found = sf.query(soql, batch_size=200)

    assert (found.size, len(found), found.done) == (401, 401, False)
    assert found[199].InvitedUserEmail == "n199@acme.com" and not found.done
    assert found[400].InvitedUserEmail == found[-1].InvitedUserEmail == "n400@acme.com"
    assert [r.InvitedUserEmail for r in found] == [f"n{n:03}@acme.com" for n in range(401)]
    assert [r.InvitedUserEmail for r in found[1:3]] == ["n001@acme.com", "n002@acme.com"]
    with pytest.raises(IndexError):
        _ = found[401]


def test_count_is_told_by_size_alone(sf: Connection) -> None:
    found = sf.query("SELECT COUNT() FROM User")

    assert (found.size, len(found), list(found)) == (5, 0, [])


def test_a_fault_tells_code_message_and_place(sf: Connection) -> None:
    with pytest.raises(ApiFault) as caught:
        sf.query("SELECT Id, Asdf FROM User")

    fault = caught.value
    assert (fault.exception_code, fault.row, fault.column) == ("INVALID_FIELD", 1, 12)
    assert "No such column 'Asdf' on entity 'User'." in fault.message
    assert str(fault) == f"INVALID_FIELD: {fault.message}"


def test_a_fault_of_zeeps_own_reading_is_the_same_kind(sf: Connection) -> None:
    with pytest.raises(ApiFault) as caught:
        sf.call("setPassword", userId="005000000000000AAA", password="short")

    assert caught.value.exception_code == "INVALID_ID_FIELD"
    assert (caught.value.row, caught.value.column) == (None, None)


def test_a_fault_without_detail_goes_by_its_faultcode() -> None:
    fault = ApiFault.of(Fault("no such call", code="soapenv:Client"))

    assert (fault.exception_code, fault.message) == ("Client", "no such call")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_wrong_password_is_a_login_fault(shared: Service, dialect: Any) -> None:
    with pytest.raises(ApiFault) as caught:
        connect(shared.url, "carl@acme.com", "wrong", dialect=dialect)

    assert caught.value.exception_code == "INVALID_LOGIN"


def test_retrieve_keeps_the_order_and_tells_what_is_not_there(sf: Connection) -> None:
    first, second, *_ = sf.query("SELECT Id, Name FROM CollaborationGroup ORDER BY Name")
    unknown = "0F9000000000000"

    read = sf.retrieve(["Name"], "CollaborationGroup", [second.Id, unknown, first.Id])

    assert read == [second, None, first]


def test_a_description_is_fetched_once(sf: Connection) -> None:
    described = sf.describe("CollaborationInvitation")

    assert described.keyPrefix == "0H1"
    assert sf.describe("collaborationinvitation") is described


def test_any_other_call_goes_by_its_own_name(sf: Connection) -> None:
    assert sf.call("getServerTimestamp").timestamp.year >= 2024
    assert sf.call("describeSObjects", sObjectType=["User", "Profile"])[1].name == "Profile"


def test_leaving_the_block_ends_one_session_and_logout_all(service: Service) -> None:
    with sign_in(service) as outer:
        with sign_in(service) as inner:
            assert inner.session_id != outer.session_id
        assert session_works(service, outer)
        assert not session_works(service, inner)

        with sign_in(service) as third:
            third.logout()
        assert not session_works(service, outer)


def session_works(service: Service, connection: Connection) -> bool:
    client = service.client()
    client.session_id = connection.session_id
    return client.call("<getUserInfo/>").status == 200


def test_the_wsdl_is_loaded_once_in_a_process(service: Service) -> None:
    with sign_in(service, version="60.0"), sign_in(service, "mia@acme.com", version="60.0"):
        loaded = load_wsdl.cache_info()
        with sign_in(service, "sam@acme.com", version="60.0"):
            assert load_wsdl.cache_info().misses == loaded.misses


@pytest.mark.parametrize("name", ["O'Brien", r"back\slash", 'say "hi"', "Ünïcödé %_"])
def test_a_quoted_text_is_found_whatever_is_in_it(sf: Connection, name: str) -> None:
    sf.insert(group(sf, name))

    [found] = sf.query(f"SELECT Name FROM CollaborationGroup WHERE Name = {quote(name)}")

    assert found.Name == name


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (None, "null"),
        (True, "true"),
        (7, "7"),
        ("tab\tand\nline", r"'tab\tand\nline'"),
        (date(2026, 5, 4), "2026-05-04"),
        (datetime(2026, 5, 4, 3, 2, 1, 9000), "2026-05-04T03:02:01.009Z"),
        (["a", "b'c"], r"('a', 'b\'c')"),
    ],
)
def test_quote_writes_literals(value: object, literal: str) -> None:
    assert quote(value) == literal


@pytest.mark.parametrize(
    ("text", "type_name"),
    [
        ("true", "boolean"),
        ("-3", "int"),
        ("4.5", "double"),
        ("2026-05-04", "date"),
        ("2026-05-04T03:02:01.009Z", "dateTime"),
        ("03:02:01.000Z", "time"),
        ("AAH/", "base64Binary"),
        (" text ", "string"),
    ],
)
def test_a_value_read_is_written_as_it_was(text: str, type_name: str) -> None:
    value = decode(text, type_name)

    assert encode(value) == text
    assert isinstance(value, str) == (type_name == "string")


def test_what_no_field_can_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="no field holds object"):
        quote(object())
