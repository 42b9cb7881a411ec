"""query(), queryMore() and retrieve(): plans of the SOQL engine, executed.

A result of more than one batch gets a cursor: the Ids of all its records in their order, kept in the
database. So a locator leads on after a restart and on any process, and its pages neither repeat nor skip
a record whatever is written meanwhile; values are read fresh, and records deleted since drop out.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from orgbox import ids
from orgbox.catalog.load import Catalog
from orgbox.clock import moment_text
from orgbox.errors import ApiFault, QueryFault, unknown_type_text
from orgbox.org.session import Session
from orgbox.soql import Prepared, Statement, Viewer
from orgbox.soql.shape import Answer, Shape

Row = tuple[Any, ...]
Later = Callable[[Connection], None]

_PREFIX = "0r8"
_CHUNK = 2_000
_TOO_MANY_GROUPS = (
    "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
)
_LOCATOR = re.compile(r"(\w{15}|\w{18})-(\d{1,9})")


def run(
    session: Session, catalog: Catalog, text: str, batch_size: int, *, all_rows: bool = False
) -> tuple[Answer, Later | None]:
    """The first batch, and what to write for the next one, if there is one.

    `catalog` is as of the caller's version. Raises QueryFault and ApiFault as query() does.
    """
    prepared = _prepare(session, catalog, text, all_rows)
    plan, values = prepared.plan, _values(session, prepared)
    if plan.counts:
        size = _execute(session.connection, plan.count, values)[0][0]
        return Answer(plan.shape, [], int(size)), None
    most = batch_size if not plan.grouped else max(batch_size, session.org.limits.batch_size)
    first = values | {"limit": min(int(values["limit"]), most + 1)}  # type: ignore[call-overload]
    rows = _execute(session.connection, plan.rows, first)
    if len(rows) <= most:
        return Answer(plan.shape, _complete(session, prepared, rows, values), len(rows)), None
    if plan.grouped:
        raise ApiFault("EXCEEDED_ID_LIMIT", _TOO_MANY_GROUPS)
    rows = _complete(session, prepared, rows[:batch_size], values)
    if values["offset"]:
        return Answer(plan.shape, rows, len(rows)), None
    found = [row[0] for row in _execute(session.connection, plan.ids, values)]
    cursor_id = ids.make(_PREFIX, secrets.randbelow(62**12))
    answer = Answer(plan.shape, rows, len(found), f"{cursor_id}-{batch_size}")
    return answer, _saving(session, cursor_id, text, all_rows, found)


def first(session: Session, catalog: Catalog, text: str, most: int) -> tuple[Answer, bool]:
    """The first `most` records and whether there are more, without a cursor and without counting.

    Raises as `run`.
    """
    prepared = _prepare(session, catalog, text, False)
    plan, values = prepared.plan, _values(session, prepared)
    if plan.counts:
        return run(session, catalog, text, most)[0], False
    limit = min(int(values["limit"]), most + 1)  # type: ignore[call-overload]
    rows = _execute(session.connection, plan.rows, values | {"limit": limit})
    shown = _complete(session, prepared, rows[:most], values)
    return Answer(plan.shape, shown, len(shown)), len(rows) > most


def more(session: Session, catalog: Catalog, locator: str, batch_size: int) -> Answer:
    """The batch a locator leads to. Raises ApiFault INVALID_QUERY_LOCATOR."""
    cursor_id, start = _parse(locator)
    cursor = _cursor(session, cursor_id)
    if start >= cursor["size"]:
        raise _invalid_locator()
    wanted = _ids_between(session, cursor_id, start, start + batch_size)
    prepared = _prepare(session, catalog, cursor["query"], bool(cursor["all_rows"]))
    rows = _page(session, prepared, wanted)
    following = start + batch_size
    next_locator = f"{cursor_id}-{following}" if following < cursor["size"] else None
    present = [row for row in rows if row is not None]
    return Answer(prepared.plan.shape, present, cursor["size"], next_locator)


def retrieve(
    session: Session, catalog: Catalog, names: Sequence[str], sobject: str, keys: Sequence[str]
) -> tuple[Shape, list[Row | None]]:
    """Rows in the order of `keys`, None where there is no such record.

    Errors in the field list are those of the query `SELECT <names> FROM <sobject>`.
    """
    kind = catalog.get(sobject.strip())
    if kind is None:
        raise QueryFault("INVALID_TYPE", unknown_type_text(sobject))
    if not kind.supports("retrieve"):
        text = f"entity type {kind.name} does not support retrieve"
        raise ApiFault("INVALID_TYPE_FOR_OPERATION", text)
    limit = session.org.limits.ids_per_retrieve
    if len(keys) > limit:
        text = f"too many object identifiers specified; at most {limit} are allowed"
        raise ApiFault("EXCEEDED_ID_LIMIT", text)
    wanted = [_id_of(kind.name, kind.key_prefix, key) for key in keys]
    text = f"SELECT {', '.join(names)} FROM {kind.name}"
    prepared = _prepare(session, catalog, text, False)
    plan = prepared.plan
    return _telling_id(plan.shape, plan.root_id), _page(session, prepared, wanted)


@lru_cache(maxsize=1_000)
def _telling_id(shape: Shape, root_id: int) -> Shape:
    """retrieve() tells the Id whether asked for or not."""
    return replace(shape, id_index=root_id)


def _id_of(name: str, prefix: str | None, key: str) -> str:
    normal = ids.normalize(key)
    if normal is None:
        raise ApiFault("MALFORMED_ID", f"malformed id {key}")
    if normal[:3] != prefix:
        raise ApiFault("INVALID_ID_FIELD", f"Invalid Id for entity type '{name}'")
    return normal


def _prepare(session: Session, catalog: Catalog, text: str, all_rows: bool) -> Prepared:
    user = session.user
    viewer = Viewer(
        user.id, user.time_zone, user.locale,
        sees_all=user.may("ViewAllData") or user.may("ModifyAllData"), version=session.version,
    )  # fmt: skip
    visible = session.org.rows.filter_of(user)
    return session.org.plans.prepare(text, catalog, viewer, all_rows=all_rows, row_filter=visible)


def _values(session: Session, prepared: Prepared) -> dict[str, object]:
    return prepared.values(session.org.number, session.org.clock.now())


def _execute(connection: Connection, statement: Statement, values: Any) -> list[Row]:
    text, parameters = statement.on(connection.dialect.name, values)
    return connection.exec_driver_sql(text, parameters).fetchall()  # type: ignore[return-value]


def _complete(
    session: Session, prepared: Prepared, rows: Sequence[Row], values: dict[str, object]
) -> list[Row]:
    """The rows with what is attached to them: children, records of TYPEOF."""

    def execute(statement: Statement, given: Mapping[str, object]) -> list[Row]:
        return _execute(session.connection, statement, given)

    return prepared.plan.complete(rows, values, execute)


def _page(session: Session, prepared: Prepared, wanted: Sequence[str]) -> list[Row | None]:
    """Rows with these Ids in this order."""
    values = _values(session, prepared) | {"ids": list(dict.fromkeys(wanted))}
    found = _execute(session.connection, prepared.plan.page, values)
    rows = _complete(session, prepared, found, values)
    root_id = prepared.plan.root_id
    by_id = {row[root_id]: row for row in rows}
    return [by_id.get(key) for key in wanted]


def _saving(
    session: Session, cursor_id: str, text: str, all_rows: bool, found: list[str]
) -> Later:
    org, system = session.org, session.org.store.schema.system
    row = {
        "org": org.number, "id": cursor_id, "user_id": session.user.id, "created": session.now,
        "query": text, "all_rows": int(all_rows), "version": session.version, "size": len(found),
    }  # fmt: skip
    chunks = [
        {"org": org.number, "cursor": cursor_id, "number": n, "ids": "".join(chunk)}
        for n, chunk in enumerate(_chunks(found))
    ]

    def save(connection: Connection) -> None:
        _remove_old(session, connection)
        connection.execute(insert(system["orgbox_cursor"]), row)
        connection.execute(insert(system["orgbox_cursor_chunk"]), chunks)

    return save


def _chunks(found: list[str]) -> Iterable[list[str]]:
    return (found[start : start + _CHUNK] for start in range(0, len(found), _CHUNK))


def _remove_old(session: Session, connection: Connection) -> None:
    org, system = session.org, session.org.store.schema.system
    cursors, chunks = system["orgbox_cursor"], system["orgbox_cursor_chunk"]
    mine = (cursors.c.org == org.number) & (cursors.c.created < _oldest(session))
    old = select(cursors.c.id).where(mine)
    connection.execute(
        delete(chunks).where(chunks.c.org == org.number, chunks.c.cursor.in_(old))
    )
    connection.execute(delete(cursors).where(mine))


def _oldest(session: Session) -> str:
    return moment_text(
        session.org.clock.now() - timedelta(days=session.org.limits.cursor_days)
    )


def _parse(locator: str) -> tuple[str, int]:
    found = _LOCATOR.fullmatch(locator)
    cursor_id = ids.normalize(found[1]) if found else None
    if found is None or cursor_id is None:
        raise _invalid_locator()
    return cursor_id, int(found[2])


def _cursor(session: Session, cursor_id: str) -> dict[str, Any]:
    """The caller's cursor of that id, if it is not too old."""
    table = session.org.store.schema.system["orgbox_cursor"]
    statement = select(table).where(
        table.c.org == session.org.number, table.c.id == cursor_id,
        table.c.user_id == session.user.id, table.c.created >= _oldest(session),
    )  # fmt: skip
    row = session.connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise _invalid_locator()
    return dict(row)


def _ids_between(session: Session, cursor_id: str, start: int, stop: int) -> list[str]:
    table = session.org.store.schema.system["orgbox_cursor_chunk"]
    statement = (
        select(table.c.ids)
        .where(table.c.org == session.org.number, table.c.cursor == cursor_id)
        .where(table.c.number.between(start // _CHUNK, (stop - 1) // _CHUNK))
        .order_by(table.c.number)
    )
    joined = "".join(session.connection.scalars(statement))
    first = start // _CHUNK * _CHUNK
    part = joined[18 * (start - first) : 18 * (stop - first)]
    return [part[at : at + 18] for at in range(0, len(part), 18)]


def _invalid_locator() -> ApiFault:
    return ApiFault("INVALID_QUERY_LOCATOR", "invalid query locator")
