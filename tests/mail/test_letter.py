"""What letters say, and that nothing in them can become a header or markup."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP

import pytest

from orgbox.mail.letter import SUBJECTS, Letter

EVERY_FACT = {
    "inviter": "Alice", "org": "Acme", "group": "All acme.com", "message": "Hello", "expires": "2030-01-31",
    "description": "Everyone", "name": "Bob", "username": "bob@acme.com", "password": "secret123",
    "person": "Carl",
}  # fmt: skip
LETTER = Letter(
    "invitation", "bob@acme.com", EVERY_FACT, "http://127.0.0.1/join/x", "0H1.1@chatter.salesforce.com",
    datetime(2030, 1, 1, tzinfo=UTC),
)  # fmt: skip
EVIL = [
    f"x{separator}Bcc: eve@evil.example{separator}{separator}<script>alert(1)</script>"
    for separator in ("\r\n", "\n", "\r", "\x0b", "\x0c", "\x00", "\x1c", "\x85", "\u2028", "\u2029")
]


@pytest.mark.parametrize("kind", SUBJECTS)
@pytest.mark.parametrize("evil", EVIL, ids=[ascii(text[1:3]) for text in EVIL])
def test_no_fact_becomes_a_header_or_markup(kind: str, evil: str) -> None:
    letter = replace(LETTER, kind=kind, facts=dict.fromkeys(EVERY_FACT, evil))

    message = message_from_bytes(letter.message().as_bytes(), policy=SMTP)

    assert message.keys() == [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    ]  # fmt: skip
    assert message["To"] == "bob@acme.com"
    assert len(str(message["Subject"]).splitlines()) == 1
    assert "<script" not in letter.html
    assert not message.defects


@pytest.mark.parametrize(
    "address",
    ["", "bob", "bob@acme.com\r\nBcc: eve@evil.example", "bob@acme.com, eve@evil.example", "a b@acme.com",
     "bob@acme.com\u2028x", "<bob@acme.com>", "bob@@acme.com", "bob@acme.com;eve@evil.example"],
)  # fmt: skip
def test_a_recipient_is_one_address(address: str) -> None:
    with pytest.raises(ValueError):
        replace(LETTER, recipient=address).message()


def test_a_letter_is_the_same_bytes_each_time() -> None:
    assert LETTER.message().as_bytes() == LETTER.message().as_bytes()


def test_names_in_any_script_arrive_as_they_are() -> None:
    letter = replace(LETTER, facts=EVERY_FACT | {"inviter": "Zoë Ångström 山田", "message": "Grüße 🎉\nDu"})

    message = message_from_bytes(letter.message().as_bytes(), policy=SMTP)

    assert message["Subject"] == "Zoë Ångström 山田 invited you to join the group All acme.com on Chatter"
    assert "Grüße 🎉\nDu" in letter.text


def test_an_invitation_without_group_and_message_names_chatter() -> None:
    letter = replace(LETTER, facts=EVERY_FACT | {"group": "", "message": ""})

    assert letter.subject == "Alice invited you to join Chatter"
    assert letter.text.startswith("Alice invited you to join Chatter, where Acme works together.\n")
    assert "blockquote" not in letter.html


def test_an_address_outside_ascii_is_written_in_utf_8() -> None:
    raw = replace(LETTER, recipient="zoë@acme.com").message().as_bytes()

    assert "To: zoë@acme.com".encode() in raw
