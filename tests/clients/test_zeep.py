"""Plain zeep, strict, on the WSDLs the service hands out: every call, both dialects, old and new versions.

What zeep parsed is looked at; the service's answers are judged by the WSDL's schemas besides. Calls that
read and write records are in test_zeep_records.py.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from zeep.exceptions import Fault
from zeep_api import PATHS, Api, follow

from orgbox.soap.registry import HANDLERS
from service import PASSWORD

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
    files = Path(__file__).parent.glob("test_zeep*.py")
    tried = {name for path in files for name in re.findall(r"\.(\w+)\(", path.read_text("utf-8"))}

    assert set(HANDLERS) <= tried
