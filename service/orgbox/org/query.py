"""query(), queryMore() and retrieve(): plans of the SOQL engine, executed.

A result of more than one batch gets a cursor (see `cursors`); values are read fresh for each batch, and
records deleted since drop out.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from sqlalchemy import Connection

from orgbox import ids
from orgbox.catalog.load import Catalog
from orgbox.catalog.sobject import SObject
from orgbox.errors import ApiFault, QueryFault, unknown_type_text
from orgbox.org import cursors, views
from orgbox.org.cursors import Cursor, Later
from orgbox.org.execution import Executor, Row, executing, viewer_of
from orgbox.org.session import Session
from orgbox.soql import Prepared
from orgbox.soql.compile import batch
from orgbox.soql.shape import Answer, Shape

_TOO_MANY_GROUPS = (
    "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
)


def run(
    session: Session, catalog: Catalog, text: str, batch_size: int, *, all_rows: bool = False
) -> tuple[Answer, Later | None]:
    """The first batch, and what to write for the next one, if there is one.

    `catalog` is as of the caller's version. Raises QueryFault and ApiFault as query() does.
    """
    prepared = _prepare(session, catalog, text, all_rows)
    values = _values(session, prepared)
    with executing(session) as execute:
        if prepared.plan.counts:
            return _counted(prepared, values, execute), None
        answer, later = _first_batch(session, prepared, values, batch_size, execute, all_rows)
    return answer, _noted(session, prepared, answer, later)


def _noted(session: Session, prepared: Prepared, answer: Answer, later: Later | None) -> Later | None:
    """What FOR VIEW and FOR REFERENCE have written, besides what is to be written anyway."""
    if not prepared.plan.mark or prepared.plan.grouped:
        return later
    found = [row[prepared.plan.root_id] for row in answer.rows]
    return views.noted(session, prepared.plan.mark, found, later)


def _counted(prepared: Prepared, values: dict[str, object], execute: Executor) -> Answer:
    return Answer(prepared.plan.shape, [], int(execute(prepared.plan.count, values)[0][0]))


def _first_batch(
    session: Session,
    prepared: Prepared,
    values: dict[str, object],
    batch_size: int,
    execute: Executor,
    all_rows: bool,
) -> tuple[Answer, Later | None]:
    plan = prepared.plan
    most = batch_size if not plan.grouped else max(batch_size, session.org.limits.batch_size)
    rows = execute(plan.rows, _limited(values, most + 1))
    if plan.grouped:
        if len(rows) > most:
            raise ApiFault("EXCEEDED_ID_LIMIT", _TOO_MANY_GROUPS)
        return Answer(plan.shape, plan.complete(rows, values, execute), len(rows)), None
    if len(rows) <= most and not plan.attachments:
        return Answer(plan.shape, list(rows), len(rows)), None
    cursor = cursors.new(session, prepared.query.text, all_rows)
    children = _ChildCursors(session, cursor)
    shown = plan.batch(rows[:most], values, execute, most, children.locate)
    if len(shown) == len(rows) or values["offset"]:
        return Answer(plan.shape, shown, len(shown)), children.later()
    found = str(execute(plan.ids, values)[0][0])
    cursor = cursors.filled(cursor, found)
    answer = Answer(plan.shape, shown, cursor.size, cursor.locator(len(shown)))
    return answer, children.later(cursors.keep(session, cursor, found))


class _ChildCursors:
    """Makes the cursors of children that do not fit into a batch of a cursor's result."""

    def __init__(self, session: Session, cursor: Cursor) -> None:
        self._session = session
        self._cursor = cursor
        self._kept: list[Later] = []

    def locate(self, number: int, found: str, shown: int) -> str | None:
        """See `soql.compile.attached.Locate`."""
        of, path = self._cursor, f"{self._cursor.path}.{number}"
        child = cursors.new(self._session, of.query, of.all_rows, path=path, parent=of.id)
        child = cursors.filled(child, found)
        self._kept.append(cursors.keep(self._session, child, found))
        return child.locator(shown)

    def later(self, *before: Later | None) -> Later | None:
        """What is to be written, that before it first."""
        parts = [part for part in (*before, *self._kept) if part]

        def save(connection: Connection) -> None:
            for part in parts:
                part(connection)

        return save if parts else None


