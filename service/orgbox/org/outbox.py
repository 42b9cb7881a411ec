"""The outbox: mails kept in the transaction of what they tell of.

What the mails of a call have in common is kept once, as a letter; a mail holds who gets it and what is said
to nobody else. Neither holds a link or a password: these are made of the letter's nonce when the mail is
delivered or read, and a link is known again by making it once more. A status is Queued until the mail is
Sent, Failed for good, or Dropped because its invitation is no longer open.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, TableClause, bindparam, insert, select

from orgbox import ids
from orgbox.clock import moment_text, parse_moment
from orgbox.frozen import entity
from orgbox.mail.letter import SENDER, Letter
from orgbox.org import tokens
from orgbox.org.org import Org
from orgbox.org.registry import ORG_PREFIX
from orgbox.org.store import Store


@entity
class NewLetter:
    """What several mails say alike: `facts` fills the template of the `kind` (`mail.letter`)."""

    kind: str
    facts: Mapping[str, str]
    nonce: str = ""


class NewMail(NamedTuple):
    """A mail to be kept. `about` is the Id of the record it tells of: invitation, group or user.

    `message` is what only this mail says.
    """

    letter: NewLetter
    about: str
    recipient: str
    message: str | None = None


_OF_GROUPS = ("added", "asked", "declined")
"""Kinds of mails that tell of a group."""
_LETTER = ("org", "number", "nonce", "facts", "created")
_MAIL = (
    "org", "number", "kind", "letter", "about", "recipient", "message", "status", "due", "attempts",
)  # fmt: skip


def queue(connection: Connection, org: Org, mails: Sequence[NewMail]) -> None:
    """Keep mails and their letters: as many statements for one as for many.

    A letter has the number of the first mail it is in.
    """
    if not mails:
        return
    last = org.store.count_up(connection, org.number, "orgbox_mail", len(mails))
    letters: dict[NewLetter, int] = {}
    rows = []
    for number, (letter, about, recipient, message) in enumerate(mails, last - len(mails) + 1):
        first = letters.setdefault(letter, number)
        rows.append(
            (org.number, number, letter.kind, first, about, recipient, message, "Queued", 0, 0)
        )
    now = moment_text(org.clock.now())
    written = [
        (org.number, number, letter.nonce or tokens.new_nonce(), json.dumps(letter.facts), now)
        for letter, number in letters.items()
    ]
    _insert(connection, org.store, "orgbox_letter", _LETTER, written)
    _insert(connection, org.store, "orgbox_mail", _MAIL, rows)


def _insert(
    connection: Connection, store: Store, name: str, columns: Sequence[str], rows: Sequence[Any]
) -> None:
    text, _ = store.kept(("insert", name), lambda: _inserting(store.schema.system[name], columns))
    store.database.many(connection, text, rows)


def _inserting(table: TableClause, columns: Sequence[str]) -> Any:
    values: dict[str, Any] = {column: bindparam(column) for column in columns}
    return insert(table).values(values)


def kept_mails(store: Store) -> Select[Any]:
    """All mails, each with what its letter says."""
    mails, letters = store.schema.system["orgbox_mail"], store.schema.system["orgbox_letter"]
    same = (letters.c.org == mails.c.org) & (letters.c.number == mails.c.letter)
    return select(mails, letters.c.nonce, letters.c.facts, letters.c.created).join(letters, same)


def letter_of(mail: Row[Any], key: bytes, base_url: str) -> Letter:
    """The letter of a row of the outbox."""
    facts = {"message": mail.message or "", **json.loads(mail.facts)}
    if mail.kind in ("password", "new_user"):
        facts["password"] = tokens.password(key, mail.about, mail.nonce)
    message_id = f"{mail.about}.{tokens.token_hash(mail.nonce)[:16]}@{SENDER.domain}"
    link = base_url + _path(mail, key)
    return Letter(mail.kind, mail.recipient, facts, link, message_id, parse_moment(mail.created))


def _path(mail: Row[Any], key: bytes) -> str:
    """Where the button of a mail leads. Who has to sign in first is known in the org of the mail."""
    if mail.kind == "invitation":
        return f"/join/{_token(mail, key)}"
    page = f"/groups/{mail.about}" if mail.kind in _OF_GROUPS else "/signin"
    return f"{page}?org={ids.make(ORG_PREFIX, mail.org)}"


def _token(mail: Row[Any], key: bytes) -> str:
    return tokens.invitation_token(key, mail.org, mail.number, mail.about, mail.nonce)


def mail_of_link(connection: Connection, store: Store, token: str) -> Row[Any] | None:
    """The mail of an invitation whose link ends with the token, or None when there is no such link."""
    place = tokens.place_of(token)
    if place is None:
        return None
    mails = store.schema.system["orgbox_mail"]
    there = (mails.c.org == place[0]) & (mails.c.number == place[1])
    mail = connection.execute(kept_mails(store).where(there, mails.c.kind == "invitation")).first()
    if mail is None or not hmac.compare_digest(_token(mail, store.database.key), token):
        return None
    return mail
