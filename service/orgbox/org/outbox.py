"""The outbox: mails kept in the transaction of what they tell of.

A row holds the few facts its letter is composed of (`mail.letter`), never a link or a password: these
are made of the nonce when the mail is delivered or read. A status is Queued until the mail is Sent,
Failed for good, or Dropped because its invitation is no longer open.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert

from orgbox.clock import moment_text, parse_moment
from orgbox.mail.letter import SENDER, Letter
from orgbox.org import tokens
from orgbox.org.org import Org
from orgbox.org.store import Store


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to be kept. `about` is the Id of the record it tells of: invitation, group or user."""

    kind: str
    about: str
    recipient: str
    facts: Mapping[str, str]
    nonce: str = ""


def queue(connection: Connection, org: Org, mails: Sequence[NewMail]) -> None:
    """Keep mails, and for invitations the hashes of their links: as many statements for one as for many."""
    if not mails:
        return
    last = org.store.count_up(connection, org.number, "orgbox_mail", len(mails))
    first, now, key = last - len(mails) + 1, moment_text(org.clock.now()), org.store.database.key
    rows: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for number, mail in enumerate(mails, first):
        nonce = mail.nonce or tokens.new_nonce()
        rows.append({
            "org": org.number, "number": number, "kind": mail.kind, "about": mail.about,
            "recipient": mail.recipient, "nonce": nonce, "facts": json.dumps(mail.facts),
            "created": now, "status": "Queued", "due": 0, "attempts": 0,
        })  # fmt: skip
        if mail.kind == "invitation":
            token = tokens.invitation_token(key, mail.about, nonce)
            links.append({
                "hash": tokens.token_hash(token), "org": org.number, "invitation": mail.about,
                "recipient": mail.recipient,
            })  # fmt: skip
    _insert(connection, org.store, "orgbox_mail", rows)
    _insert(connection, org.store, "orgbox_link", links)


def _insert(connection: Connection, store: Store, name: str, rows: list[dict[str, Any]]) -> None:
    text, order = store.kept(("insert", name), lambda: insert(store.schema.system[name]))
    store.database.many(connection, text, [[row.get(column) for column in order] for row in rows])


def letter_of(mail: Row[Any], key: bytes, base_url: str) -> Letter:
    """The letter of a row of the outbox."""
    facts = json.loads(mail.facts)
    if mail.kind in ("password", "new_user"):
        facts["password"] = tokens.password(key, mail.about, mail.nonce)
    message_id = f"{mail.about}.{tokens.token_hash(mail.nonce)[:16]}@{SENDER.domain}"
    link = base_url + _path(mail, key)
    return Letter(mail.kind, mail.recipient, facts, link, message_id, parse_moment(mail.created))


def _path(mail: Row[Any], key: bytes) -> str:
    """Where the button of a mail leads."""
    if mail.kind == "invitation":
        return f"/join/{tokens.invitation_token(key, mail.about, mail.nonce)}"
    return f"/groups/{mail.about}" if mail.kind == "added" else "/"
