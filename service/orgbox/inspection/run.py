"""The checks in one table, and how they are run: all of one moment, whatever is written meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, TableClause, select
from sqlalchemy.exc import SQLAlchemyError

from orgbox.catalog.load import CatalogError
from orgbox.inspection import counters, outbox, records, tables, users
from orgbox.inspection.view import Check, View
from orgbox.org.org import Org
from orgbox.org.registry import ORG, SNAPSHOT, Orgs
from orgbox.org.settings import settings_from_json

CHECKS: tuple[Check, ...] = (
    records.ids_are_well_formed,
    records.ids_are_counted,
    records.references_lead_to_records,
    records.the_deleted_are_gone,
    records.folded_text_follows_the_text,
    records.unique_values_have_their_holders,
    counters.members_are_counted,
    counters.licenses_are_counted,
    outbox.no_mail_is_missing,
    outbox.invitations_have_their_mails,
    outbox.mails_tell_of_records,
    outbox.mails_have_their_letters,
    outbox.links_have_their_key,
    outbox.mails_are_in_a_state,
    users.what_users_left_is_a_users,
    users.cursors_are_whole,
)
"""What must hold in every org, templates and snapshots included."""


def findings(orgs: Orgs) -> Iterator[str]:
    """A line for each thing that is wrong with the database of these orgs; nothing is changed.

    Where tables are missing, or cannot be read, that is all there is to say.
    """
    with _one_moment(orgs) as connection:
        try:
            yield from findings_in(connection, orgs)
        except SQLAlchemyError as error:
            yield f"cannot be read: {str(error).splitlines()[0]}"


def findings_in(connection: Connection, orgs: Orgs) -> Iterator[str]:
    """The findings as the transaction of a connection sees them. Raises SQLAlchemyError."""
    wrong = list(tables.file_is_whole(connection))
    wrong += tables.tables_are_complete(connection, orgs.store.schema.layouts.values())
    yield from wrong
    if wrong:
        return
    seen: dict[str, TableClause] = orgs.store.schema.tables()
    for row in connection.execute(select(orgs.store.schema.system["orgbox_org"])).all():
        try:
            view = _view(connection, orgs, row)
        except (ValueError, CatalogError) as error:
            yield f"{row.id}: what the register says cannot be read: {error}"
            continue
        own = [s.name for s in view.org.catalog if seen.get(s.name) is not view.table(s.name)]
        layout = view.org.store.schema.records.layout
        lacking = list(tables.tables_are_complete(connection, map(layout, own)))
        yield from (f"{row.id}: {line}" for line in lacking)
        if not lacking:
            seen |= {name: view.table(name) for name in own}
            yield from (f"{row.id}: {line}" for check in CHECKS for line in check(view))
    yield from tables.rows_are_of_known_orgs(connection, orgs.store.schema, seen.values())


def _view(connection: Connection, orgs: Orgs, row: Row[Any]) -> View:
    """Raises ValueError and CatalogError where settings or texts are no such."""
    org = _org(connection, orgs, row)
    org.follow(connection, row.revision)
    if org.model.revision != (row.revision or ""):
        raise ValueError(f"revision {row.revision}, but the texts are {org.model.revision or 'none'}")
    settings = settings_from_json(row.settings)
    return View(connection, org, row.kind, settings, orgs.database.kept_key)


def _org(connection: Connection, orgs: Orgs, row: Row[Any]) -> Org:
    """The org of a row of the register. A snapshot's Ids go on where those of its org do."""
    origin = row.origin
    if row.kind == SNAPSHOT:
        register = orgs.store.schema.system["orgbox_org"]
        mine = select(register.c.origin).where(register.c.org == row.origin, register.c.kind == ORG)
        origin = connection.scalar(mine) or row.origin
    return orgs.make(row.id, row.name, origin)


@contextmanager
def _one_moment(orgs: Orgs) -> Iterator[Connection]:
    """A transaction that sees the database as it is when it begins."""
    with orgs.database.read() as connection:
        if not orgs.database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        yield connection
