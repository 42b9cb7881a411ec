"""The mailbox: every mail the service wrote, to be read whether or not there is a mail server.

Mails are listed from the newest on, by the number of the last one seen; a list stays quick however many
there are.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row

from orgbox.errors import RecordError
from orgbox.mail.letter import Letter
from orgbox.org import invitations
from orgbox.org.org import Org
from orgbox.org.outbox import NewLetter, NewMail, kept_mails, letter_of, queue
from orgbox.org.registry import Orgs

_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Mail:
    """A mail as it stands: `status` Queued, Sent, Failed or Dropped, `reply` the last words of the server.

    `about` is the Id of the invitation, group or user it tells of; moments are text as the API writes them.
    """

    number: int
    kind: str
    about: str
    recipient: str
    created: str
    status: str
    attempts: int
    reply: str
    settled: str | None
    letter: Letter

    @property
    def subject(self) -> str:
        """The subject."""
        return self.letter.subject

    @property
    def link(self) -> str:
        """Where the button leads."""
        return self.letter.link

    @property
    def text(self) -> str:
        """The plain text."""
        return self.letter.text

    @property
    def html(self) -> str:
        """The HTML."""
        return self.letter.html

    @cached_property
    def raw(self) -> bytes:
        """The mail byte by byte as it is delivered."""
        return self.letter.message().as_bytes()


class Mailbox:
    """Reads the mails of an org. `base_url` tells where links lead."""

    def __init__(self, orgs: Orgs, base_url: Callable[[], str]) -> None:
        self._orgs = orgs
        self._base_url = base_url

    def page(
        self, org: Org, *, before: int | None = None, limit: int = 50,
        about: str | None = None, recipient: str | None = None,
    ) -> list[Mail]:  # fmt: skip
        """The newest mails, or those before a number; only those about a record or to an address."""
        table = self._table
        statement = self._select.where(table.c.org == org.number)
        if before is not None:
            statement = statement.where(table.c.number < before)
        if about is not None:
            statement = statement.where(table.c.about == about)
        if recipient is not None:
            statement = statement.where(table.c.recipient == recipient.lower())
        with self._orgs.database.read() as connection:
            found = connection.execute(statement.order_by(table.c.number.desc()).limit(limit)).all()
        return [self._mail(row) for row in found]

    def mail(self, org: Org, number: int) -> Mail | None:
        """One mail, or None."""
        if not 0 < number <= _LARGEST:
            return None
        statement = self._select.where(self._table.c.org == org.number, self._table.c.number == number)
        with self._orgs.database.read() as connection:
            row = connection.execute(statement).one_or_none()
        return self._mail(row) if row else None

    def resend(self, org: Org, invitation_id: str) -> None:
        """Mail an open invitation once more, with a new link; the old one works too.

        Raises RecordError ENTITY_IS_DELETED when it is no longer open or was never mailed.
        """
        with self._orgs.database.write(org=org.number) as connection:
            mine = (self._table.c.org == org.number) & (self._table.c.about == invitation_id)
            last = self._select.where(mine).order_by(self._table.c.number.desc()).limit(1)
            row = connection.execute(last).first()
            if row is None or not self._is_open(connection, org, row):
                raise RecordError("ENTITY_IS_DELETED", "entity is deleted")
            letter = NewLetter(row.kind, json.loads(row.facts))
            queue(connection, org, [NewMail(letter, row.about, row.recipient, row.message)])

    def _is_open(self, connection: Connection, org: Org, row: Row[Any]) -> bool:
        found = invitations.load(connection, org, row.about, row.recipient)
        return invitations.state(found, org, invitations.read_settings(connection, org)) == "open"

    @property
    def _table(self) -> Any:
        return self._orgs.store.schema.system["orgbox_mail"]

    @property
    def _select(self) -> Any:
        return kept_mails(self._orgs.store)

    def _letter(self, row: Row[Any]) -> Letter:
        return letter_of(row, self._orgs.database.key, self._base_url())

    def _mail(self, row: Row[Any]) -> Mail:
        return Mail(
            row.number, row.kind, row.about, row.recipient, row.created, row.status, row.attempts,
            row.reply or "", row.settled, self._letter(row),
        )  # fmt: skip
