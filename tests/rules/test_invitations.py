"""Who may invite whom, and what an invitation is. Refusals are cases of tests/soap/errors/objects.toml."""

import pytest

from inviting import group_of, invite, mails, set_up, values
from service import Client, Service

COWORKER, CUSTOMER = "bob@acme.com", "bob@external.com"


@pytest.mark.parametrize(
    ("inviter", "group", "address"),
    [
        ("alice", "", COWORKER),  # to Chatter itself
        ("carl", "", COWORKER),
        ("alice", "Engineering", COWORKER),  # the owner, a public group
        ("alice", "Board", COWORKER),  # a private group without customers
        ("mia", "All acme.com", COWORKER),  # a manager
        ("mia", "All acme.com", CUSTOMER),
        ("admin", "Board", COWORKER),  # an administrator who is no member
        ("admin", "All acme.com", CUSTOMER),
    ],
)
def test_an_invitation_is_the_inviters_and_sent(
    inviter: str, group: str, address: str, service: Service
) -> None:
    client = service.client(f"{inviter}@acme.com")
    shared = group_of(client, group) if group else client.user_id

    made = invite(client, address, to=shared, OptionalMessage="Hello")[0]

    names = ("InviterId", "SharedEntityId", "Status", "InvitedUserEmail", "OptionalMessage", "ParentId")
    row = client.query(f"SELECT {', '.join(names)} FROM CollaborationInvitation WHERE Id = '{made}'")
    assert values(row, *names) == [(client.user_id, shared, "Sent", address, "Hello", None)]
    assert [(mail.recipient, mail.about) for mail in mails(service)] == [(address, made)]


@pytest.mark.parametrize(
    ("entered", "normalized"),
    [
        ("Bob.Brown@ACME.com", "bob.brown@acme.com"),
        ("Bob Brown &lt;Bob@acme.com>", "bob@acme.com"),
        ('"Brown, Bob" &lt;bob@acme.com>', "bob@acme.com"),
        ("bob@ACME.com ", "bob@acme.com"),
        ("bob@büro.acme.com", "bob@xn--bro-hoa.acme.com"),
    ],
)
def test_the_address_is_kept_as_entered_and_compared_in_its_normalized_form(
    entered: str, normalized: str, service: Service, alice: Client
) -> None:
    set_up(service, allowed_domains=["acme.com", " Büro.ACME.com"])
    made = invite(alice, entered)[0]

    row = alice.query(f"SELECT InvitedUserEmailNormalized FROM CollaborationInvitation WHERE Id = '{made}'")

    assert row.text("InvitedUserEmailNormalized") == normalized
    assert mails(service)[0].recipient == normalized


@pytest.mark.parametrize(
    ("kept", "entered"),
    [
        ("Bob@acme.com", "bob@ACME.com"),
        ("strauß@acme.com", "Strauß@acme.com"),
        ("jose\u0301@acme.com", "jos\u00e9@acme.com"),  # with a combining accent
        ("bob@büro.acme.com", "bob@Büro.acme.com"),
        ("bob@büro.acme.com", "bob@xn--bro-hoa.acme.com"),
        ("bob@xn--bro-hoa.acme.com", "bob@büro.acme.com"),
    ],
)
def test_a_user_of_the_org_is_not_invited_however_the_address_is_spelled(
    kept: str, entered: str, service: Service, alice: Client
) -> None:
    set_up(service, allowed_domains=["acme.com", "büro.acme.com"])
    admin = service.client("admin@acme.com")
    sam = admin.query("SELECT Id FROM User WHERE Username = 'sam@acme.com'").text("Id") or ""
    moved = admin.call(f"<update>{admin.record('User', {'Id': sam, 'Email': kept})}</update>")
    assert moved.text("success") == "true", moved.body.decode()

    row = {"InvitedUserEmail": entered, "SharedEntityId": alice.user_id}
    refused = alice.create("CollaborationInvitation", row)

    assert refused.text("statusCode") == "FIELD_INTEGRITY_EXCEPTION", refused.body.decode()
    assert "users of the organization" in (refused.text("message") or "")


def test_the_same_address_can_be_invited_again_and_gets_another_mail(service: Service, alice: Client) -> None:
    first, second = (invite(alice, COWORKER)[0] for _ in range(2))

    assert first != second
    assert [mail.about for mail in mails(service)] == [second, first]


def test_cancelling_keeps_the_row_and_ends_it(alice: Client) -> None:
    made = invite(alice, COWORKER)[0]

    assert alice.call(f"<delete><ids>{made}</ids></delete>").text("success") == "true"

    assert alice.query("SELECT Status FROM CollaborationInvitation").texts("Status") == ["Canceled"]
    again = alice.call(f"<delete><ids>{made}</ids></delete>")
    assert again.text("statusCode") == "ENTITY_IS_DELETED"


@pytest.mark.parametrize(
    "name",
    ["InvitedUserEmail", "InvitedUserEmailNormalized", "InviterId", "OptionalMessage", "ParentId",
     "SharedEntityId", "Status"],
)  # fmt: skip
def test_every_field_filters_groups_and_sorts(name: str, alice: Client) -> None:
    invite(alice, COWORKER, OptionalMessage="Hello")

    some = f"SELECT Id FROM CollaborationInvitation WHERE {name} != null OR {name} = null ORDER BY {name}"
    assert alice.query(some).text("size") == "1"
    groups = f"SELECT {name} FROM CollaborationInvitation GROUP BY {name}"
    assert alice.query(groups).text("size") == "1"


def test_what_can_be_given_is_the_address_the_message_and_the_shared_entity(alice: Client) -> None:
    call = "<describeSObjects><sObjectType>CollaborationInvitation</sObjectType></describeSObjects>"
    described = alice.call(call).xml.iter("{*}fields")
    given = {f.findtext("{*}name") for f in described if f.findtext("{*}createable") == "true"}

    assert given == {"InvitedUserEmail", "OptionalMessage", "SharedEntityId"}
