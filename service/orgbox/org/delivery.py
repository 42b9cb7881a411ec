"""Giving the mails of the outbox to one sender at a time, and noting what became of them.

A lease in the database says which process is sending. It is short, so that another goes on soon when
that process dies, and on the same host at once. A mail is read, with the state of its invitation, right
before it is sent.
"""

import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update

from orgbox import ids
from orgbox.clock import moment_text
from orgbox.mail.sender import Waiting
from orgbox.mail.smtp import Outcome
from orgbox.org import invitations
from orgbox.org.org import Org
from orgbox.org.outbox import kept_mails, letter_of
from orgbox.org.registry import ORG_PREFIX, Orgs

_LEASE_SECONDS = 20
_LONGEST_BACKOFF_SECONDS = 300
_MOST_DROPPED_AT_ONCE = 200
_LONGEST_REPLY = 500


class Delivery:
    """The mails of all orgs that wait, as `mail.sender` takes them.

    `now` tells seconds since 1970 by the system's clock, which no org can move. A moment further ahead
    than any wait is long was written before that clock was set back, and counts as past.
    """

    def __init__(self, orgs: Orgs, base_url: Callable[[], str], now: Callable[[], float]) -> None:
        self._orgs = orgs
        self._base_url = base_url
        self._now = now
        self._mails = orgs.store.schema.system["orgbox_mail"]
        self._leases = orgs.store.schema.system["orgbox_lease"]

    @cached_property
    def _holder(self) -> str:
        """The name of this process, and not of the one it was forked from."""
        return f"{os.getpid()} {secrets.token_hex(8)} {socket.gethostname()}"

    def hold(self) -> bool:
        """Whether mails wait and no other process is sending: then none will for 20 seconds."""
        database = self._orgs.database
        with database.read() as connection:
            waiting = connection.execute(select(self._mails.c.org).where(self._due()).limit(1)).first()
        if waiting is None:
            return False
        with database.write() as connection:
            return self._lease(connection)

    def claim(self) -> Waiting | None:
        """The next mail that is due and still wanted, if this process is still the sender."""
        with self._orgs.database.write() as connection:
            if not self._lease(connection):
                return None
            for _ in range(_MOST_DROPPED_AT_ONCE):
                mail = connection.execute(self._next).first()
                if mail is None:
                    return None
                org = self._orgs.get(ids.make(ORG_PREFIX, mail.org))
                reason = self._unwanted(connection, org, mail) if org else "the org is gone"
                if not reason:
                    return self._waiting(mail)
                self._set(connection, (mail.org, mail.number), status="Dropped", reply=reason)
        return None

    def settle(self, mail: Waiting, outcome: Outcome) -> None:
        """Note what became of a mail; one to be tried again waits twice as long each time."""
        changes: dict[str, Any] = {"attempts": mail.attempts + 1, "reply": outcome.reply[:_LONGEST_REPLY]}
        if outcome.result == "Later":
            wait = min(2 ** min(mail.attempts, 16), _LONGEST_BACKOFF_SECONDS)
            changes["due"] = self._milliseconds() + wait * 1000
        else:
            org = self._orgs.get(ids.make(ORG_PREFIX, mail.key[0]))
            changes |= {"status": outcome.result, "settled": moment_text(org.clock.now()) if org else None}
        with self._orgs.database.write() as connection:
            self._set(connection, mail.key, **changes)

    def release(self) -> None:
        """Let another process send at once."""
        with self._orgs.database.write() as connection:
            connection.execute(delete(self._leases).where(self._leases.c.holder == self._holder))

    @property
    def _next(self) -> Any:
        mails = self._mails
        waiting = kept_mails(self._orgs.store).where(self._due())
        return waiting.order_by(mails.c.due, mails.c.org, mails.c.number).limit(1)

    def _due(self) -> Any:
        now, due = self._milliseconds(), self._mails.c.due
        ahead = now + (_LONGEST_BACKOFF_SECONDS + 1) * 1000
        return (self._mails.c.status == "Queued") & or_(due <= now, due > ahead)

    def _lease(self, connection: Connection) -> bool:
        """Take or prolong the lease; the database decides between processes.

        Where it lets this one wait for another that prolongs its own, that one's end is later than what was
        reckoned here: only one much later was written before the clock was set back.
        """
        now, table = self._milliseconds(), self._leases
        until = now + _LEASE_SECONDS * 1000
        impossible = until + _LEASE_SECONDS * 1000
        holder = connection.scalar(select(table.c.holder).where(table.c.name == "mail"))
        mine = table.c.holder.in_([self._holder, holder] if _is_dead(holder) else [self._holder])
        free = or_(mine, table.c.until <= now, table.c.until > impossible)
        row = {"org": 0, "name": "mail", "holder": self._holder, "until": until}
        statement = self._orgs.database.insert(table).values(row)
        changed = {"holder": self._holder, "until": until}
        taken = statement.on_conflict_do_update(index_elements=["org", "name"], set_=changed, where=free)
        return connection.execute(taken.returning(table.c.holder)).first() is not None

    def _unwanted(self, connection: Connection, org: Org, mail: Row[Any]) -> str:
        """Why a mail is not to be delivered any more; empty if it is."""
        if mail.kind != "invitation":
            return ""
        found = invitations.load(connection, org, mail.about, mail.recipient)
        state = invitations.state(found, org, invitations.read_settings(connection, org))
        return "" if state == "open" else f"the invitation is {state}"

    def _waiting(self, mail: Row[Any]) -> Waiting:
        raw, error = b"", ""
        try:
            letter = letter_of(mail, self._orgs.database.key, self._base_url())
            raw = letter.message().as_bytes()
        except (ValueError, LookupError) as problem:
            error = f"cannot be composed: {problem}"
        return Waiting((mail.org, mail.number), mail.attempts, mail.recipient, raw, error)

    def _set(self, connection: Connection, key: tuple[int, int], **values: Any) -> None:
        mine = (self._mails.c.org == key[0]) & (self._mails.c.number == key[1])
        connection.execute(update(self._mails).where(mine).values(**values))

    def _milliseconds(self) -> int:
        return int(self._now() * 1000)


def _is_dead(holder: str | None) -> bool:
    """Whether the holder of a lease was a process of this host that is no more."""
    pid, _, host = (holder or "0  ").split(" ", 2)
    if host != socket.gethostname():
        return False
    with suppress(PermissionError):
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
    return False
