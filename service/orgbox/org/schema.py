"""Tables: one for each SObject of a catalogue, and those of the service itself.

Every key begins with the number of the org, so that many orgs share the tables and an engine can
distribute them by it. Text that compares without regard to case has a shadow column with its folded
form (`Field.shadow`); both databases compare text by its bytes.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnClause,
    Connection,
    Dialect,
    Integer,
    Table,
    TableClause,
    inspect,
    select,
)
from sqlalchemy.engine.interfaces import ReflectedPrimaryKeyConstraint
from sqlalchemy.schema import CreateColumn
from sqlalchemy.types import TypeEngine

from orgbox.catalog.fieldtypes import ID_COLUMN, TEXT_COLUMN, fold
from orgbox.catalog.load import Catalog
from orgbox.org.layout import ColumnLayout, Ddl, IndexLayout, TableLayout
from orgbox.org.tables import OwnTables, Tables, record_layout

VERSION = 1
"""Number of the schema; a database with a higher one was written by a newer release."""


class SchemaError(RuntimeError):
    """The database cannot be used by this release."""


@dataclass(frozen=True, eq=False)
class Schema:
    """All tables. `records` by SObject name, `system` by their own name.

    `layouts` are those of the standard SObjects and of the service, which every database has.
    """

    layouts: Mapping[str, TableLayout]
    records: Tables
    system: Tables

    def tables(self) -> dict[str, TableClause]:
        """All of them, by name."""
        return {**self.system, **self.records}


@lru_cache(maxsize=1)
def build(catalog: Catalog) -> Schema:
    """The tables of a catalogue and of the service; the same again for services side by side."""
    layouts = {name: _system_layout(name, *rows) for name, rows in _SYSTEM.items()}
    layouts |= {s.name: record_layout(s, s) for s in catalog}
    records = Tables((s.name for s in catalog), layouts.__getitem__)
    return Schema(layouts, records, Tables(_SYSTEM, layouts.__getitem__))


def extended(schema: Schema, known: Catalog, catalog: Catalog) -> Schema:
    """A schema for a catalogue that has more than the `known` one, which `schema` is for."""
    return Schema(schema.layouts, OwnTables(schema.records, known, catalog), schema.system)


_ROWS, _ROWS_OF_ORG = 1_000_000, 100_000
"""What SQLite's planner is told: rows of a table, and of an org."""
_NUMBER = BigInteger()
_COUNT = Integer()
_SYSTEM: dict[str, tuple[tuple[str, TypeEngine[Any], bool], ...]] = {
    # name -> (column, type, part of the key)
    "orgbox_schema": (("name", TEXT_COLUMN, True), ("value", TEXT_COLUMN, False)),
    "orgbox_org": (
        ("org", _NUMBER, True), ("id", ID_COLUMN, False), ("name", TEXT_COLUMN, False),
        ("created", TEXT_COLUMN, False), ("settings", TEXT_COLUMN, False),
        ("kind", TEXT_COLUMN, False), ("origin", _NUMBER, False), ("faults", TEXT_COLUMN, False),
        ("revision", TEXT_COLUMN, False),
    ),
    "orgbox_sobject": (
        ("org", _NUMBER, True), ("name", TEXT_COLUMN, True), ("toml", TEXT_COLUMN, False),
    ),
    "orgbox_counter": (
        ("org", _NUMBER, True), ("name", TEXT_COLUMN, True), ("value", _NUMBER, False),
    ),
    "orgbox_unique": (
        ("org", _NUMBER, True), ("kind", TEXT_COLUMN, True), ("value", TEXT_COLUMN, True),
        ("id", ID_COLUMN, False), ("owner_org", _NUMBER, False),
    ),
    "orgbox_credential": (
        ("org", _NUMBER, True), ("user_id", ID_COLUMN, True), ("password", TEXT_COLUMN, False),
        ("token", TEXT_COLUMN, False), ("expired", _COUNT, False), ("attempts", _COUNT, False),
        ("locked_until", TEXT_COLUMN, False),
    ),
    "orgbox_session": (
        ("org", _NUMBER, True), ("hash", TEXT_COLUMN, True), ("user_id", ID_COLUMN, False),
        ("created", TEXT_COLUMN, False), ("last_used", TEXT_COLUMN, False),
        ("client", TEXT_COLUMN, False),
    ),
    "orgbox_console_session": (
        ("org", _NUMBER, True), ("hash", TEXT_COLUMN, True), ("user_id", ID_COLUMN, False),
        ("created", TEXT_COLUMN, False), ("last_used", TEXT_COLUMN, False),
    ),
    "orgbox_deleted": (
        ("org", _NUMBER, True), ("sobject", TEXT_COLUMN, True), ("id", ID_COLUMN, True),
        ("deleted", TEXT_COLUMN, False), ("deleted_by", ID_COLUMN, False),
    ),
    "orgbox_cursor": (
        ("org", _NUMBER, True), ("id", ID_COLUMN, True), ("user_id", ID_COLUMN, False),
        ("created", TEXT_COLUMN, False), ("query", TEXT_COLUMN, False),
        ("all_rows", _COUNT, False), ("version", _COUNT, False), ("size", _COUNT, False),
        ("used", TEXT_COLUMN, False), ("path", TEXT_COLUMN, False), ("parent", ID_COLUMN, False),
    ),
    "orgbox_cursor_chunk": (
        ("org", _NUMBER, True), ("cursor", ID_COLUMN, True), ("number", _COUNT, True),
        ("ids", TEXT_COLUMN, False),
    ),
    "orgbox_view": (
        ("org", _NUMBER, True), ("user_id", ID_COLUMN, True), ("id", ID_COLUMN, True),
        ("viewed", TEXT_COLUMN, False), ("referenced", TEXT_COLUMN, False),
    ),
    "orgbox_mail": (
        ("org", _NUMBER, True), ("number", _NUMBER, True), ("kind", TEXT_COLUMN, False),
        ("letter", _NUMBER, False), ("about", ID_COLUMN, False), ("recipient", TEXT_COLUMN, False),
        ("message", TEXT_COLUMN, False), ("status", TEXT_COLUMN, False), ("due", _NUMBER, False),
        ("attempts", _COUNT, False), ("reply", TEXT_COLUMN, False), ("settled", TEXT_COLUMN, False),
    ),
    "orgbox_letter": (
        ("org", _NUMBER, True), ("number", _NUMBER, True), ("nonce", TEXT_COLUMN, False),
        ("facts", TEXT_COLUMN, False), ("created", TEXT_COLUMN, False),
    ),
    "orgbox_app": (
        ("org", _NUMBER, True), ("consumer_key", TEXT_COLUMN, True), ("name", TEXT_COLUMN, False),
        ("consumer_secret", TEXT_COLUMN, False), ("run_as", TEXT_COLUMN, False),
        ("certificate", TEXT_COLUMN, False),
    ),
    "orgbox_refresh": (
        ("org", _NUMBER, True), ("hash", TEXT_COLUMN, True), ("user_id", ID_COLUMN, False),
        ("consumer_key", TEXT_COLUMN, False), ("created", TEXT_COLUMN, False),
    ),
    "orgbox_lease": (
        ("org", _NUMBER, True), ("name", TEXT_COLUMN, True), ("holder", TEXT_COLUMN, False),
        ("until", _NUMBER, False),
    ),
}  # fmt: skip
_SYSTEM_INDEXES: dict[str, tuple[tuple[str, ...], ...]] = {
    "orgbox_mail": (("status", "due"), ("org", "about")),
    "orgbox_org": (("origin", "created", "org"),),
    "orgbox_app": (("consumer_key",),),
    "orgbox_refresh": (("hash",),),
}


