"""Invitations reach the mail server: once, with the right content, whatever the server does."""

import re
import smtplib
import time
from collections.abc import Callable

import pytest

from inviting import group_of, invite, mails
from orgbox.mail import smtp
from postbox import Postbox, wait_until
from service import Client, Service
from visitor import Visitor


def test_an_invitation_is_delivered_once_with_who_invites_to_what_and_the_link(
    delivering: Service, sender: Client, postbox: Postbox
) -> None:
    group = group_of(sender, "All acme.com")
    invitation = invite(sender, "bob@external.com", to=group, OptionalMessage="See you &lt;there&gt;")[0]

    mail = postbox.wait(1)[0]

    assert mail.recipients == ["bob@external.com"]
    assert mail.sender == "noreply@chatter.salesforce.com"
    assert mail.message["From"] == "Chatter <noreply@chatter.salesforce.com>"
    assert mail.message["To"] == "bob@external.com"
    assert mail.message["Subject"] == "Alice Archer invited you to join the group All acme.com on Chatter"
    assert mail.message["Message-ID"].startswith(f"<{invitation}.")
    assert "See you <there>" in mail.part("plain")
    assert "See you &lt;there&gt;" in mail.part("html") and ">Join Now</a>" in mail.part("html")
    link = re.search(r"Join Now: (\S+)", mail.part("plain"))
    assert link and re.fullmatch(re.escape(delivering.url) + r"/join/\d+\.\d+\.[\w-]{43}", link[1])
    assert f'href="{link[1]}"' in mail.part("html")
    wait_until(lambda: mails(delivering)[0].status == "Sent")
    assert mails(delivering)[0].raw.rstrip() == mail.raw.rstrip()


def test_mails_of_one_call_go_out_once_each(sender: Client, postbox: Postbox) -> None:
    addresses = [f"u{n}@acme.com" for n in range(50)]

    invite(sender, *addresses)

    assert sorted(m.recipients[0] for m in postbox.wait(50)) == sorted(addresses)
    time.sleep(1)
    assert len(postbox.attempts) == 50


def test_a_link_names_the_address_the_service_is_known_under(
    postbox: Postbox, make_service: Callable[..., Service]
) -> None:
    service = make_service(smtp_url=postbox.url, external_url="https://org.example/")

    invite(service.client("alice@acme.com"), "bob@acme.com")

    assert "Join Now: https://org.example/join/" in postbox.wait(1)[0].part("plain")


def test_a_server_that_is_down_gets_the_mail_when_it_is_up(
    closed_postbox: Postbox, make_service: Callable[..., Service]
) -> None:
    service = make_service(smtp_url=closed_postbox.url)
    invite(service.client("alice@acme.com"), "bob@acme.com")
    sender = service.app.sender
    wait_until(lambda: bool(sender and sender.problem))
    assert [m.status for m in mails(service)] == ["Queued"]

    closed_postbox.open()

    assert [m.recipients for m in closed_postbox.wait(1)] == [["bob@acme.com"]]


