"""What lies under the orgs: the file, the tables, the register, rows of orgs that are gone."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, TableClause, inspect, select

from orgbox.inspection.view import some
from orgbox.org import unique
from orgbox.org.layout import TableLayout
from orgbox.org.schema import Schema

_OF_ALL = ("orgbox_lease", "orgbox_schema")
"""Tables that belong to the service and not to an org."""


def file_is_whole(connection: Connection) -> Iterator[str]:
    """SQLite's own check of every page, index and row."""
    if connection.dialect.name == "sqlite":
        told = connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars()
        yield from (f"the file: {line}" for line in told if line != "ok")


def tables_are_complete(connection: Connection, layouts: Iterable[TableLayout]) -> Iterator[str]:
    """Every table with every column and index."""
    there = inspect(connection)
    names = set(there.get_table_names())
    for layout in layouts:
        if layout.name not in names:
            yield f"{layout.name}: no such table"
            continue
        has = {c["name"] for c in there.get_columns(layout.name)}
        has |= {str(i["name"]) for i in there.get_indexes(layout.name)}
        needs = {c.name for c in layout.columns} | {i.name for i in layout.indexes}
        if needs - has:
            yield f"{layout.name}: without {some(sorted(needs - has))}"


def rows_are_of_known_orgs(
    connection: Connection, schema: Schema, tables: Iterable[TableClause]
) -> Iterator[str]:
    """No row is left of an org that is gone."""
    register = schema.system["orgbox_org"]
    for table in tables:
        if table.name in _OF_ALL:
            continue
        number = table.c.get("owner_org", table.c.org)
        known = select(register.c.org).where(register.c.org == number)
        orgs = connection.scalars(select(number).where(~known.exists()).distinct()).all()
        if left := [org for org in orgs if org != unique.EVERYWHERE]:
            yield f"{table.name}: rows of orgs that are not there: {some(sorted(left))}"
