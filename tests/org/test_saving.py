"""What a call that saves leaves behind: all or nothing, upserts, named parents, counts, two at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import func, select

from inviting import invite
from orgbox.clock import Clock
from service import Answer, Client, Service

ALL_OR_NONE = "<AllOrNoneHeader><allOrNone>true</allOrNone></AllOrNoneHeader>"
NOT_SAVED = "ALL_OR_NONE_OPERATION_ROLLED_BACK"


def rows(service: Service) -> dict[str, int]:
    """The number of rows in every table."""
    org = service.app.orgs.all()[0]
    with org.store.database.read() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in org.store.schema.tables().items()
        }


def find(client: Client, sobject: str, name: str) -> str:
    return client.query(f"SELECT Id FROM {sobject} WHERE Name = '{name}'").text("Id") or ""


def value(client: Client, field: str, sobject: str, id_: str) -> str | None:
    return client.query(f"SELECT {field} FROM {sobject} WHERE Id = '{id_}'").text(field)


def upsert(client: Client, key: str, sobject: str, *records: dict[str, str]) -> Answer:
    sent = "".join(client.record(sobject, record) for record in records)
    return client.call(f"<upsert><externalIDFieldName>{key}</externalIDFieldName>{sent}</upsert>")


def update(client: Client, sobject: str, *records: dict[str, str], header: str = "") -> Answer:
    sent = "".join(client.record(sobject, record) for record in records)
    return client.call(f"<update>{sent}</update>", header)


def test_all_that_a_call_writes_bears_one_moment(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    began, seconds = datetime.now(UTC), count()
    monkeypatch.setattr(Clock, "now", lambda _: began + timedelta(seconds=next(seconds)))

    group = {"Name": "Tea", "CollaborationType": "Public"}
    created = alice.create("CollaborationGroup", group).text("id") or ""
    [canceled] = invite(alice, "bob@acme.com")
    alice.call(f"<delete><ids>{canceled}</ids></delete>")
    board = find(alice, "CollaborationGroup", "Board")
    alice.query(f"SELECT Id FROM CollaborationGroup WHERE Id = '{board}' FOR VIEW")

    for sobject, id_, names in (
        ("CollaborationGroup", created, ["CreatedDate", "LastModifiedDate", "SystemModstamp"]),
        ("CollaborationInvitation", canceled, ["LastModifiedDate", "SystemModstamp"]),
        ("CollaborationGroup", board, ["LastViewedDate", "LastReferencedDate"]),
    ):
        told = alice.query(f"SELECT {', '.join(names)} FROM {sobject} WHERE Id = '{id_}'")
        assert len({told.text(name) for name in names}) == 1, told.body


def test_a_create_that_is_rolled_back_leaves_no_effect(service: Service, alice: Client) -> None:
    engineering = find(alice, "CollaborationGroup", "Engineering")
    members = value(alice, "MemberCount", "CollaborationGroup", engineering)
    carl = find(alice, "User", "Carl Chen")
    before = rows(service)
    good = {"CollaborationGroupId": engineering, "MemberId": carl}
    answer = alice.create("CollaborationGroupMember", good, {"MemberId": carl}, header=ALL_OR_NONE)

    assert answer.texts("statusCode") == [NOT_SAVED, "REQUIRED_FIELD_MISSING"]
    assert rows(service) == before
    assert value(alice, "MemberCount", "CollaborationGroup", engineering) == members
    again = alice.create("CollaborationGroupMember", good, header=ALL_OR_NONE)
    assert again.texts("success") == ["true"], "what was claimed as unique is free again"
    assert value(alice, "MemberCount", "CollaborationGroup", engineering) == str(int(members or 0) + 1)


def test_an_invitation_that_is_rolled_back_sends_no_mail(service: Service, alice: Client) -> None:
    before = rows(service)
    good = {"InvitedUserEmail": "bob@acme.com", "SharedEntityId": alice.user_id}
    bad = good | {"InvitedUserEmail": "bob@external.com"}
    answer = alice.create("CollaborationInvitation", good, bad, header=ALL_OR_NONE)

    assert answer.texts("statusCode") == [NOT_SAVED, "FIELD_INTEGRITY_EXCEPTION"]
    assert rows(service) == before


def test_an_update_that_is_rolled_back_keeps_the_old_name_taken(alice: Client) -> None:
    board, engineering = (find(alice, "CollaborationGroup", n) for n in ("Board", "Engineering"))
    council, nameless = {"Id": board, "Name": "Council"}, {"Id": engineering, "fieldsToNull": "Name"}
    answer = update(alice, "CollaborationGroup", council, nameless, header=ALL_OR_NONE)

    assert answer.texts("statusCode") == [NOT_SAVED, "REQUIRED_FIELD_MISSING"]
    assert value(alice, "Name", "CollaborationGroup", board) == "Board"
    public = {"CollaborationType": "Public"}
    made = alice.create("CollaborationGroup", {"Name": "Board"} | public, {"Name": "Council"} | public)
    assert made.texts("success") == ["false", "true"]


def test_a_delete_that_is_rolled_back_brings_back_what_hung_on_the_record(
    service: Service, alice: Client
) -> None:
    board = find(alice, "CollaborationGroup", "Board")
    before = rows(service)
    answer = alice.call(f"<delete><ids>{board}</ids><ids>no id</ids></delete>", ALL_OR_NONE)

    assert answer.texts("statusCode") == [NOT_SAVED, "MALFORMED_ID"]
    assert rows(service) == before


def test_without_all_or_none_the_good_records_are_saved(alice: Client) -> None:
    public = {"CollaborationType": "Public"}
    answer = alice.create("CollaborationGroup", {"Name": "One"} | public, public, {"Name": "Two"} | public)

    assert answer.texts("success") == ["true", "false", "true"]
    saved = alice.query("SELECT Name FROM CollaborationGroup WHERE Name IN ('One', 'Two') ORDER BY Name")
    assert saved.texts("Name") == ["One", "Two"]


def test_upsert_by_a_field_finds_the_record_without_regard_to_case(alice: Client) -> None:
    board = find(alice, "CollaborationGroup", "Board")
    known = {"Name": "bOaRd", "Description": "We decide"}
    unknown = {"Name": "Choir", "CollaborationType": "Public"}
    answer = upsert(alice, "name", "CollaborationGroup", unknown, known)

    assert answer.texts("created") == ["true", "false"]
    assert answer.texts("id")[1] == board
    assert value(alice, "Description", "CollaborationGroup", board) == "We decide"


def test_upsert_by_id_creates_what_has_none(alice: Client) -> None:
    board = find(alice, "CollaborationGroup", "Board")
    answer = upsert(
        alice, "Id", "CollaborationGroup", {"Id": board[:15], "Description": "We decide"},
        {"Name": "Choir", "CollaborationType": "Public"}, {"Id": "0F9000000000009"},
    )  # fmt: skip

    assert answer.texts("success") == ["true", "true", "false"]
    assert answer.texts("created") == ["false", "true", "false"]
    assert answer.texts("id")[0] == board
    assert answer.text("statusCode") == "INVALID_CROSS_REFERENCE_KEY"


@pytest.mark.parametrize("dialect", ["u", "c"])
def test_a_parent_can_be_named_by_a_unique_field(service: Service, dialect: str) -> None:
    admin = service.client("admin@acme.com", dialect)
    sam, mia = (find(admin, "User", name) for name in ("Sam Smith", "Mia Meyer"))
    typed = "<o:type>User</o:type>" if dialect == "u" else ""
    update_sam = {"Id": sam, "Manager": f"{typed}<o:Username>MIA@acme.com</o:Username>"}

    assert update(admin, "User", update_sam).texts("success") == ["true"]
    assert admin.query(f"SELECT ManagerId FROM User WHERE Id = '{sam}'").text("ManagerId") == mia


def test_a_parent_of_several_kinds_is_named_with_its_type(alice: Client) -> None:
    parent = "<o:type>CollaborationGroup</o:type><o:Name>Engineering</o:Name>"
    answer = alice.create("EntitySubscription", {"Parent": parent, "SubscriberId": alice.user_id})

    assert answer.texts("success") == ["true"]
    followed = alice.query("SELECT ParentId FROM EntitySubscription LIMIT 1").text("ParentId")
    assert followed == find(alice, "CollaborationGroup", "Engineering")


NIL = 'xsi:nil="true"/>'
NOTHING = (f"<o:Title {NIL}", "<o:Title/>", f"<o:ManagerId {NIL}<o:Manager {NIL}")


@pytest.mark.parametrize("sent", NOTHING)
def test_what_is_nil_or_empty_stays_as_it_was(service: Service, sent: str) -> None:
    admin = service.client("admin@acme.com")
    sam = find(admin, "User", "Sam Smith")
    mia = "<o:type>User</o:type><o:Username>mia@acme.com</o:Username>"
    update(admin, "User", {"Id": sam, "Title": "Clerk", "Manager": mia})
    record = f"<sObjects><o:type>User</o:type><o:Id>{sam}</o:Id>{sent}</sObjects>"

    assert admin.call(f"<update>{record}</update>").texts("success") == ["true"]
    assert value(admin, "Title", "User", sam) == "Clerk"
    assert value(admin, "ManagerId", "User", sam) == find(admin, "User", "Mia Meyer")


def test_fields_to_null_empties_fields_and_references(service: Service) -> None:
    admin = service.client("admin@acme.com")
    sam = find(admin, "User", "Sam Smith")
    mia = "<o:type>User</o:type><o:Username>mia@acme.com</o:Username>"
    update(admin, "User", {"Id": sam, "Title": "Clerk", "Manager": mia})
    nulls = "<o:fieldsToNull>Title</o:fieldsToNull><o:fieldsToNull>ManagerId</o:fieldsToNull>"
    record = f"<sObjects><o:type>User</o:type>{nulls}<o:Id>{sam}</o:Id></sObjects>"

    assert admin.call(f"<update>{record}</update>").texts("success") == ["true"]
    assert value(admin, "Title", "User", sam) is None
    assert value(admin, "ManagerId", "User", sam) is None


def test_a_deleted_invitation_stays_as_canceled(alice: Client) -> None:
    invitation = alice.create(
        "CollaborationInvitation", {"InvitedUserEmail": "bob@acme.com", "SharedEntityId": alice.user_id}
    ).text("id")
    answer = alice.call(f"<delete><ids>{invitation}</ids></delete>")

    assert answer.texts("success") == ["true"] and answer.text("id") == invitation
    assert value(alice, "Status", "CollaborationInvitation", invitation or "") == "Canceled"


def test_a_second_invitation_is_another_record(alice: Client) -> None:
    values = {"InvitedUserEmail": "bob@acme.com", "SharedEntityId": alice.user_id}
    answer = alice.create("CollaborationInvitation", values, values)

    assert answer.texts("success") == ["true", "true"]
    assert len(set(answer.texts("id"))) == 2


def used_licenses(client: Client) -> dict[str | None, str | None]:
    answer = client.query("SELECT Name, UsedLicenses FROM UserLicense")
    return dict(zip(answer.texts("Name"), answer.texts("UsedLicenses"), strict=True))


def new_user(client: Client, name: str, profile: str) -> Answer:
    address = f"{name}@acme.com"
    return client.create("User", {
        "Username": address, "Email": address, "LastName": name, "Alias": name[:8], "IsActive": "true",
        "TimeZoneSidKey": "Europe/Paris", "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US",
        "EmailEncodingKey": "UTF-8", "ProfileId": find(client, "Profile", profile),
    })  # fmt: skip


def test_active_users_take_up_licenses(service: Service) -> None:
    admin = service.client("admin@acme.com")
    before = used_licenses(admin)
    assert before == {"Salesforce": "4", "Chatter Free": "1", "Chatter External": None}

    newton = new_user(admin, "newton", "Chatter Free User").text("id") or ""
    assert used_licenses(admin) == before | {"Chatter Free": "2"}

    standard = find(admin, "Profile", "Standard User")
    assert update(admin, "User", {"Id": newton, "ProfileId": standard}).texts("success") == ["true"]
    assert used_licenses(admin) == before | {"Salesforce": "5"}

    assert update(admin, "User", {"Id": newton, "IsActive": "false"}).texts("success") == ["true"]
    assert used_licenses(admin) == before


def test_one_administrator_may_go_while_another_stays(service: Service) -> None:
    admin = service.client("admin@acme.com")
    other = new_user(admin, "newton", "System Administrator").text("id") or ""
    both = [{"Id": admin.user_id, "IsActive": "false"}, {"Id": other, "IsActive": "false"}]

    assert update(admin, "User", *both).texts("success") == ["false", "false"]
    assert update(admin, "User", both[0]).texts("success") == ["true"]


def test_the_last_license_goes_to_one_of_two(service: Service) -> None:
    admin = service.client("admin@acme.com")
    table = service.app.orgs.store.schema.records["UserLicense"]
    with service.app.orgs.database.write() as connection:
        connection.execute(table.update().where(table.c.Name == "Chatter Free").values(TotalLicenses=2))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda n: new_user(admin, n, "Chatter Free User"), ["newton", "leibniz"]))

    assert sorted(str(answer.text("success")) for answer in answers) == ["false", "true"]
    refused = next(answer for answer in answers if answer.text("success") == "false")
    assert refused.text("statusCode") == "LICENSE_LIMIT_EXCEEDED"


def at_once(count: int, work: Callable[[int], Answer]) -> list[Answer]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def refuse_second_invitation(service: Service) -> None:
    org = service.app.orgs.all()[0]
    with org.store.database.write() as connection:
        service.app.orgs.change_settings(connection, org, {"refuse_second_invitation": True})


def test_of_equal_invitations_sent_at_once_one_is_made_where_a_second_is_refused(service: Service) -> None:
    refuse_second_invitation(service)
    clients = [service.client("alice@acme.com") for _ in range(8)]
    values = {"InvitedUserEmail": "bob@acme.com", "SharedEntityId": clients[0].user_id}
    answers = at_once(8, lambda n: clients[n].create("CollaborationInvitation", values))

    made = [answer.text("id") for answer in answers if answer.text("success") == "true"]
    assert len(made) == 1
    refused = {answer.text("message") for answer in answers if answer.text("success") == "false"}
    assert refused == {
        f"duplicate value found: InvitedUserEmail duplicates value on record with id: {str(made[0])[:15]}"
    }
    assert clients[0].query("SELECT COUNT() FROM CollaborationInvitation").text("size") == "1"


def test_a_canceled_invitation_makes_room_for_another(service: Service, alice: Client) -> None:
    refuse_second_invitation(service)
    values = {"InvitedUserEmail": "bob@acme.com", "SharedEntityId": alice.user_id}
    first = alice.create("CollaborationInvitation", values).text("id")
    alice.call(f"<delete><ids>{first}</ids></delete>")

    assert alice.create("CollaborationInvitation", values).texts("success") == ["true"]


def test_members_added_at_once_are_all_counted(service: Service, alice: Client) -> None:
    board = find(alice, "CollaborationGroup", "Board")
    people = [find(alice, "User", n) for n in ("Ada Admin", "Mia Meyer", "Sam Smith", "Carl Chen")]
    clients = [service.client("alice@acme.com") for _ in people]

    def add(n: int) -> Answer:
        member = {"CollaborationGroupId": board, "MemberId": people[n]}
        return clients[n].create("CollaborationGroupMember", member)

    assert {answer.text("success") for answer in at_once(4, add)} == {"true"}
    assert value(alice, "MemberCount", "CollaborationGroup", board) == "5"
