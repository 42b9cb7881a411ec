"""Databases of the tests on PostgreSQL. Each folder of a test gets one of its own.

`ORGBOX_TEST_POSTGRES` names the server of the tests that run on both databases; with
`ORGBOX_TEST_DATABASE` every service of a run is started on that server instead of SQLite. Servers are
to be thrown away (`scripts/postgres.sh`): what the tests make there is left behind.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

SERVER = os.environ.get("ORGBOX_TEST_POSTGRES", "")
DATABASE = os.environ.get("ORGBOX_TEST_DATABASE", "")

only_sqlite = pytest.mark.skipif(bool(DATABASE), reason="is about SQLite, in a run on PostgreSQL")
"""Marks tests of files and plans that only SQLite has."""


def require_server() -> str:
    """The server's URL. Where there is none, the test is named as not run; in CI it fails."""
    missing = "needs PostgreSQL: ORGBOX_TEST_POSTGRES names no server"
    if not SERVER and os.environ.get("CI"):
        pytest.fail(missing)
    if not SERVER:
        pytest.skip(missing)
    return SERVER


def new_database(folder: Path, server: str = DATABASE) -> str:
    """The URL of a database, the same again for the same folder, at first empty.

    It is a SQLite file in the folder, or a schema of the server's database where a server is named.
    """
    if not server:
        return f"sqlite:///{folder}/orgbox.db"
    name = f"orgbox_{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {name}")
    options = make_url(server).update_query_dict({"options": f"-csearch_path={name}"})
    return options.render_as_string(hide_password=False)


def postgres(*arguments: str) -> str:
    """Run `scripts/postgres.sh` for a server of a test's own; what it prints."""
    script = Path(__file__).parents[1] / "scripts" / "postgres.sh"
    known = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run([script, *arguments], capture_output=True, text=True, env=known, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