def _system_layout(name: str, *rows: tuple[str, TypeEngine[Any], bool]) -> TableLayout:
    columns = tuple(ColumnLayout(column, column, type_, not key) for column, type_, key in rows)
    indexes = tuple(
        IndexLayout(f"ix_{name}_{'_'.join(over)}", over) for over in _SYSTEM_INDEXES.get(name, ())
    )
    return TableLayout(name, columns, tuple(column for column, _, key in rows if key), None, indexes)


def is_current(connection: Connection, schema: Schema) -> bool:
    """Whether the database has had these very tables since it was made or upgraded last.

    Raises SchemaError when it was written by a newer release.
    """
    if not inspect(connection).has_table("orgbox_schema"):
        return False
    kept = _refuse_newer(connection, schema.system["orgbox_schema"])
    return kept.get("tables") == _mark(_statements(connection.dialect, schema.layouts.values()))


def _statements(dialect: Dialect, layouts: Iterable[TableLayout]) -> dict[str, list[str]]:
    """The statements that make each of these tables, by its name."""
    ddl = Ddl(dialect)
    return {layout.name: list(ddl.create(layout)) for layout in layouts}


def _mark(ddl: Mapping[str, Iterable[str]]) -> str:
    """Stands for the DDL of all tables."""
    text = "\n".join(statement for statements in ddl.values() for statement in statements)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def upgrade(connection: Connection, schema: Schema) -> None:
    """Create what is missing, add new columns and fill new shadow columns; data is kept.

    Raises SchemaError when the database was written by a newer release.
    """
    found = inspect(connection)
    existing = set(found.get_table_names())
    if "orgbox_schema" in existing:
        _refuse_newer(connection, schema.system["orgbox_schema"])
    elif existing & {*schema.records, *schema.system}:
        raise SchemaError("the database holds tables of these names that are not Orgbox's")
    ddl = _statements(connection.dialect, schema.layouts.values())
    _execute(connection, (ddl[name] for name in schema.layouts if name not in existing))
    for name in existing & schema.layouts.keys():
        table = schema.layouts[name].whole_table()
        _add_columns(connection, table, {c["name"] for c in found.get_columns(name)})
        _set_key(connection, table, found.get_pk_constraint(name))
    if "orgbox_link" in existing:
        _part_letters(connection, schema)
    stamps = {"version": str(VERSION), "tables": _mark(ddl)}
    _stamp(connection, schema.system["orgbox_schema"], stamps)
    if connection.dialect.name == "sqlite":
        _tell_sizes(connection, [schema.layouts[name] for name in schema.records])


