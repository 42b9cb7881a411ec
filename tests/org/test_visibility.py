"""What users with nothing but Chatter see, and who may change the setup."""

import pytest

from service import Client, Service

UNKNOWN = "sObject type 'Profile' is not supported."


def test_a_chatter_free_user_sees_people_and_groups_but_no_setup(service: Service) -> None:
    carl = service.client("carl@acme.com")

    assert set(carl.call("<describeGlobal/>").texts("name")) == {
        "CollaborationGroup", "CollaborationGroupMember", "CollaborationGroupMemberRequest",
        "CollaborationInvitation", "EntitySubscription", "Organization", "User",
    }  # fmt: skip
    assert carl.query("SELECT Name FROM User").text("size") == "5"
    assert carl.query("SELECT Name FROM CollaborationGroup").text("size") == "3"
    assert UNKNOWN in (carl.query("SELECT Id FROM Profile").fault[1] or "")
    assert "Didn't understand relationship 'Profile'" in (
        carl.query("SELECT Profile.Name FROM User").fault[1] or ""
    )
    assert UNKNOWN in (
        carl.call("<describeSObjects><sObjectType>Profile</sObjectType></describeSObjects>").fault[1] or ""
    )


def test_hidden_records_cannot_be_retrieved_or_deleted_by_their_id(service: Service) -> None:
    carl, admin = service.client("carl@acme.com"), service.client("admin@acme.com")
    profile = admin.query("SELECT Id FROM Profile LIMIT 1").texts("Id")[0]

    fetched = carl.call(
        f"<retrieve><fieldList>Id</fieldList><sObjectType>Profile</sObjectType><ids>{profile}</ids></retrieve>"
    )
    deleted = carl.call(f"<delete><ids>{profile}</ids></delete>")

    assert fetched.fault[0] == "sf:INVALID_TYPE"
    assert deleted.text("statusCode") == "INVALID_CROSS_REFERENCE_KEY"


@pytest.mark.parametrize("sobject", ["PermissionSet", "PermissionSetAssignment", "UserRole"])
def test_only_those_who_manage_users_change_the_setup(service: Service, sobject: str) -> None:
    sam, admin = service.client("sam@acme.com"), service.client("admin@acme.com")
    made = admin.create("PermissionSet", {"Name": "Extra", "Label": "Extra"}).text("id") or ""
    records = {
        "PermissionSet": {"Name": "Mine", "Label": "Mine", "PermissionsModifyAllData": "true"},
        "PermissionSetAssignment": {"PermissionSetId": made, "AssigneeId": sam.user_id},
        "UserRole": {"Name": "Boss", "OpportunityAccessForAccountOwner": "Edit"},
    }

    refused = sam.create(sobject, records[sobject])

    assert refused.text("statusCode") == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert sam.call(f"<delete><ids>{made}</ids></delete>").text("statusCode") == (
        "INSUFFICIENT_ACCESS_OR_READONLY"
    )
    assert admin.create(sobject, records[sobject]).text("success") == "true"


def test_a_permission_set_adds_to_what_the_profile_gives(service: Service) -> None:
    sam, admin = service.client("sam@acme.com"), service.client("admin@acme.com")
    group = sam.query("SELECT Id FROM CollaborationGroup WHERE Name = 'Engineering'").texts("Id")[0] or ""
    change = f"<update>{sam.record('CollaborationGroup', {'Id': group, 'Description': 'Mine'})}</update>"
    assert sam.call(change).text("statusCode") == "INSUFFICIENT_ACCESS_OR_READONLY"

    granted = {"Name": "All", "Label": "All", "PermissionsModifyAllData": "true"}
    made = admin.create("PermissionSet", granted).text("id") or ""
    admin.create("PermissionSetAssignment", {"PermissionSetId": made, "AssigneeId": sam.user_id})

    assert sam.call(change).text("success") == "true"