def first(session: Session, catalog: Catalog, text: str, most: int) -> tuple[Answer, bool]:
    """The first `most` records and whether there are more, without a cursor and without counting.

    Raises as `run`.
    """
    prepared = _prepare(session, catalog, text, False)
    plan, values = prepared.plan, _values(session, prepared)
    with executing(session) as execute:
        if plan.counts:
            return _counted(prepared, values, execute), False
        rows = execute(plan.rows, _limited(values, most + 1))
        shown = plan.complete(rows[:most], values, execute)
    return Answer(plan.shape, shown, len(shown)), len(rows) > most


def more(
    session: Session, catalog: Catalog, locator: str, batch_size: int
) -> tuple[Answer, Later | None]:
    """The batch a locator leads to, and what to write of its use.

    Raises ApiFault INVALID_QUERY_LOCATOR.
    """
    cursor, start = cursors.find(session, locator)
    wanted = cursors.ids_between(session, cursor, start, start + batch_size)
    prepared = _prepare(session, catalog, cursor.query, cursor.all_rows)
    source, values = prepared.plan.at(cursor.path), _values(session, prepared)
    children = _ChildCursors(session, cursor)
    with executing(session) as execute:
        found = {row[source.root_id]: row for row in execute(source.page, values | {"ids": wanted})}
        present = [key for key in wanted if key in found]
        rows = [found[key] for key in present]
        shown = batch(rows, source.attachments, values, execute, batch_size, children.locate)
    ended = len(shown) == len(rows)
    stop = start + (len(wanted) if ended else wanted.index(present[len(shown)]))
    answer = Answer(source.shape, shown, cursor.size, cursor.locator(stop))
    released = cursors.release_children(session, cursor) if source.attachments else None
    later = children.later(released, cursors.touch(session, cursor))
    return answer, later if cursor.path else _noted(session, prepared, answer, later)


def retrieve(
    session: Session, catalog: Catalog, names: Sequence[str], sobject: str, keys: Sequence[str]
) -> tuple[Shape, list[Row | None]]:
    """Rows in the order of `keys`, None where there is no such record.

    Errors in the field list are those of the query `SELECT <names> FROM <sobject>`; the LIMIT that
    some SObjects ask of queries is not asked for.
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
    text = f"SELECT {', '.join(names)} FROM {kind.name}"
    prepared = _prepare(session, catalog, text, False, sees_all=True)
    wanted = [key if len(key) == ids.LENGTH else _id_of(kind, key) for key in keys]
    rows = _page(session, prepared, wanted)
    for key, row in zip(wanted, rows, strict=True):
        if row is None:  # what is found is an id
            _id_of(kind, key)
    return _telling_id(prepared.plan.shape, prepared.plan.root_id), rows


@lru_cache(maxsize=1_000)
def _telling_id(shape: Shape, root_id: int) -> Shape:
    """retrieve() tells the Id whether asked for or not."""
    return replace(shape, id_index=root_id)


def _id_of(kind: SObject, key: str) -> str:
    normal = ids.normalize(key)
    if normal is None:
        raise ApiFault("MALFORMED_ID", f"malformed id {key}")
    if normal[:3] != kind.key_prefix:
        raise ApiFault("INVALID_ID_FIELD", f"Invalid Id for entity type '{kind.name}'")
    return normal


def _prepare(
    session: Session, catalog: Catalog, text: str, all_rows: bool, *, sees_all: bool | None = None
) -> Prepared:
    viewer = viewer_of(session, sees_all=sees_all)
    visible = session.org.rows.filter_of(session.user)
    return session.org.plans.prepare(text, catalog, viewer, all_rows=all_rows, row_filter=visible)


def _values(session: Session, prepared: Prepared) -> dict[str, object]:
    return prepared.values(session.org.number, session.org.clock.now())


def _limited(values: dict[str, object], most: int) -> dict[str, object]:
    """The values with a LIMIT of at most that."""
    return values | {"limit": min(int(values["limit"]), most)}  # type: ignore[call-overload]


def _page(session: Session, prepared: Prepared, wanted: Sequence[str]) -> list[Row | None]:
    """Rows with these Ids in this order."""
    plan = prepared.plan
    values = _values(session, prepared) | {"ids": list(dict.fromkeys(wanted))}
    with executing(session) as execute:
        rows = plan.complete(execute(plan.page, values), values, execute)
    by_id = {row[plan.root_id]: row for row in rows}
    return [by_id.get(key) for key in wanted]