def _part_letters(connection: Connection, schema: Schema) -> None:
    """Mails of an older release, which had the letter in the row and the hash of the link in a table."""
    columns = "org, number, nonce, facts, created"
    connection.exec_driver_sql(f"INSERT INTO orgbox_letter ({columns}) SELECT {columns} FROM orgbox_mail")
    mails = schema.system["orgbox_mail"]
    connection.execute(mails.update().values(letter=mails.c.number))
    connection.exec_driver_sql("DROP TABLE orgbox_link")


def _tell_sizes(connection: Connection, layouts: Sequence[TableLayout]) -> None:
    """Tell SQLite's planner that an org has many rows; by itself it expects ten, and would walk all
    of them rather than use an index. (SQLite documentation, ANALYZE: the statistics may be written by
    hand; the key of a table without rowid goes by the table's name.)
    """
    told = [(layout.name, layout.name, f"{_ROWS} {_ROWS_OF_ORG} 1") for layout in layouts]
    told += [
        (layout.name, index.name, f"{_ROWS} {_ROWS_OF_ORG} {index.alike} 1")
        for layout in layouts
        for index in layout.indexes
    ]
    connection.exec_driver_sql("ANALYZE orgbox_schema")  # makes sqlite_stat1 where there is none
    names = [(layout.name,) for layout in layouts]
    connection.exec_driver_sql("DELETE FROM sqlite_stat1 WHERE tbl = ?", names)
    connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", told)
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # reads them