def test_a_customer_sees_only_his_groups_and_the_people_in_them(service: Service) -> None:
    admin = service.client("admin@acme.com")
    carla, group = customer(admin)

    assert carla.query("SELECT Name FROM CollaborationGroup").texts("Name") == []
    assert carla.query("SELECT Username FROM User").texts("Username") == ["carla@guest.acme.com"]
    admin.create("CollaborationGroupMember", {"CollaborationGroupId": group, "MemberId": carla.user_id})

    assert carla.query("SELECT Name FROM CollaborationGroup").texts("Name") == ["All acme.com"]
    assert carla.query("SELECT COUNT() FROM User").text("size") == "4"
    assert carla.query("SELECT Id, (SELECT Id FROM GroupMembers) FROM CollaborationGroup").status == 200


def test_replication_tells_a_customer_of_the_people_in_his_groups_alone(service: Service) -> None:
    admin = service.client("admin@acme.com")
    carla, group = customer(admin)
    span = "<startDate>2020-01-01T00:00:00Z</startDate><endDate>2999-01-01T00:00:00Z</endDate>"
    changed = f"<getUpdated><sObjectType>User</sObjectType>{span}</getUpdated>"

    assert carla.call(changed).texts("ids") == [carla.user_id]
    assert len(admin.call(changed).texts("ids")) == 6
    admin.create("CollaborationGroupMember", {"CollaborationGroupId": group, "MemberId": carla.user_id})
    assert len(carla.call(changed).texts("ids")) == 4


def test_an_unlisted_group_is_seen_by_its_members_and_by_those_who_manage_such_groups(
    service: Service,
) -> None:
    alice, mia, admin = (service.client(f"{n}@acme.com") for n in ("alice", "mia", "admin"))
    made = alice.create("CollaborationGroup", {"Name": "Secret", "CollaborationType": "Unlisted"}).text("id")
    text = f"SELECT Name, (SELECT Id FROM GroupMembers) FROM CollaborationGroup WHERE Id = '{made}'"
    members = f"SELECT Id FROM CollaborationGroupMember WHERE CollaborationGroupId = '{made}'"

    assert [c.query(members).text("size") for c in (alice, mia, admin)] == ["1", "0", "1"]
    assert [c.query(text).texts("Name") for c in (alice, mia, admin)] == [["Secret"], [], ["Secret"]]


def test_a_request_to_join_is_seen_by_who_made_it_and_who_runs_the_group(service: Service) -> None:
    people = {name: service.client(f"{name}@acme.com") for name in ("admin", "alice", "mia", "sam", "carl")}
    carl, everyone = people["carl"], "SELECT Id FROM CollaborationGroup WHERE Name = 'All acme.com'"
    group = carl.query(everyone).text("Id") or ""
    wish = {"CollaborationGroupId": group, "RequesterId": carl.user_id}
    carl.create("CollaborationGroupMemberRequest", wish)
    text = "SELECT Requester.Name FROM CollaborationGroupMemberRequest"

    seen = {name for name, client in people.items() if client.query(text).texts("Name")}

    assert seen == {"admin", "alice", "mia", "carl"}


