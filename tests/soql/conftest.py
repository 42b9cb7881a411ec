"""A small org in a database of its own, of which the cases ask their queries."""

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from cases import HERE
from sqlalchemy import Connection, create_engine, insert
from sqlalchemy.pool import StaticPool

from orgbox import ids, soql
from orgbox.catalog import Catalog, SObject, standard_catalog
from orgbox.catalog.fieldtypes import fold
from orgbox.limits import STRICT
from orgbox.org import schema
from orgbox.soql.cache import Plans

NOW = datetime(2024, 5, 15, 12, tzinfo=UTC)
ORG = 7
POSTGRES = os.environ.get("ORGBOX_TEST_POSTGRES", "")


@dataclass
class Bench:
    """A connection to seeded tables, and what is needed to ask them."""

    connection: Connection
    plans: Plans
    ids: dict[str, str]
    catalog: Catalog

    def viewer(self, **options: object) -> soql.Viewer:
        known = {"user_id": self.ids["ada"], "version": 62}
        return soql.Viewer(**(known | options))  # type: ignore[arg-type]

    def prepare(self, text: str, viewer: soql.Viewer, **options: bool) -> soql.Prepared:
        catalog = self.catalog.as_of(viewer.version)
        return self.plans.prepare(text, catalog, viewer, **options)

    def run(self, statement: soql.Statement, values: dict[str, object]) -> list[tuple[object, ...]]:
        text, parameters = statement.on(self.connection.dialect.name, values)
        return [tuple(row) for row in self.connection.exec_driver_sql(text, parameters)]


@pytest.fixture(scope="session", params=["sqlite", *(["postgresql"] if POSTGRES else [])])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    url = "sqlite://" if request.param == "sqlite" else POSTGRES
    engine = create_engine(url, poolclass=StaticPool, isolation_level="AUTOCOMMIT")
    catalog = standard_catalog()
    tables = schema.build(catalog)
    with engine.connect() as connection:
        tables.metadata.drop_all(connection)
        tables.metadata.create_all(connection)
        known = _seed(connection, catalog, tables)
        yield Bench(connection, Plans(tables.records, STRICT), known, catalog)
    engine.dispose()


def _seed(connection: Connection, catalog: Catalog, tables: schema.Schema) -> dict[str, str]:
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


def _row(
    sobject: SObject, id_: str, record: dict[str, object], known: dict[str, str]
) -> dict[str, object]:
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
