"""Groups, their members, requests to join, and who follows whom."""

from dataclasses import replace

import pytest

from inviting import customer, group_of, mails, values
from orgbox.inspection.run import findings
from service import Answer, Client, Service

MEMBER = "CollaborationGroupMember"
REQUEST = "CollaborationGroupMemberRequest"


def update(client: Client, sobject: str, **fields: str) -> Answer:
    return client.call(f"<update>{client.record(sobject, fields)}</update>")


def delete(client: Client, *ids: str | None) -> Answer:
    return client.call(f"<delete>{''.join(f'<ids>{i}</ids>' for i in ids)}</delete>")


def refusal(answer: Answer) -> str | None:
    return answer.text("statusCode")


def count_of(client: Client, group: str) -> str | None:
    found = client.query(f"SELECT MemberCount FROM CollaborationGroup WHERE Id = '{group}'")
    return found.text("MemberCount")


def ask(client: Client, group: str) -> str:
    """Asks to join a group; the Id of the request."""
    wish = {"CollaborationGroupId": group, "RequesterId": client.user_id}
    return client.create(REQUEST, wish).text("id") or ""


def test_a_request_to_join_a_private_group_waits_for_who_runs_it(service: Service) -> None:
    carl, mia, sam = (service.client(f"{n}@acme.com") for n in ("carl", "mia", "sam"))
    group = group_of(carl, "All acme.com")
    asked = ask(carl, group)

    assert refusal(update(sam, REQUEST, Id=asked, Status="Accepted")) == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert update(mia, REQUEST, Id=asked, Status="Accepted", ResponseMessage="Hi").text("success") == "true"

    found = carl.query(f"SELECT CollaborationRole FROM {MEMBER} WHERE MemberId = '{carl.user_id}'")
    assert found.texts("CollaborationRole") == ["Standard"]
    assert count_of(carl, group) == "4"
    assert refusal(update(mia, REQUEST, Id=asked, Status="Declined")) == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert refusal(delete(carl, asked)) == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_a_pending_request_can_be_made_once_and_withdrawn(service: Service) -> None:
    carl = service.client("carl@acme.com")
    wish = {"CollaborationGroupId": group_of(carl, "Board"), "RequesterId": carl.user_id}
    asked = carl.create(REQUEST, wish).text("id")

    assert refusal(carl.create(REQUEST, wish)) == "DUPLICATE_VALUE"
    assert delete(carl, asked).text("success") == "true"
    assert carl.create(REQUEST, wish).text("success") == "true"


