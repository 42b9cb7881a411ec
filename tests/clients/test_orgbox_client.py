"""The Python client: what its users see, in either dialect, against a running service."""

from copy import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from steps import group, invitation, sign_in
from zeep.exceptions import Fault

from orgbox_client import ApiFault, Connection, DmlException, SaveResult, connect, quote
from orgbox_client.soap import load_wsdl
from service import Service

DIALECTS = ("enterprise", "partner")


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


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_update_sends_what_was_assigned_and_nothing_empties(
    sf: Connection, nothing: str | None
) -> None:
    sf.insert(group(sf, "Chess", Description="Old", CanHaveGuests=False))
    [chess] = sf.query("SELECT Id, MemberCount, Description FROM CollaborationGroup WHERE Name = 'Chess'")
    chess.Description = nothing
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