@pytest.mark.parametrize("reply", ["451 4.3.0 later", "cut", "hang", "421 closing", "530 5.7.0 sign in"])
def test_a_mail_that_was_not_taken_is_tried_again_under_the_same_message_id(
    reply: str, delivering: Service, sender: Client, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reply == "hang":
        monkeypatch.setattr(smtp, "SILENCE_SECONDS", 2)
    postbox.replies.append(reply)
    invite(sender, "bob@acme.com", "eve@acme.com")

    delivered = postbox.wait(2)

    assert sorted(m.recipients[0] for m in delivered) == ["bob@acme.com", "eve@acme.com"]
    assert postbox.attempts.count("bob@acme.com") + postbox.attempts.count("eve@acme.com") == 3
    wait_until(lambda: all(m.status == "Sent" for m in mails(delivering)))
    assert {m.message["Message-ID"] for m in delivered} == {
        f"<{m.letter.message_id}>" for m in mails(delivering)
    }


def test_a_refused_mail_fails_for_good_and_holds_up_no_other(
    delivering: Service, sender: Client, postbox: Postbox
) -> None:
    postbox.replies.append("550 5.1.1 no such user")
    invite(sender, "bob@acme.com", "eve@acme.com")

    postbox.wait(1)
    wait_until(lambda: {m.status for m in mails(delivering)} == {"Sent", "Failed"})

    failed = next(m for m in mails(delivering) if m.status == "Failed")
    assert failed.reply == "550 5.1.1 no such user"
    time.sleep(1.2)
    assert sorted(postbox.attempts) == ["bob@acme.com", "eve@acme.com"]


def test_what_is_rolled_back_is_not_mailed(delivering: Service, sender: Client, postbox: Postbox) -> None:
    header = "<AllOrNoneHeader><allOrNone>true</allOrNone></AllOrNoneHeader>"
    records = [
        {"InvitedUserEmail": a, "SharedEntityId": sender.user_id} for a in ("bob@acme.com", "no address")
    ]

    answer = sender.create("CollaborationInvitation", *records, header=header)

    assert answer.texts("success") == ["false", "false"]
    assert mails(delivering) == []
    invite(sender, "eve@acme.com")
    assert [m.recipients for m in postbox.wait(1)] == [["eve@acme.com"]]


def test_refused_records_are_not_mailed_and_the_good_ones_of_the_call_are(
    sender: Client, postbox: Postbox
) -> None:
    records = [
        {"InvitedUserEmail": a, "SharedEntityId": sender.user_id} for a in ("no address", "bob@acme.com")
    ]

    assert sender.create("CollaborationInvitation", *records).texts("success") == ["false", "true"]

    assert [m.recipients for m in postbox.wait(1)] == [["bob@acme.com"]]


def test_an_invitation_canceled_before_delivery_is_not_mailed(
    closed_postbox: Postbox, make_service: Callable[..., Service]
) -> None:
    service = make_service(smtp_url=closed_postbox.url)
    alice = service.client("alice@acme.com")
    bob, _ = invite(alice, "bob@acme.com", "eve@acme.com")
    assert alice.call(f"<delete><ids>{bob}</ids></delete>").text("success") == "true"

    closed_postbox.open()

    assert [m.recipients for m in closed_postbox.wait(1)] == [["eve@acme.com"]]
    wait_until(lambda: {m.status for m in mails(service)} == {"Sent", "Dropped"})
    assert closed_postbox.attempts == ["eve@acme.com"]
    assert mails(service, about=bob)[0].reply == "the invitation is canceled"


def test_creating_does_not_wait_for_the_mail_server(
    sender: Client, postbox: Postbox
) -> None:
    postbox.replies.append("hang")

    for n in range(5):
        invite(sender, *(f"u{n}-{i}@acme.com" for i in range(10)))

    assert not postbox.mails


def test_a_user_added_to_a_group_is_told_by_whom(sender: Client, postbox: Postbox) -> None:
    group = group_of(sender, "Engineering")
    carl = sender.query("SELECT Id FROM User WHERE Username = 'carl@acme.com'").text("Id") or ""

    sender.create("CollaborationGroupMember", {"CollaborationGroupId": group, "MemberId": carl})

    mail = postbox.wait(1)[0]
    assert mail.recipients == ["carl@acme.com"]
    assert mail.message["Subject"] == "Alice Archer added you to the group Engineering"
    assert "Welcome! You're now a member of the Engineering" in mail.part("plain")
    assert "How we build" in mail.part("plain") and ">View</a>" in mail.part("html")


@pytest.mark.parametrize("name", ["Engineering", "Board"])
def test_the_button_of_that_mail_leads_to_the_group(sender: Client, postbox: Postbox, name: str) -> None:
    carl = sender.query("SELECT Id FROM User WHERE Username = 'carl@acme.com'").text("Id") or ""
    member = {"CollaborationGroupId": group_of(sender, name), "MemberId": carl}
    sender.create("CollaborationGroupMember", member)
    [link] = re.findall(r'href="([^"]+)"[^>]*>View</a>', postbox.wait(1)[0].part("html"))

    visitor = Visitor(sender.url)
    visitor.sign_in("carl@acme.com")

    assert visitor.get(link.removeprefix(sender.url)).texts("//h1") == [name]


def test_who_joins_a_group_himself_gets_no_mail(delivering: Service, sender: Client) -> None:
    carl = delivering.client("carl@acme.com")
    group = group_of(sender, "Engineering")

    answer = carl.create(
        "CollaborationGroupMember", {"CollaborationGroupId": group, "MemberId": carl.user_id}
    )

    assert answer.text("success") == "true"
    assert mails(delivering) == []


def test_a_new_org_has_no_mail(delivering: Service) -> None:
    assert mails(delivering) == []


def test_the_password_of_resetpassword_is_mailed_when_the_header_asks(
    delivering: Service, sender: Client, postbox: Postbox
) -> None:
    admin = delivering.client("admin@acme.com")
    call = f"<resetPassword><userId>{sender.user_id}</userId></resetPassword>"
    header = "<EmailHeader><triggerUserEmail>true</triggerUserEmail></EmailHeader>"
    assert admin.call(call).status == 200
    assert mails(delivering) == []

    password = admin.call(call, header).text("password")

    mail = postbox.wait(1)[0]
    assert mail.recipients == ["alice@acme.com"]
    assert f"Temporary password: {password}" in mail.part("plain")
    assert Client(delivering.url).login("alice@acme.com", str(password)).session_id


@pytest.mark.parametrize("call", ["create", "upsert"])
def test_a_user_made_with_the_header_gets_a_first_password(
    call: str, delivering: Service, postbox: Postbox
) -> None:
    admin = delivering.client("admin@acme.com")
    profile = admin.query("SELECT Id FROM Profile WHERE Name = 'Chatter Free User'").text("Id")
    user = {
        "Username": "eve@acme.com", "Email": "eve@acme.com", "LastName": "Evans", "Alias": "eve",
        "ProfileId": str(profile), "TimeZoneSidKey": "Etc/UTC", "LocaleSidKey": "en_US", "IsActive": "true",
        "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
    }  # fmt: skip
    header = "<EmailHeader><triggerUserEmail>true</triggerUserEmail></EmailHeader>"

    key = "<externalIDFieldName>Id</externalIDFieldName>" if call == "upsert" else ""
    row = admin.record("User", user)

    made = admin.call(f"<{call}>{key}{row}</{call}>", header)
    changed = admin.record("User", {"Id": str(made.text("id")), "Title": "Engineer"})
    admin.call(f"<upsert><externalIDFieldName>Id</externalIDFieldName>{changed}</upsert>", header)

    assert len(mails(delivering)) == 1
    mail = postbox.wait(1)[0]
    assert mail.recipients == ["eve@acme.com"] and mail.message["Subject"] == "Welcome to Acme"
    password = re.search(r"Temporary password: (\w+)", mail.part("plain"))
    assert password and delivering.client().login("eve@acme.com", password[1]).session_id


@pytest.mark.parametrize(
    "url", ["localhost:25", "http://localhost", "smtp://", "smtp://host:port", "smtp://h/x"]
)
def test_a_url_that_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        smtp.Relay.of(url)


def test_a_password_does_not_go_over_the_wire_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    relay = smtp.Relay.of("smtp://me:se%2Fcret@mail.example:2525")
    assert (relay.host, relay.port, relay.user, relay.password) == ("mail.example", 2525, "me", "se/cret")

    class Plain(smtplib.SMTP):
        def __init__(self, *_: object) -> None:
            super().__init__()

        def ehlo_or_helo_if_needed(self) -> None:
            self.esmtp_features = {"auth": "PLAIN"}

    monkeypatch.setattr(smtplib, "SMTP", Plain)
    with pytest.raises(smtp.RelayAway, match="in the clear"):
        relay.connect()
