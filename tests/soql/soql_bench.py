"""A small org in a database of its own, of which the tests ask their queries."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, insert

from orgbox import ids, soql
from orgbox.catalog import Catalog, SObject
from orgbox.catalog.fieldtypes import fold
from orgbox.org import schema
from orgbox.soql.cache import Plans
from soql_cases import HERE

NOW = datetime(2024, 5, 15, 12, tzinfo=UTC)
ORG = 7


@dataclass
class Bench:
    """A connection to seeded tables, and what is needed to ask them."""

    connection: Connection
    plans: Plans
    ids: dict[str, str]
    catalog: Catalog
    tables: Mapping[str, Table]

    def viewer(self, **options: object) -> soql.Viewer:
        known = {"user_id": self.ids["ada"], "version": 62}
        return soql.Viewer(**(known | options))  # type: ignore[arg-type]

    def prepare(self, text: str, viewer: soql.Viewer, **options: Any) -> soql.Prepared:
        catalog = self.catalog.as_of(viewer.version)
        return self.plans.prepare(text, catalog, viewer, **options)

    def run(self, statement: soql.Statement, values: dict[str, object]) -> list[tuple[object, ...]]:
        text, parameters = statement.on(self.connection.dialect.name, values)
        return [tuple(row) for row in self.connection.exec_driver_sql(text, parameters)]


def seed(connection: Connection, catalog: Catalog, tables: schema.Schema) -> dict[str, str]:
    data = tomllib.loads((HERE / "seed.toml").read_text("utf-8"))
    known = {
        key: ids.make(str(catalog[name].key_prefix), number)
        for name, records in data.items()
        for number, key in enumerate(records, 1)
    }
    for name, records in data.items():
        rows = [_row(catalog[name], known[key], record, known) for key, record in records.items()]
        for org in (ORG, ORG + 1):
            connection.execute(insert(tables.records[name]), [{**row, "org": org} for row in rows])
    return known


def _row(sobject: SObject, id_: str, record: dict[str, object], known: dict[str, str]) -> dict[str, object]:
    """A record with the columns a store would fill: booleans, audit fields, folded text."""
    row: dict[str, object] = {}
    for f in sobject.fields:
        if not f.stored:
            continue
        value = record.get(f.name, False if f.type.name == "boolean" else None)
        if isinstance(value, str) and value.startswith("@"):
            value = known[value[1:]]
        if value is None and f.name in ("CreatedById", "LastModifiedById"):
            value = known["ada"]
        row[f.name] = id_ if f.name == "Id" else value
        if f.shadow:
            row[f.shadow] = fold(value) if isinstance(value, str) else None
    return row
