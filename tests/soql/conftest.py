"""The database of the SOQL tests: SQLite in memory, and PostgreSQL where ORGBOX_TEST_POSTGRES names one."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from orgbox.catalog import standard_catalog
from orgbox.limits import STRICT
from orgbox.org import schema
from orgbox.soql import Plans
from soql_bench import Bench, seed

POSTGRES = os.environ.get("ORGBOX_TEST_POSTGRES", "")


@pytest.fixture(scope="session", params=["sqlite", *(["postgresql"] if POSTGRES else [])])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    url = "sqlite://" if request.param == "sqlite" else POSTGRES
    engine = create_engine(url, poolclass=StaticPool, isolation_level="AUTOCOMMIT")
    catalog = standard_catalog()
    tables = schema.build(catalog)
    with engine.connect() as connection:
        tables.metadata.drop_all(connection)
        tables.metadata.create_all(connection)
        known = seed(connection, catalog, tables)
        yield Bench(connection, Plans(tables.records, STRICT), known, catalog)
    engine.dispose()
