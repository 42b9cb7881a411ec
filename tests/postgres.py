"""Databases of the tests on PostgreSQL. Each service gets one of its own, gone when it stops.

`ORGBOX_TEST_POSTGRES` names the server of the tests that run on both databases; with
`ORGBOX_TEST_DATABASE` every service of a run is started on that server instead of SQLite.
"""

import os
import secrets
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

SERVER = os.environ.get("ORGBOX_TEST_POSTGRES", "")
DATABASE = os.environ.get("ORGBOX_TEST_DATABASE", "")


def require_server() -> str:
    """The server's URL. Where there is none, the test is named as not run; in CI it fails."""
    missing = "needs PostgreSQL: ORGBOX_TEST_POSTGRES names no server"
    if not SERVER and os.environ.get("CI"):
        pytest.fail(missing)
    if not SERVER:
        pytest.skip(missing)
    return SERVER


def new_database(folder: Path, server: str = DATABASE) -> str:
    """The URL of an empty database: a SQLite file in the folder where no server is named."""
    if not server:
        return f"sqlite:///{folder}/orgbox.db"
    name = f"orgbox_{secrets.token_hex(6)}"
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE template0')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str) -> None:
    """Remove a database made by `new_database`; a file goes with its folder."""
    name = make_url(url).database or ""
    if name.startswith("orgbox_"):
        _execute(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _execute(url: str, statement: str) -> None:
    engine = create_engine(
        make_url(url).set(database="postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
