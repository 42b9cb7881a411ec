"""The databases of the SOQL tests: SQLite in memory, and PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.pool import StaticPool

from orgbox.catalog import own, standard_catalog
from orgbox.catalog.own import own_catalog
from orgbox.limits import STRICT
from orgbox.org import schema
from orgbox.soql import Plans
from orgbox.soql.compile.distance import lend_functions
from postgres import new_database, require_server
from soql_bench import Bench, seed
from soql_cases import HERE


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database: in memory, or on the server of ORGBOX_TEST_POSTGRES."""
    if request.param == "sqlite":
        yield "sqlite://"
        return
    yield new_database(tmp_path_factory.mktemp("soql"), require_server())


@pytest.fixture(scope="session")
def bench(database_url: str) -> Iterator[Bench]:
    """The seeded org."""
    engine = create_engine(database_url, poolclass=StaticPool, isolation_level="AUTOCOMMIT")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: lend_functions(connection))
    shop = (HERE / "Shop__c.toml").read_text("utf-8")
    catalog = own_catalog({"Shop__c": own.parse("Shop__c", shop)}, standard_catalog(), "tests")
    tables = schema.build(catalog)
    with engine.connect() as connection:
        schema.upgrade(connection, tables)
        known = seed(connection, catalog, tables)
        yield Bench(connection, Plans(tables.records, STRICT), known, catalog, tables.records)
    engine.dispose()
