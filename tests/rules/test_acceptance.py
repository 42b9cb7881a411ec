"""Accepting an invitation: who comes in as what, what follows, and who stays outside."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from inviting import group_of, invite, mails, org_of, set_up, token_of, values
from orgbox.org.joining import Answers, Joined, LinkEnded, Refused
from orgbox.rules.acceptance import LinkAcceptance
from service import Client, Service

BOB = Answers("Bob", "Brown", "bob@acme.com", "", "sesame123", "sesame123")
CUSTOMER = replace(BOB, email="bob@external.com", company="External Ltd")


def _password(text: str) -> dict[str, str]:
    return {"password": text, "repeated": text}


def accept(service: Service, answers: Answers, invited: str = "") -> Joined:
    """Accepts the newest invitation to an address, the one entered if none is named."""
    token = token_of(service, invited or answers.email)
    return LinkAcceptance(service.app.orgs).accept(token, answers)


def refusal(service: Service, answers: Answers, invited: str = "") -> list[tuple[str, tuple[str, ...]]]:
    with pytest.raises(Refused) as refused:
        accept(service, answers, invited)
    return [(error.message, error.fields) for error in refused.value.errors]


def ended(service: Service, token: str) -> str:
    with pytest.raises(LinkEnded) as end:
        LinkAcceptance(service.app.orgs).accept(token, BOB)
    return end.value.reason


def statuses(client: Client) -> list[tuple[str | None, ...]]:
    answer = client.query("SELECT InvitedUserEmail, Status FROM CollaborationInvitation ORDER BY Id")
    return values(answer, "InvitedUserEmail", "Status")


def used_licenses(admin: Client, name: str) -> int:
    return int(
        admin.query(f"SELECT UsedLicenses FROM UserLicense WHERE Name = '{name}'").text("UsedLicenses") or 0
    )


def test_a_coworker_becomes_a_chatter_free_user_who_follows_the_inviter(
    service: Service, alice: Client
) -> None:
    admin = service.client("admin@acme.com")
    before = used_licenses(admin, "Chatter Free")
    invite(alice, "Bob@Acme.com")

    joined = accept(service, BOB)

    assert (joined.username, joined.name, joined.group) == ("bob@acme.com", "Bob Brown", "")
    bob = service.client()
    bob.login("bob@acme.com", "sesame123")
    assert bob.user_id == joined.user_id
    assert bob.call("<getUserInfo/>").text("userFullName") == "Bob Brown"
    fields = "Name, Email, IsActive, UserType, Profile.Name, Profile.UserLicense.Name"
    answer = admin.query(f"SELECT {fields} FROM User WHERE Id = '{joined.user_id}'")
    assert answer.texts("Email") == ["bob@acme.com"] and answer.texts("UserType") == ["CsnOnly"]
    assert answer.texts("Name") == ["Bob Brown", "Chatter Free User", "Chatter Free"]
    followed = admin.query("SELECT ParentId, SubscriberId FROM EntitySubscription LIMIT 10")
    assert values(followed, "ParentId", "SubscriberId") == [(alice.user_id, joined.user_id)]
    assert statuses(alice) == [("Bob@Acme.com", "Accepted")]
    assert used_licenses(admin, "Chatter Free") == before + 1


def test_a_coworker_invited_to_a_group_joins_it_as_a_plain_member(service: Service, alice: Client) -> None:
    group = group_of(alice, "Board")
    count = f"SELECT MemberCount FROM CollaborationGroup WHERE Id = '{group}'"
    before = int(alice.query(count).text("MemberCount") or 0)
    invite(alice, "bob@acme.com", to=group)

    joined = accept(service, BOB)

    assert joined.group == "Board"
    member = f"CollaborationGroupId = '{group}' AND MemberId = '{joined.user_id}'"
    found = alice.query(f"SELECT CollaborationRole FROM CollaborationGroupMember WHERE {member}")
    assert found.texts("CollaborationRole") == ["Standard"]
    assert int(alice.query(count).text("MemberCount") or 0) == before + 1
    assert alice.query("SELECT Id FROM EntitySubscription LIMIT 10").text("size") == "0"
    assert [m.kind for m in mails(service)] == ["invitation"]


def test_a_customer_gets_a_guest_user_name_at_the_inviters_domain(service: Service, alice: Client) -> None:
    invite(alice, "bob@external.com", to=group_of(alice, "All acme.com"))

    joined = accept(service, CUSTOMER)

    assert joined.username == "bob@guest.acme.com"
    admin = service.client("admin@acme.com")
    fields = "Name, Email, CompanyName, Profile.Name, Profile.UserLicense.Name"
    answer = admin.query(f"SELECT {fields} FROM User WHERE Id = '{joined.user_id}'")
    assert answer.texts("Email") == ["bob@external.com"] and answer.texts("CompanyName") == ["External Ltd"]
    assert answer.texts("Name") == ["Bob Brown", "Chatter External User", "Chatter External"]
    bob = service.client().login("bob@guest.acme.com", "sesame123")
    assert bob.query("SELECT Name FROM CollaborationGroup").texts("Name") == ["All acme.com"]
    assert used_licenses(admin, "Chatter External") == 1


def test_another_address_makes_a_child_invitation(service: Service, alice: Client) -> None:
    group = group_of(alice, "Engineering")
    parent = invite(alice, "bob@acme.com", to=group)[0]

    joined = accept(service, replace(BOB, email=" Robert@acme.com "), "bob@acme.com")

    assert joined.username == "robert@acme.com"
    assert statuses(alice) == [("bob@acme.com", "Accepted"), ("Robert@acme.com", "Accepted")]
    child = alice.query(
        "SELECT SharedEntityId, InviterId, InvitedUserEmailNormalized FROM CollaborationInvitation "
        f"WHERE ParentId = '{parent}'"
    )
    assert values(child, "SharedEntityId", "InviterId", "InvitedUserEmailNormalized") == [
        (group, alice.user_id, "robert@acme.com")
    ]


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (
            "bob@elsewhere.com",
            "You can invite only people with email addresses in your company's domains: bob@elsewhere.com",
        ),
        ("sam@acme.com", "You can't send invitations to users of the organization the invite was sent from."),
        ("nonsense", "Invited Email: invalid email address: nonsense"),
    ],
)  # fmt: skip
def test_another_address_passes_the_tests_of_an_invited_one(
    address: str, text: str, service: Service, alice: Client
) -> None:
    invite(alice, "bob@acme.com")

    assert refusal(service, replace(BOB, email=address), "bob@acme.com") == [(text, ("InvitedUserEmail",))]
    assert statuses(alice) == [("bob@acme.com", "Sent")]
    assert alice.query("SELECT Id FROM User").text("size") == "5"


def test_an_inviter_who_may_not_invite_customers_brings_none_in_by_another_address(service: Service) -> None:
    alice = service.client("alice@acme.com")
    group = group_of(alice, "All acme.com")
    member = f"CollaborationGroupId = '{group}' AND Member.Username = 'sam@acme.com'"
    row = alice.query(f"SELECT Id FROM CollaborationGroupMember WHERE {member}").text("Id")
    manager = alice.record("CollaborationGroupMember", {"Id": str(row), "CollaborationRole": "Admin"})
    assert alice.call(f"<update>{manager}</update>").text("success") == "true"
    invite(service.client("sam@acme.com"), "bob@acme.com", to=group)

    assert refusal(service, CUSTOMER, "bob@acme.com") == [("insufficient access rights on object id", ())]


def test_a_link_works_once(service: Service, alice: Client) -> None:
    invite(alice, "bob@acme.com")
    token = token_of(service, "bob@acme.com")
    accept(service, BOB)

    assert ended(service, token) == "used"


def test_both_links_of_an_invitation_mailed_twice_end_with_it(service: Service, alice: Client) -> None:
    invitation = invite(alice, "bob@acme.com")[0]
    tokens = [token_of(service, "bob@acme.com")]
    service.app.mailbox.resend(org_of(service), invitation)
    tokens.append(token_of(service, "bob@acme.com"))
    accept(service, BOB)

    assert [ended(service, token) for token in tokens] == ["used", "used"]


@pytest.mark.parametrize("keep", [True, False], ids=["row kept", "row removed"])
def test_the_link_of_a_canceled_invitation_has_ended(keep: bool, service: Service, alice: Client) -> None:
    set_up(service, keep_canceled_invitations=keep)
    invitation = invite(alice, "bob@acme.com")[0]
    token = token_of(service, "bob@acme.com")
    alice.call(f"<delete><ids>{invitation}</ids></delete>")

    assert ended(service, token) == "canceled"


def test_a_link_expires_by_the_orgs_clock_after_the_days_of_the_setting(
    service: Service, alice: Client
) -> None:
    set_up(service, invitation_days=30)
    invite(alice, "bob@acme.com")
    token = token_of(service, "bob@acme.com")
    service.clock.advance(timedelta(days=29, hours=23))
    assert LinkAcceptance(service.app.orgs).look(token).email == "bob@acme.com"

    service.clock.advance(timedelta(hours=1))

    assert ended(service, token) == "expired"
    assert statuses(service.client("alice@acme.com")) == [("bob@acme.com", "Sent")]


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "\ud800", "a" * 10_000, "' OR 1=1 --"])
def test_a_forged_link_leads_nowhere(token: str, service: Service) -> None:
    assert ended(service, token) == "unknown"


def test_a_link_to_a_mail_with_the_secret_of_another_leads_nowhere(service: Service, alice: Client) -> None:
    invite(alice, "bob@acme.com", "eve@acme.com")
    place, _, _ = token_of(service, "bob@acme.com").rpartition(".")
    org, number, secret = token_of(service, "eve@acme.com").split(".")

    for forged in (f"{place}.{secret}", f"{org}.{'9' * 18}.{secret}", f"{'9' * 18}.{number}.{secret}",
                   f"{org}.{number}.{secret}\n", f"{org}.{number}.{secret[:-1]}"):  # fmt: skip
        assert ended(service, forged) == "unknown"
    assert LinkAcceptance(service.app.orgs).look(f"{org}.{number}.{secret}").email == "eve@acme.com"


def test_links_are_256_bits_and_each_another(service: Service, alice: Client) -> None:
    addresses = [f"u{n}@acme.com" for n in range(100)]
    invite(alice, *addresses)

    secrets = {token_of(service, address).rpartition(".")[2] for address in addresses}

    assert len(secrets) == 100 and {len(secret) for secret in secrets} == {43}


def test_the_invitation_of_a_deactivated_inviter_has_ended(service: Service) -> None:
    mia, admin = service.client("mia@acme.com"), service.client("admin@acme.com")
    invite(mia, "bob@acme.com")
    token = token_of(service, "bob@acme.com")
    change = admin.record("User", {"Id": mia.user_id, "IsActive": "false"})
    assert admin.call(f"<update>{change}</update>").text("success") == "true"

    assert ended(service, token) == "canceled"


def test_eight_acceptances_at_once_make_one_user(service: Service, alice: Client) -> None:
    invite(alice, "bob@acme.com", to=group_of(alice, "Engineering"))
    token = token_of(service, "bob@acme.com")
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def run(n: int) -> None:
        answers = replace(BOB, email=f"bob{n}@acme.com")
        start.wait()
        try:
            outcomes.append(LinkAcceptance(service.app.orgs).accept(token, answers).username)
        except LinkEnded as end:
            outcomes.append(end.reason)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes)[-7:] == ["used"] * 7 and outcomes.count("used") == 7
    assert alice.query("SELECT Id FROM User").text("size") == "6"
    assert [status for _, status in statuses(alice)] == ["Accepted", "Accepted"]


@pytest.mark.parametrize("round_", range(5))
def test_of_acceptance_and_cancelling_at_once_one_wins(round_: int, service: Service, alice: Client) -> None:
    invitation = invite(alice, "bob@acme.com")[0]
    token = token_of(service, "bob@acme.com")
    accepted: list[bool] = []
    start = threading.Barrier(2)

    def join() -> None:
        start.wait()
        try:
            LinkAcceptance(service.app.orgs).accept(token, BOB)
            accepted.append(True)
        except LinkEnded:
            accepted.append(False)

    thread = threading.Thread(target=join)
    thread.start()
    start.wait()
    canceled = alice.call(f"<delete><ids>{invitation}</ids></delete>").text("success") == "true"
    thread.join()

    assert accepted == [not canceled]
    assert statuses(alice) == [("bob@acme.com", "Canceled" if canceled else "Accepted")]


def test_without_a_license_nobody_comes_in(service: Service, alice: Client) -> None:
    table = service.app.orgs.store.schema.records["UserLicense"]
    with service.app.orgs.database.write() as connection:
        connection.execute(update(table).where(table.c.Name == "Chatter Free").values(TotalLicenses=1))
    invite(alice, "bob@acme.com")

    assert [text for text, _ in refusal(service, BOB)] == ["License Limit Exceeded"]
    assert statuses(alice) == [("bob@acme.com", "Sent")]


def test_a_customer_whose_guest_name_is_taken_is_told_so(service: Service, alice: Client) -> None:
    group = group_of(alice, "All acme.com")
    invite(alice, "bob@external.com", "bob@other.com", to=group)
    accept(service, CUSTOMER)

    text, fields = refusal(service, replace(CUSTOMER, email="bob@other.com"))[0]

    assert text.startswith("Duplicate Username.") and fields == ("Username",)
    assert statuses(alice) == [("bob@external.com", "Accepted"), ("bob@other.com", "Sent")]


@pytest.mark.parametrize(
    ("changes", "text", "name"),
    [
        ({"first_name": " "}, "Required fields are missing: [FirstName]", "FirstName"),
        ({"last_name": ""}, "Required fields are missing: [LastName]", "LastName"),
        ({"last_name": "x" * 81}, f"Last Name: data value too large: {'x' * 81} (max length=80)", "LastName"),
        ({"email": ""}, "Required fields are missing: [Email]", "Email"),
        ({"company": ""}, "Required fields are missing: [CompanyName]", "CompanyName"),
        (_password("short1"), "Your password must be at least 8 characters long.", "Password"),
        (_password("letters!"), "Your password must include letters and numbers", "Password"),
        ({"repeated": "sesame124"}, "The two passwords are not the same.", "RepeatedPassword"),
    ],
)  # fmt: skip
def test_an_answer_that_will_not_do_is_refused_in_the_words_of_the_rule(
    changes: dict[str, str], text: str, name: str, service: Service, alice: Client
) -> None:
    invite(alice, "bob@external.com", to=group_of(alice, "All acme.com"))

    assert refusal(service, replace(CUSTOMER, **changes), "bob@external.com") == [(text, (name,))]
    assert accept(service, CUSTOMER).username == "bob@guest.acme.com"


def test_where_a_second_invitation_is_refused_one_is_possible_after_the_first_has_ended(
    service: Service, alice: Client
) -> None:
    set_up(service, refuse_second_invitation=True)
    invitation = invite(alice, "bob@acme.com")[0]
    second = alice.create(
        "CollaborationInvitation", {"InvitedUserEmail": "bob@acme.com", "SharedEntityId": alice.user_id}
    )
    assert second.text("statusCode") == "DUPLICATE_VALUE"

    alice.call(f"<delete><ids>{invitation}</ids></delete>")

    assert invite(alice, "bob@acme.com")
