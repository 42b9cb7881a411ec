"""The only module that writes rows of SObjects. Statements are compiled once per table and kept.

Values are stored values as `catalog.fieldtypes` defines them, by field name; rows come back as tuples in
the order asked for.
"""

import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    Connection,
    TableClause,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from orgbox.catalog.fieldtypes import TEXT_COLUMN, fold
from orgbox.catalog.sobject import SObject
from orgbox.org.database import Database
from orgbox.org.layout import insertion
from orgbox.org.schema import Schema
from orgbox.soql.kept import Kept

Values = Mapping[str, Any]
_MOST_TEXTS = 1_000
"""Statements that are kept; there is one for each set of fields ever updated together."""


class Store:
    """Rows of one database. Every method takes the connection of the call and the org's number."""

    def __init__(self, database: Database, schema: Schema) -> None:
        self.database = database
        self.schema = schema
        self._texts: Kept[tuple[str, tuple[str, ...]]] = Kept(_MOST_TEXTS)

    def table(self, sobject: SObject) -> TableClause:
        """The table of an SObject."""
        return self.schema.records[sobject.name]

    def insert(
        self, connection: Connection, org: int, sobject: SObject, rows: Sequence[Values]
    ) -> None:
        """Insert rows in one statement. Columns without a value are null."""
        if not rows:
            return
        text, names = self._texts.get(("insert", sobject.name), lambda: self._insertion(sobject))
        empty: dict[str, Any] = dict.fromkeys(names) | {"org": org}
        in_order = itemgetter(*names)
        shadows = sobject.shadows
        parameters = []
        for row in rows:
            complete = {**empty, **row}
            for name, shadow in shadows:
                value = complete[name]
                if value is not None:
                    complete[shadow] = fold(value)
            parameters.append(in_order(complete))
        self.database.many(connection, text, parameters)

    def _insertion(self, sobject: SObject) -> tuple[str, tuple[str, ...]]:
        return insertion(self.schema.records.layout(sobject.name), self.database.positional)

    def update(
        self, connection: Connection, org: int, sobject: SObject, rows: Iterable[tuple[str, Values]]
    ) -> None:
        """Set the given values of the rows with these Ids; rows that set the same fields go together."""
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for id_, values in rows:
            complete = self._with_shadows(sobject, values)
            groups.setdefault(tuple(complete), []).append({**complete, "_org": org, "_id": id_})
        table = self.table(sobject)
        for names, group in groups.items():
            text, order = self.kept(("update", table.name, names), partial(_update, table, names))
            self.database.many(connection, text, [[row[n] for n in order] for row in group])

    def _with_shadows(self, sobject: SObject, values: Values) -> dict[str, Any]:
        complete = dict(values)
        for name, value in values.items():
            f = sobject.by_name[name.lower()]
            if f.shadow:
                complete[f.shadow] = None if value is None else fold(value)
        return complete

    def delete(self, connection: Connection, org: int, sobject: SObject, keys: list[str]) -> None:
        """Remove the rows with these Ids."""
        table = self.table(sobject)
        text, _ = self.kept(("delete", table.name), lambda: _delete(table))
        self.database.many(connection, text, [(org, key) for key in keys])

    def fetch(
        self,
        connection: Connection,
        org: int,
        sobject: SObject,
        keys: Iterable[str],
        columns: Sequence[str] | None = None,
    ) -> dict[str, dict[str, Any]]:
        """Rows by Id, each a mapping of the columns asked for (all stored fields by default)."""
        wanted = tuple(columns or [f.name for f in sobject.fields if f.stored])
        return {
            row["Id"]: row
            for row in self.where(connection, org, sobject, "Id", keys, ("Id", *wanted))
        }

    def where(
        self,
        connection: Connection,
        org: int,
        sobject: SObject,
        column: str,
        values: Iterable[str],
        columns: Sequence[str],
    ) -> list[dict[str, Any]]:
        """Rows whose `column` is one of `values`, in one statement, ordered by Id."""
        table = self.table(sobject)
        wanted = tuple(dict.fromkeys(columns))
        key = ("where", table.name, column, wanted)
        given = {"org": org, "values": self.array(values)}
        rows = self.rows(connection, key, lambda: self._where(table, column, wanted), given)
        return [dict(zip(wanted, row, strict=True)) for row in rows]

    def _where(self, table: TableClause, column: str, wanted: tuple[str, ...]) -> Any:
        return (
            select(*(table.c[name] for name in wanted))
            .where(table.c.org == bindparam("org"))
            .where(self.is_one_of(table.c[column], "values"))
            .order_by(table.c.Id)
        )

    def is_one_of(self, column: Any, parameter: str) -> Any:
        """`column` is an element of the array parameter: one text for lists of any length."""
        if self.database.is_sqlite:
            each = func.json_each(bindparam(parameter)).table_valued("value")
            return column.in_(select(each.c.value))
        return column == func.any(bindparam(parameter, type_=ARRAY(TEXT_COLUMN)))

    def array(self, values: Iterable[str]) -> Any:
        """The value of an array parameter."""
        listed = list(values)
        return json.dumps(listed) if self.database.is_sqlite else listed

    def deleted(
        self, connection: Connection, org: int, sobject: str, keys: Sequence[str]
    ) -> set[str]:
        """Which of these Ids were deleted."""
        if not keys:
            return set()
        given = {"number": org, "sobject": sobject, "values": self.array(keys)}
        return {row[0] for row in self.rows(connection, "deleted", self._deleted, given)}

    def _deleted(self) -> Any:
        table = self.schema.system["orgbox_deleted"]
        mine = (table.c.org == bindparam("number")) & (table.c.sobject == bindparam("sobject"))
        return select(table.c.id).where(mine, self.is_one_of(table.c.id, "values"))

    def mark_deleted(
        self, connection: Connection, org: int, sobject: str, keys: Sequence[str], when: str, by: str
    ) -> None:
        """Remember that records were deleted, when and by whom."""
        table = self.schema.system["orgbox_deleted"]
        rows = [
            {"org": org, "sobject": sobject, "id": key, "deleted": when, "deleted_by": by}
            for key in keys
        ]
        if rows:
            connection.execute(insert(table), rows)

    def forget_deleted(
        self, connection: Connection, org: int, sobject: str, keys: Sequence[str]
    ) -> None:
        """Forget deletions: the records are back."""
        table = self.schema.system["orgbox_deleted"]
        connection.execute(
            delete(table)
            .where(table.c.org == org, table.c.sobject == sobject)
            .where(self.is_one_of(table.c.id, "values")),
            {"values": self.array(keys)},
        )

    def count_up(self, connection: Connection, org: int, name: str, by: int = 1) -> int:
        """Add to a counter of the org and return its new value."""
        given = {"o": org, "n": name, "v": by}
        ((value,),) = self.rows(connection, "count_up", self._count_up, given)
        return int(value)

    def _count_up(self) -> Any:
        table = self.schema.system["orgbox_counter"]
        given: dict[str, Any] = {"org": bindparam("o"), "name": bindparam("n"), "value": bindparam("v")}
        row = self.database.insert(table).values(given)
        raised = {"value": table.c.value + literal_column("excluded.value")}
        counted = row.on_conflict_do_update(index_elements=["org", "name"], set_=raised)
        return counted.returning(table.c.value)

    def rows(
        self, connection: Connection, key: Hashable, make: Callable[[], Any], given: Values
    ) -> list[tuple[Any, ...]]:
        """Execute the statement kept under `key`; `given` holds its parameters by name."""
        text, order = self.kept(key, make)
        return self.database.rows(connection, text, [given[name] for name in order])

    def kept(self, key: Hashable, make: Callable[[], Any]) -> tuple[str, tuple[str, ...]]:
        """Text and parameter order of a statement, compiled at its first use and kept under `key`."""
        return self._texts.get(key, lambda: self.database.text(make()))


def _update(table: TableClause, names: tuple[str, ...]) -> Any:
    where = (table.c.org == bindparam("_org")) & (table.c.Id == bindparam("_id"))
    return update(table).where(where).values({name: bindparam(name) for name in names})


def _delete(table: TableClause) -> Any:
    where = (table.c.org == bindparam("org")) & (table.c.Id == bindparam("id"))
    return delete(table).where(where)