def test_the_information_of_a_private_group_is_for_its_members(service: Service) -> None:
    alice, sam, carl, admin = (service.client(f"{n}@acme.com") for n in ("alice", "sam", "carl", "admin"))
    ids: dict[str, str] = {}
    for name in ("All acme.com", "Engineering"):
        text = f"SELECT Id FROM CollaborationGroup WHERE Name = '{name}'"
        ids[name] = alice.query(text).text("Id") or ""
        told = {"Id": ids[name], "InformationTitle": f"About {name}", "InformationBody": "Ours"}
        assert alice.call(f"<update>{alice.record('CollaborationGroup', told)}</update>").status == 200
    fields = "InformationTitle, InformationBody, HasPrivateFieldsAccess"
    one = f"SELECT {fields} FROM CollaborationGroup WHERE Id = '{ids['All acme.com']}'"
    found = "SELECT Name FROM CollaborationGroup WHERE InformationTitle LIKE 'about%' ORDER BY Name"
    retrieved = (
        f"<retrieve><fieldList>InformationBody</fieldList><sObjectType>CollaborationGroup</sObjectType>"
        f"<ids>{ids['All acme.com']}</ids></retrieve>"
    )

    for client, member in ((sam, True), (admin, True), (carl, False)):
        row = client.query(one)
        assert row.texts("InformationTitle") == (["About All acme.com"] if member else [None])
        assert row.texts("InformationBody") == (["Ours"] if member else [None])
        assert row.texts("HasPrivateFieldsAccess") == ["true" if member else "false"]
        assert client.call(retrieved).texts("InformationBody") == (["Ours"] if member else [None])
        names = ["All acme.com", "Engineering"] if member else ["Engineering"]
        assert client.query(found).texts("Name") == names
        grouped = "SELECT InformationTitle, COUNT(Id) n FROM CollaborationGroup GROUP BY InformationTitle"
        assert ("About All acme.com" in client.query(grouped).texts("InformationTitle")) is member
        shown = "SELECT Id, CollaborationGroup.InformationTitle FROM CollaborationGroupMember"
        assert ("About All acme.com" in client.query(shown).texts("InformationTitle")) is member


@pytest.mark.parametrize(("permission", "may"), [("ModifyAllData", False), ("ManageUnlistedGroups", True)])
def test_unlisted_groups_of_others_take_a_permission_of_their_own(
    permission: str, may: bool, service: Service
) -> None:
    alice, sam, admin = (service.client(f"{n}@acme.com") for n in ("alice", "sam", "admin"))
    hidden = {"Name": "Secret", "CollaborationType": "Unlisted"}
    secret = alice.create("CollaborationGroup", hidden).text("id")
    granted = {"Name": "More", "Label": "More", f"Permissions{permission}": "true"}
    made = admin.create("PermissionSet", granted).text("id") or ""
    admin.create("PermissionSetAssignment", {"PermissionSetId": made, "AssigneeId": sam.user_id})
    changed = sam.record("CollaborationGroup", {"Id": str(secret), "Description": "Seen"})
    invited = {"InvitedUserEmail": "bob@acme.com", "SharedEntityId": str(secret)}

    done = [
        sam.query(f"SELECT Id FROM CollaborationGroup WHERE Id = '{secret}'").text("size") == "1",
        sam.call(f"<update>{changed}</update>").text("success") == "true",
        sam.create("CollaborationInvitation", invited).text("success") == "true",
        sam.call(f"<delete><ids>{secret}</ids></delete>").text("success") == "true",
    ]

    assert done == [may] * 4


def test_a_record_made_through_an_old_version_has_what_newer_ones_expect(service: Service) -> None:
    old = service.client("alice@acme.com", "u", "21.0")
    made = old.create("CollaborationGroup", {"Name": "Old", "CollaborationType": "Private"}).text("id")

    found = service.client("alice@acme.com").query(
        f"SELECT CanHaveGuests, IsArchived FROM CollaborationGroup WHERE Id = '{made}'"
    )

    assert (found.text("CanHaveGuests"), found.text("IsArchived")) == ("false", "false")


def customer(admin: Client) -> tuple[Client, str]:
    """A Chatter External user, signed in, and the Id of the group that allows customers."""
    profile = admin.query("SELECT Id FROM Profile WHERE Name = 'Chatter External User'").texts("Id")[0] or ""
    group = admin.query("SELECT Id FROM CollaborationGroup WHERE Name = 'All acme.com'").texts("Id")[0] or ""
    made = admin.create("User", {
        "Username": "carla@guest.acme.com", "Email": "carla@other.com", "LastName": "Customer",
        "Alias": "carla", "ProfileId": profile, "TimeZoneSidKey": "Europe/Berlin", "LocaleSidKey": "de_DE",
        "LanguageLocaleKey": "de", "EmailEncodingKey": "UTF-8",
    }).text("id")  # fmt: skip
    set_ = f"<setPassword><userId>{made}</userId><password>customer1</password></setPassword>"
    assert admin.call(set_).status == 200
    return Client(admin.url).login("carla@guest.acme.com", "customer1"), group
