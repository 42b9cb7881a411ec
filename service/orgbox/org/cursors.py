"""Cursors: the Ids of all records of a result in their order, kept in the database for queryMore().

So a locator leads on after a restart and on any process, and its pages neither repeat nor skip a record
whatever is written meanwhile. How long a cursor lives depends on the API version that made it: two days
from 56.0 on; before, 15 minutes after its last use, and a user's eleventh releases the oldest. Source:
SOAP API, QueryLocator; API Query Cursor Limits.
"""

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from orgbox import ids
from orgbox.clock import moment_text
from orgbox.errors import ApiFault
from orgbox.frozen import value
from orgbox.org.session import Session

Later = Callable[[Connection], None]
"""What is to be written once the reading transaction has ended."""

_PREFIX = "0r8"
_CHUNK = 2_000
_LONG_LIVED_FROM = 56
_LOCATOR = re.compile(r"(\w{15}|\w{18})-(\d{1,9})")


@value
class Cursor:
    """A kept result: its query, and how many records it had when it was asked.

    That of the children of one record has the `path` to the child subquery and the Id of the cursor of
    the result its `parent` is in, whether that one is kept or not.
    """

    id: str
    query: str
    all_rows: bool
    size: int
    old: bool
    path: str = ""
    parent: str = ""

    def locator(self, start: int) -> str | None:
        """The locator of the batch from record number `start` on; None behind the last."""
        return f"{self.id}-{start}" if start < self.size else None


def new(session: Session, query: str, all_rows: bool, *, path: str = "", parent: str = "") -> Cursor:
    """A cursor for a result, to be kept by `keep` once its size is known."""
    id_ = ids.make(_PREFIX, secrets.randbelow(62**12))
    return Cursor(id_, query, all_rows, 0, session.version < _LONG_LIVED_FROM, path, parent)


def filled(cursor: Cursor, found: str) -> Cursor:
    """The cursor of a result with those Ids, one behind another."""
    return replace(cursor, size=len(found) // ids.LENGTH)


def keep(session: Session, cursor: Cursor, found: str) -> Later:
    """Write the cursor with the Ids it found, one behind another; remove those whose time is over."""
    org, system = session.org, session.org.store.schema.system
    row = {
        "org": org.number, "id": cursor.id, "user_id": session.user.id, "created": session.now,
        "used": session.now, "query": cursor.query, "all_rows": int(cursor.all_rows),
        "version": session.version, "size": cursor.size, "path": cursor.path, "parent": cursor.parent,
    }  # fmt: skip
    chunks = [
        {"org": org.number, "cursor": cursor.id, "number": n, "ids": chunk}
        for n, chunk in enumerate(_cut(found, ids.LENGTH * _CHUNK))
    ]

    def save(connection: Connection) -> None:
        _remove_dead(session, connection)
        connection.execute(insert(system["orgbox_cursor"]), row)
        connection.execute(insert(system["orgbox_cursor_chunk"]), chunks)
        if cursor.old:
            _release_oldest(session, connection)

    return save


def find(session: Session, locator: str) -> tuple[Cursor, int]:
    """The caller's cursor that a locator names, and the number of the record it leads to.

    Raises ApiFault INVALID_QUERY_LOCATOR.
    """
    found = _LOCATOR.fullmatch(locator)
    cursor_id = ids.normalize(found[1]) if found else None
    if found is None or cursor_id is None:
        raise _invalid_locator()
    table = session.org.store.schema.system["orgbox_cursor"]
    mine = and_(table.c.id == cursor_id, table.c.user_id == session.user.id, _alive(session))
    row = session.connection.execute(select(table).where(mine)).one_or_none()
    start = int(found[2])
    if row is None or start >= row.size:
        raise _invalid_locator()
    old = row.version < _LONG_LIVED_FROM
    path, parent = row.path or "", row.parent or ""
    return Cursor(cursor_id, row.query, bool(row.all_rows), row.size, old, path, parent), start


def release_children(session: Session, cursor: Cursor) -> Later:
    """Remove the cursors of the children in the batches of a result given so far: queryMore() on the
    parents invalidates them.
    """
    table = session.org.store.schema.system["orgbox_cursor"]
    mine = and_(table.c.org == session.org.number, table.c.parent == cursor.id)

    def save(connection: Connection) -> None:
        _remove(session, connection, list(connection.scalars(select(table.c.id).where(mine))))

    return save


def touch(session: Session, cursor: Cursor) -> Later | None:
    """Note the use of a cursor whose life depends on it."""
    if not cursor.old:
        return None
    table = session.org.store.schema.system["orgbox_cursor"]
    mine = and_(table.c.org == session.org.number, table.c.id == cursor.id)
    now = session.now

    def save(connection: Connection) -> None:
        connection.execute(update(table).where(mine).values(used=now))

    return save


def ids_between(session: Session, cursor: Cursor, start: int, stop: int) -> list[str]:
    """The Ids of the records from number `start` up to `stop`."""
    table = session.org.store.schema.system["orgbox_cursor_chunk"]
    statement = (
        select(table.c.ids)
        .where(table.c.org == session.org.number, table.c.cursor == cursor.id)
        .where(table.c.number.between(start // _CHUNK, (stop - 1) // _CHUNK))
        .order_by(table.c.number)
    )
    joined = "".join(session.connection.scalars(statement))
    first = start // _CHUNK * _CHUNK
    part = joined[ids.LENGTH * (start - first) : ids.LENGTH * (stop - first)]
    return list(_cut(part, ids.LENGTH))


def _cut(text: str, length: int) -> Iterable[str]:
    """The text in pieces of that length."""
    return (text[start : start + length] for start in range(0, len(text), length))


def _alive(session: Session) -> ColumnElement[bool]:
    """The condition on cursors of the org that may still be used."""
    table, limits = session.org.store.schema.system["orgbox_cursor"], session.org.limits
    now = session.org.clock.now()
    oldest = moment_text(now - timedelta(days=limits.cursor_days))
    idle = moment_text(now - timedelta(minutes=limits.old_cursor_minutes))
    used = func.coalesce(table.c.used, table.c.created)
    return and_(
        table.c.org == session.org.number,
        table.c.created >= oldest,
        or_(table.c.version >= _LONG_LIVED_FROM, used >= idle),
    )


def _remove_dead(session: Session, connection: Connection) -> None:
    table = session.org.store.schema.system["orgbox_cursor"]
    dead = and_(table.c.org == session.org.number, ~_alive(session))
    _remove(session, connection, list(connection.scalars(select(table.c.id).where(dead))))


def _release_oldest(session: Session, connection: Connection) -> None:
    table = session.org.store.schema.system["orgbox_cursor"]
    mine = (
        select(table.c.id)
        .where(table.c.org == session.org.number, table.c.user_id == session.user.id)
        .where(table.c.version < _LONG_LIVED_FROM)
        .order_by(table.c.created.desc(), table.c.used.desc())
        .offset(session.org.limits.old_cursors_per_user)
    )
    _remove(session, connection, list(connection.scalars(mine)))


def _remove(session: Session, connection: Connection, gone: list[str]) -> None:
    if not gone:
        return
    org, system = session.org.number, session.org.store.schema.system
    cursors, chunks = system["orgbox_cursor"], system["orgbox_cursor_chunk"]
    connection.execute(delete(chunks).where(chunks.c.org == org, chunks.c.cursor.in_(gone)))
    connection.execute(delete(cursors).where(cursors.c.org == org, cursors.c.id.in_(gone)))


def _invalid_locator() -> ApiFault:
    return ApiFault("INVALID_QUERY_LOCATOR", "invalid query locator")