def _refuse_newer(connection: Connection, table: TableClause) -> dict[str, str]:
    """What the database says of its tables. Raises SchemaError."""
    kept = {row.name: row.value for row in connection.execute(select(table.c.name, table.c.value))}
    value = kept.get("version")
    if value is not None and int(value) > VERSION:
        raise SchemaError(
            f"the database was written by a newer release (schema {value}, this one knows {VERSION})"
        )
    return kept


def _stamp(connection: Connection, table: TableClause, stamps: Mapping[str, str]) -> None:
    connection.execute(table.delete().where(table.c.name.in_([*stamps])))
    connection.execute(table.insert(), [{"name": name, "value": value} for name, value in stamps.items()])


def _add_columns(connection: Connection, table: Table, present: set[str]) -> None:
    quoted = connection.dialect.identifier_preparer.format_table(table)
    added = [column for column in table.columns if column.name not in present]
    for column in added:
        ddl = CreateColumn(column).compile(connection).string
        connection.exec_driver_sql(f"ALTER TABLE {quoted} ADD COLUMN {ddl}")
    shadows = [c for c in added if c.name.endswith("_ci") and c.name[:-3] in present]
    for shadow in shadows:
        fill_shadow(connection, table, shadow)
    for index in table.indexes:
        index.create(connection, checkfirst=True)


def _set_key(connection: Connection, table: Table, found: ReflectedPrimaryKeyConstraint) -> None:
    """Give a table of an older release the key it has now. SQLite can do so only by writing it anew."""
    key = [column.name for column in table.primary_key]
    if found["constrained_columns"] == key:
        return
    quote = connection.dialect.identifier_preparer.quote
    name, old = quote(table.name), quote(f"{table.name}_old")
    if connection.dialect.name != "sqlite":
        columns = ", ".join(map(quote, key))
        drop = f"DROP CONSTRAINT {quote(str(found['name']))}"
        connection.exec_driver_sql(f"ALTER TABLE {name} {drop}, ADD PRIMARY KEY ({columns})")
        return
    for index in table.indexes:
        index.drop(connection, checkfirst=True)
    connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO {old}")
    table.create(connection)
    columns = ", ".join(quote(column.name) for column in table.columns)
    connection.exec_driver_sql(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {old}")
    connection.exec_driver_sql(f"DROP TABLE {old}")


def fill_shadow(
    connection: Connection, table: TableClause, shadow: ColumnClause[str], org: int | None = None
) -> None:
    """Fold the text of the rows (of one org) whose shadow is still empty."""
    source = table.c[shadow.key[:-3]]
    empty = source.is_not(None) & shadow.is_(None)
    wanted = empty if org is None else empty & (table.c.org == org)
    rows = connection.execute(select(table.c.org, table.c.Id, source).where(wanted))
    for number, id_, text in rows.fetchall():
        where = (table.c.org == number) & (table.c.Id == id_)
        connection.execute(table.update().where(where).values({shadow: fold(text)}))


def make_tables(connection: Connection, tables: Tables, names: Iterable[str]) -> list[TableClause]:
    """Create the tables, or the columns of them, that are not there; returns those that were there."""
    layouts = [tables.layout(name) for name in names]
    if not layouts:
        return []
    found = inspect(connection)
    existing = set(found.get_table_names())
    new = [layout for layout in layouts if layout.name not in existing]
    _execute(connection, _statements(connection.dialect, new).values())
    old = [layout for layout in layouts if layout.name in existing]
    for layout in old:
        present = {c["name"] for c in found.get_columns(layout.name)}
        _add_columns(connection, layout.whole_table(), present)
    if connection.dialect.name == "sqlite":
        _tell_sizes(connection, layouts)
    return [tables[layout.name] for layout in old]


def _execute(connection: Connection, ddl: Iterable[Iterable[str]]) -> None:
    """By the driver itself: of a hundred statements the way through SQLAlchemy takes longest."""
    with closing(connection.connection.cursor()) as cursor:
        for statements in ddl:
            for statement in statements:
                cursor.execute(statement)
