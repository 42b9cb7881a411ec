"""How a table is laid out: enough to write its DDL, and statements, without SQLAlchemy's Table, which takes
thirty times as long to make.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnClause,
    Dialect,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    TableClause,
    column,
    table,
)
from sqlalchemy.types import TypeEngine


class ColumnLayout(NamedTuple):
    """A column; `key` is the name by which statements ask for it."""

    name: str
    key: str
    type: TypeEngine[Any]
    nullable: bool = True


class IndexLayout(NamedTuple):
    """An index over columns, by their names. `alike` says how many rows of an org have the same value."""

    name: str
    columns: tuple[str, ...]
    alike: int = 0


class TableLayout(NamedTuple):
    """A table; `key` names the columns of the primary key, whose own name may be left to the database."""

    name: str
    columns: tuple[ColumnLayout, ...]
    key: tuple[str, ...]
    key_name: str | None = None
    indexes: tuple[IndexLayout, ...] = ()

    def table(self) -> TableClause:
        """For statements; its columns are known by their keys."""
        return table(self.name, *map(_column, self.columns))

    def whole_table(self) -> Table:
        """With its key and indexes, to change what is there of them."""
        columns = [
            Column(c.name, c.type, key=c.key, nullable=c.nullable, autoincrement=False) for c in self.columns
        ]
        by_name = {column.name: column for column in columns}
        primary = PrimaryKeyConstraint(*(by_name[name] for name in self.key), name=self.key_name)
        whole = Table(self.name, MetaData(), *columns, primary, sqlite_with_rowid=False)
        for index in self.indexes:
            Index(index.name, *(by_name[name] for name in index.columns))
        return whole


def _column(layout: ColumnLayout) -> ColumnClause[Any]:
    made: ColumnClause[Any] = column(layout.name, layout.type)
    made.key = layout.key
    return made


def insertion(layout: TableLayout, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    """The statement that inserts a whole row, and the keys of its parameters in order."""
    quote = dialect.identifier_preparer.quote
    names = ", ".join(quote(c.name) for c in layout.columns)
    places = ", ".join([_PLACES[dialect.paramstyle]] * len(layout.columns))
    return (
        f"INSERT INTO {quote(layout.name)} ({names}) VALUES ({places})",
        tuple(c.key for c in layout.columns),
    )


_PLACES = {"qmark": "?", "format": "%s"}


class Ddl:
    """Writes the statements that make tables, in a dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._quote = dialect.identifier_preparer.quote
        self._dialect = dialect
        self._types: dict[TypeEngine[Any], str] = {}
        self._ending = " WITHOUT ROWID" if dialect.name == "sqlite" else ""

    def create(self, layout: TableLayout) -> Iterator[str]:
        """The statements that make the table and its indexes."""
        columns = ", ".join(map(self._column, layout.columns))
        name = f"CONSTRAINT {self._quote(layout.key_name)} " if layout.key_name else ""
        key = f"{name}PRIMARY KEY ({self._names(layout.key)})"
        yield f"CREATE TABLE {self._quote(layout.name)} ({columns}, {key}){self._ending}"
        for index in layout.indexes:
            where = f"{self._quote(layout.name)} ({self._names(index.columns)})"
            yield f"CREATE INDEX {self._quote(index.name)} ON {where}"

    def _column(self, column: ColumnLayout) -> str:
        type_ = self._types.get(column.type)
        if type_ is None:
            type_ = self._types[column.type] = column.type.compile(dialect=self._dialect)
        return f"{self._quote(column.name)} {type_}{'' if column.nullable else ' NOT NULL'}"

    def _names(self, names: tuple[str, ...]) -> str:
        return ", ".join(map(self._quote, names))
