"""Letters: what a mail says, made from a template and the few facts the outbox keeps.

A letter is composed when it is delivered or read, always to the same bytes. Only the sender's address and
the mail "added you to the group" are known from the service; subjects and texts are ours. The header
fields are made by `email.message.EmailMessage`, which takes no line break, of texts from which all are
removed before.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from functools import lru_cache
from typing import TYPE_CHECKING

from orgbox.frozen import value

if TYPE_CHECKING:
    from jinja2 import Environment, Template

SENDER = Address("Chatter", "noreply", "chatter.salesforce.com")
_LONGEST_SUBJECT = 200
_BREAKING = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""What must not be in a header: every separator of lines and every control character."""
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

SUBJECTS = {
    "invitation": (
        "{{ inviter }} invited you to join {% if group %}the group {{ group }} on {% endif %}Chatter"
    ),
    "added": "{{ inviter }} added you to the group {{ group }}",
    "asked": "{{ person }} asks to join the group {{ group }}",
    "declined": "Your request to join the group {{ group }} was declined",
    "password": "Your new password for {{ org }}",
    "new_user": "Welcome to {{ org }}",
}
"""Subject of each kind of letter; the texts are templates/<kind>.txt and .html."""


@value
class Letter:
    """`facts` fills the template of its `kind`; `message_id` is without angle brackets."""

    kind: str
    recipient: str
    facts: Mapping[str, str]
    link: str
    message_id: str
    written: datetime

    @property
    def subject(self) -> str:
        """The subject, on one line whatever the facts hold."""
        return one_line(_subject(self.kind).render(self.facts))[:_LONGEST_SUBJECT]

    @property
    def text(self) -> str:
        """The plain text."""
        return self._body("txt")

    @property
    def html(self) -> str:
        """The same as HTML."""
        return self._body("html")

    def message(self) -> EmailMessage:
        """The mail. Raises ValueError for a recipient that is not one address."""
        message = EmailMessage(policy=SMTP if self.recipient.isascii() else SMTPUTF8)
        message["From"] = SENDER
        message["To"] = _address(self.recipient)
        message["Subject"] = self.subject
        message["Date"] = self.written
        message["Message-ID"] = f"<{self.message_id}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text, cte="quoted-printable")
        message.add_alternative(self.html, subtype="html", cte="quoted-printable")
        message.set_boundary(f"=_{hashlib.sha256(self.message_id.encode()).hexdigest()[:32]}")
        return message

    def _body(self, form: str) -> str:
        facts = {name: _UNPRINTABLE.sub(" ", value) for name, value in self.facts.items()}
        return _templates().get_template(f"{self.kind}.{form}").render(facts, link=self.link)


def one_line(text: str) -> str:
    """The text without line separators and control characters."""
    return _BREAKING.sub(" ", text).strip()


def _address(text: str) -> Address | str:
    """The recipient as the value of a header."""
    if one_line(text) != text or text.count("@") != 1 or set(text) & set(' ,;:<>()[]"\\'):
        raise ValueError(f"not one e-mail address: {text!r}")
    return Address(addr_spec=text) if text.isascii() else text


@lru_cache(maxsize=1)
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape  # slow to load

    return Environment(
        loader=PackageLoader("orgbox.mail"), autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


@lru_cache(maxsize=8)
def _subject(kind: str) -> "Template":
    return _templates().from_string(SUBJECTS[kind])
