"""SQLite: WAL mode, so that readers never wait, and transactions that begin when they are told to.

The driver's own transaction handling is switched off, because it would begin too late for savepoints
(SQLAlchemy documentation, SQLite, "Serializable isolation").
"""

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from orgbox.org.modes import Mode, mode_of

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
    event.listen(engine, "connect", _prepare(durable))
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(durable: bool) -> Any:
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.execute("PRAGMA cache_size = -16000")
        cursor.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
        cursor.close()

    return prepare


def _begin(connection: Connection) -> None:
    if mode_of(connection) is Mode.READ:  # it takes no lock, so nothing can refuse it
        connection.connection.cursor().execute("BEGIN")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
