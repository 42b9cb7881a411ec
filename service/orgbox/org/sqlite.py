"""SQLite: WAL mode, so that readers never wait, and transactions that begin when they are told to.

The driver's own transaction handling is switched off, because it would begin too late for savepoints
(SQLAlchemy documentation, SQLite, "Serializable isolation").
"""

import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from orgbox.org.modes import Mode, mode_of
from orgbox.soql.compile.distance import lend_functions

BUSY_SECONDS = 6.0
_MAPPED_BYTES = 256 * 1024 * 1024
"""How much of a file is read without a system call for each page."""


def make_engine(url: URL, durable: bool) -> Engine:
    """An engine for a file, or for a database in memory, which has one connection."""
    options: dict[str, Any] = {"connect_args": {"check_same_thread": False}}
    if url.database in (None, "", ":memory:"):
        options["poolclass"] = StaticPool
    else:
        options |= {"pool_size": 16, "max_overflow": 16}
    engine = create_engine(url, hide_parameters=True, **options)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _beginning("FULL" if durable else "OFF"))
    return engine


def is_in_use(file: str) -> bool:
    """Whether somebody has a file open: in WAL mode each connection keeps a lock on it."""
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode == sqlite3.SQLITE_BUSY
        except sqlite3.DatabaseError:  # whatever it is, it is no database
            return False
    return False


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    lend_functions(connection)
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA temp_store = MEMORY")
    cursor.execute("PRAGMA cache_size = -16000")
    cursor.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
    cursor.close()


def _beginning(synchronous: str) -> Any:
    """How transactions begin where a commit waits for the disk as PRAGMA synchronous says.

    With NORMAL a commit in WAL mode does not wait (SQLite documentation, "PRAGMA synchronous").
    """
    levels = {Mode.NOTE: "OFF" if synchronous == "OFF" else "NORMAL"}

    def begin(connection: Connection) -> None:
        mode = mode_of(connection)
        if mode is Mode.READ:  # it takes no lock, so nothing can refuse it
            connection.connection.cursor().execute("BEGIN")
            return
        level = levels.get(mode, synchronous)
        if connection.info.get("synchronous") != level:
            connection.connection.cursor().execute(f"PRAGMA synchronous = {level}")
            connection.info["synchronous"] = level
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return begin
