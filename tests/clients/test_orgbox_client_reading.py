"""The Python client: records and values read, in either dialect, against a running service."""

from datetime import UTC, date, datetime

import pytest
from steps import group, invitation, plain, sign_in

from orgbox_client import Connection, quote
from orgbox_client.values import encode, reader
from service import Service

DIALECTS = ("enterprise", "partner")


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


def test_retrieve_keeps_the_order_and_tells_what_is_not_there(sf: Connection) -> None:
    first, second, *_ = sf.query("SELECT Id, Name FROM CollaborationGroup ORDER BY Name")
    unknown = "0F9000000000000"

    read = sf.retrieve(["Name"], "CollaborationGroup", [second.Id, unknown, first.Id])

    assert read == [second, None, first]


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
    value = reader(type_name)(text)

    assert encode(value) == text
    assert isinstance(value, str) == (type_name == "string")


def test_what_no_field_can_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="no field holds object"):
        quote(object())