@pytest.mark.parametrize(
    ("who", "group", "requester", "code"),
    [
        ("carl", "Board", "sam", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
        ("carl", "Engineering", "carl", "FIELD_INTEGRITY_EXCEPTION"),
        ("sam", "All acme.com", "sam", "FIELD_INTEGRITY_EXCEPTION"),
    ],
    ids=["for another", "public group", "already a member"],
)
def test_a_request_that_makes_no_sense_is_refused(
    service: Service, who: str, group: str, requester: str, code: str
) -> None:
    client = service.client(f"{who}@acme.com")
    asked_for = service.client(f"{requester}@acme.com").user_id

    wish = {"CollaborationGroupId": group_of(client, group), "RequesterId": asked_for}

    assert refusal(client.create(REQUEST, wish)) == code


def test_a_requester_who_cannot_join_stays_pending_and_cannot_ask_twice(service: Service) -> None:
    carl, alice = service.client("carl@acme.com"), service.client("alice@acme.com")
    board, org = group_of(carl, "Board"), service.app.orgs.all()[0]
    asked = ask(carl, board)
    before, org.limits = org.limits, replace(org.limits, groups_per_user=0)

    refused = update(alice, REQUEST, Id=asked, Status="Accepted", ResponseMessage="Welcome")
    org.limits = before

    assert (refused.text("statusCode"), refused.text("fields")) == ("LIMIT_EXCEEDED", "MemberId")
    left = carl.query(f"SELECT Status, ResponseMessage, LastModifiedById FROM {REQUEST}")
    assert values(left, "Status", "ResponseMessage", "LastModifiedById") == [("Pending", None, carl.user_id)]
    again = {"CollaborationGroupId": board, "RequesterId": carl.user_id}
    assert refusal(carl.create(REQUEST, again)) == "DUPLICATE_VALUE"
    assert list(findings(service.app.orgs)) == []


def test_requests_and_their_answers_are_told_by_mail(service: Service) -> None:
    carl, sam, mia = (service.client(f"{n}@acme.com") for n in ("carl", "sam", "mia"))
    everyone, board = (group_of(carl, name) for name in ("All acme.com", "Board"))

    accepted, declined = ask(carl, everyone), ask(sam, board)
    update(mia, REQUEST, Id=accepted, Status="Accepted")
    alice = service.client("alice@acme.com")
    update(alice, REQUEST, Id=declined, Status="Declined", ResponseMessage="Too many of us &lt;3")

    found = [(mail.recipient, mail.subject) for mail in reversed(mails(service))]
    assert found == [
        ("alice@acme.com", "Carl Chen asks to join the group All acme.com"),
        ("mia@acme.com", "Carl Chen asks to join the group All acme.com"),
        ("alice@acme.com", "Sam Smith asks to join the group Board"),
        ("carl@acme.com", "Mia Meyer added you to the group All acme.com"),
        ("sam@acme.com", "Your request to join the group Board was declined"),
    ]
    last = mails(service)[0]
    assert "Alice Archer declined your request" in last.text and "Too many of us <3" in last.text
    assert "Too many of us &lt;3" in last.html and f"/groups/{board}?" in last.link


def test_declining_leaves_the_group_as_it_was(service: Service) -> None:
    carl, alice = service.client("carl@acme.com"), service.client("alice@acme.com")
    group = group_of(carl, "Board")
    asked = ask(carl, group)

    assert update(alice, REQUEST, Id=asked, Status="Declined").text("success") == "true"

    assert count_of(carl, group) == "1"
    assert ask(carl, group)


def test_a_customer_comes_into_no_group_that_allows_none(service: Service) -> None:
    cora, alice, admin = customer(service), service.client("alice@acme.com"), service.client("admin@acme.com")
    seen = cora.query("SELECT Id FROM User").text("size")
    closed = [group_of(alice, name) for name in ("Engineering", "Board")]

    for group in closed:
        wish = {"CollaborationGroupId": group, "MemberId": cora.user_id}
        asked = {"CollaborationGroupId": group, "RequesterId": cora.user_id}
        assert refusal(cora.create(MEMBER, wish)) == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
        assert refusal(cora.create(REQUEST, asked)) == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
        for client in (alice, admin):
            assert refusal(client.create(MEMBER, wish)) == "FIELD_INTEGRITY_EXCEPTION"

    assert cora.query("SELECT Name FROM CollaborationGroup").texts("Name") == ["All acme.com"]
    assert cora.query("SELECT Id FROM User").text("size") == seen


def test_a_permission_set_makes_a_coworker_of_a_customer(service: Service) -> None:
    cora, alice, admin = customer(service), service.client("alice@acme.com"), service.client("admin@acme.com")
    inside = {"Name": "Inside", "Label": "Inside", "PermissionsChatterInternalUser": "true"}
    made = admin.create("PermissionSet", inside).text("id") or ""
    admin.create("PermissionSetAssignment", {"PermissionSetId": made, "AssigneeId": cora.user_id})

    wish = {"CollaborationGroupId": group_of(alice, "Engineering"), "MemberId": cora.user_id}

    assert cora.create(MEMBER, wish).text("success") == "true"


def test_a_group_has_no_owner_who_may_own_none(service: Service) -> None:
    cora, admin = customer(service), service.client("admin@acme.com")
    group = {"Name": "Hers", "CollaborationType": "Private", "OwnerId": cora.user_id}

    refused = admin.create("CollaborationGroup", group)

    assert refusal(refused) == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"


@pytest.mark.parametrize("heir", ["sam", "carl"], ids=["a member", "no member"])
def test_who_is_handed_a_group_manages_it_beside_the_old_owner(heir: str, service: Service) -> None:
    alice, new = service.client("alice@acme.com"), service.client(f"{heir}@acme.com")
    group = group_of(alice, "All acme.com")
    before = int(count_of(alice, group) or 0)

    assert update(alice, "CollaborationGroup", Id=group, OwnerId=new.user_id).text("success") == "true"

    managers = alice.query(
        f"SELECT Member.Username FROM {MEMBER} WHERE CollaborationGroupId = '{group}' "
        "AND CollaborationRole = 'Admin' ORDER BY Member.Username"
    )
    assert managers.texts("Username") == sorted(["alice@acme.com", f"{heir}@acme.com", "mia@acme.com"])
    assert int(count_of(alice, group) or 0) == before + (heir == "carl")
    assert refusal(delete(alice, group)) == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert delete(new, group).text("success") == "true"
    assert list(findings(service.app.orgs)) == []


def test_nobody_who_may_own_none_is_handed_a_group(service: Service) -> None:
    cora, alice = customer(service), service.client("alice@acme.com")

    refused = update(alice, "CollaborationGroup", Id=group_of(alice, "All acme.com"), OwnerId=cora.user_id)

    assert refusal(refused) == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"


def test_pending_requests_count_among_the_groups_of_a_user(service: Service) -> None:
    carl = service.client("carl@acme.com")
    org = service.app.orgs.all()[0]
    org.limits = replace(org.limits, groups_per_user=1)
    board, everyone = (group_of(carl, name) for name in ("Board", "All acme.com"))
    asked = ask(carl, board)

    again = {"CollaborationGroupId": everyone, "RequesterId": carl.user_id}
    assert refusal(carl.create(REQUEST, again)) == "LIMIT_EXCEEDED"
    public = {"CollaborationGroupId": group_of(carl, "Engineering"), "MemberId": carl.user_id}
    assert refusal(carl.create(MEMBER, public)) == "LIMIT_EXCEEDED"

    alice = service.client("alice@acme.com")
    assert update(alice, REQUEST, Id=asked, Status="Accepted").text("success") == "true"


def test_members_set_their_own_notifications(service: Service) -> None:
    sam = service.client("sam@acme.com")
    own = sam.query(f"SELECT Id FROM {MEMBER} WHERE MemberId = '{sam.user_id}' LIMIT 1").text("Id") or ""

    assert update(sam, MEMBER, Id=own, NotificationFrequency="D").text("success") == "true"
    assert update(service.client("admin@acme.com"), MEMBER, Id=own, NotificationFrequency="W").text(
        "success"
    ) == "true"


def test_the_member_count_follows_members_who_leave_together(service: Service) -> None:
    alice = service.client("alice@acme.com")
    group = group_of(alice, "All acme.com")
    found = alice.query(f"SELECT Id FROM {MEMBER} WHERE CollaborationGroupId = '{group}' AND "
                        f"MemberId != '{alice.user_id}'").texts("Id")[::2]  # fmt: skip

    assert delete(alice, *found).texts("success") == ["true", "true"]
    assert count_of(alice, group) == "1"


def test_the_owner_cannot_leave_and_a_deleted_group_takes_everything_along(service: Service) -> None:
    alice, carl = service.client("alice@acme.com"), service.client("carl@acme.com")
    group = group_of(alice, "Board")
    own = alice.query(f"SELECT Id FROM {MEMBER} WHERE CollaborationGroupId = '{group}'").text("Id")
    ask(carl, group)
    alice.create("CollaborationInvitation", {"InvitedUserEmail": "x@acme.com", "SharedEntityId": group})

    assert refusal(delete(alice, own)) == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert delete(alice, group).text("success") == "true"

    for sobject, name in ((MEMBER, "CollaborationGroupId"), (REQUEST, "CollaborationGroupId"),
                          ("CollaborationInvitation", "SharedEntityId")):  # fmt: skip
        assert alice.query(f"SELECT COUNT() FROM {sobject} WHERE {name} = '{group}'").text("size") == "0"
    assert refusal(delete(alice, group)) == "ENTITY_IS_DELETED"


def test_who_does_not_see_somebody_or_something_cannot_follow_it(service: Service) -> None:
    cora, sam, alice = customer(service), service.client("sam@acme.com"), service.client("alice@acme.com")
    hidden = {"Name": "Hidden", "CollaborationType": "Unlisted"}
    secret = alice.create("CollaborationGroup", hidden).text("id") or ""
    carl = service.client("carl@acme.com").user_id

    def follow(client: Client, what: str) -> str | None:
        wish = {"ParentId": what, "SubscriberId": client.user_id}
        answer = client.create("EntitySubscription", wish)
        return refusal(answer) if answer.text("success") == "false" else None

    unseen = "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
    assert [follow(cora, what) for what in (carl, sam.user_id)] == [unseen, None]
    assert [follow(sam, what) for what in (secret, carl)] == [unseen, None]
    assert follow(alice, secret) is None
    followed = f"SELECT Id FROM EntitySubscription WHERE ParentId = '{secret}' LIMIT 10"
    assert [client.query(followed).text("size") for client in (alice, sam)] == ["1", "0"]


def test_subscriptions_go_and_come_with_the_user(service: Service) -> None:
    admin, sam, mia = (service.client(f"{n}@acme.com") for n in ("admin", "sam", "mia"))
    admin.create(
        "EntitySubscription",
        {"ParentId": mia.user_id, "SubscriberId": sam.user_id},
        {"ParentId": sam.user_id, "SubscriberId": mia.user_id},
        {"ParentId": sam.user_id, "SubscriberId": admin.user_id},
    )
    text = "SELECT SubscriberId, ParentId FROM EntitySubscription ORDER BY Id"
    before = values(admin.query(text), "SubscriberId", "ParentId")

    update(admin, "User", Id=sam.user_id, IsActive="false")
    assert admin.query(text).text("size") == "0"
    update(admin, "User", Id=sam.user_id, IsActive="true")
    assert values(admin.query(text), "SubscriberId", "ParentId") == before

    for who in (sam, mia):
        update(admin, "User", Id=who.user_id, IsActive="false")
    for who in (mia, sam):
        update(admin, "User", Id=who.user_id, IsActive="true")
    assert values(admin.query(text), "SubscriberId", "ParentId") == [(admin.user_id, sam.user_id)]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"Name": "engineering", "CollaborationType": "Public"}, "DUPLICATE_VALUE", "Name"),
        ({"Name": "Open", "CollaborationType": "Public", "CanHaveGuests": "true"},
         "FIELD_INTEGRITY_EXCEPTION", "CanHaveGuests"),
    ],
    ids=["taken name", "customers in a public group"],
)  # fmt: skip
def test_a_group_that_breaks_a_rule_is_refused(
    service: Service, fields: dict[str, str], code: str, field: str
) -> None:
    answer = service.client("alice@acme.com").create("CollaborationGroup", fields)

    assert (refusal(answer), answer.text("fields")) == (code, field)


def test_access_of_a_group_with_customers_cannot_be_changed(service: Service) -> None:
    alice = service.client("alice@acme.com")
    group = group_of(alice, "All acme.com")

    answer = update(alice, "CollaborationGroup", Id=group, CollaborationType="Public")

    assert refusal(answer) == "FIELD_INTEGRITY_EXCEPTION"
