"""SQLite: WAL mode, so that readers never wait, and transactions that begin when they are told to.

The driver's own transaction handling is switched off, because it would begin too late for savepoints
(SQLAlchemy documentation, SQLite, "Serializable isolation").
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.pool import NullPool, StaticPool

from orgbox.baton import BATON
from orgbox.org.modes import Mode, Parameters
from orgbox.org.pool import Pool, driver_of
from orgbox.soql.compile.distance import lend_functions

BUSY_SECONDS = 6.0
_BUSY = f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}"
_MAPPED_BYTES = 0x7FFF0000
"""How much of a file is read without a system call for each page: the most SQLite is built for, 2 GB. Only
what is read takes memory, which the processes share and the system takes back when it needs it.
"""
_PAGE_BYTES = 8192
"""Pages of a new file. Records stand in the tree of their key, few to a page: with the 4,096 bytes SQLite
takes by itself, the tree is higher, and a batch of 2,000 or a create() of 200 takes a fifteenth longer.
"""
_CACHE_KIB = 1000
"""For pages that a connection changes, or that are not in the file yet; all others are mapped."""
_STATEMENTS = 128
"""Statements that a connection keeps prepared."""


def make_pool(url: URL, *, durable: bool) -> Pool:
    """Connections to a file, or the only one there can be to a database in memory."""
    in_memory = url.database in (None, "", ":memory:")
    engine = create_engine(
        url, poolclass=StaticPool if in_memory else NullPool, hide_parameters=True,
        connect_args={"check_same_thread": False, "cached_statements": _STATEMENTS},
    )  # fmt: skip
    event.listen(engine, "connect", _prepare)
    return Pool(engine, Dialogue(durable=durable), most=32, kept=16, patience=30)


def is_in_use(file: str) -> bool:
    """Whether somebody has a file open: in WAL mode each connection keeps a lock on it."""
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            return _is_busy(error)
        except sqlite3.DatabaseError:  # whatever it is, it is no database
            return False
    return False


def _is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else has the lock, for whatever reason, such as to recover what a kill left."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    lend_functions(connection)
    cursor = connection.cursor()
    cursor.execute(_BUSY)
    cursor.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA temp_store = MEMORY")
    cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    cursor.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
    cursor.close()


class Dialogue:
    """What is said to SQLite. A commit waits for the disk if `durable`.

    With synchronous = NORMAL a commit in WAL mode does not wait (SQLite documentation, "PRAGMA synchronous").
    """

    def __init__(self, *, durable: bool) -> None:
        self._waiting, self._not_waiting = ("FULL", "NORMAL") if durable else ("OFF", "OFF")

    def begin(self, connection: Connection, mode: Mode, org: int | None) -> None:
        """There is but one writer, whose turn it is in every org."""
        driver = driver_of(connection)
        if mode is Mode.READ:  # it takes no lock, so nothing can refuse it
            driver.execute("BEGIN")
            return
        level = self._not_waiting if mode is Mode.NOTE else self._waiting
        if connection.info.get("synchronous") != level:
            driver.execute(f"PRAGMA synchronous = {level}")
            connection.info["synchronous"] = level
        driver.execute("PRAGMA busy_timeout = 0")
        try:
            driver.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
        finally:
            driver.execute(_BUSY)
        with BATON.laid_down():  # another process writes
            driver.execute("BEGIN IMMEDIATE")

    def commit(self, connection: Connection) -> None:
        """End a transaction for good."""
        driver_of(connection).commit()

    def undo(self, connection: Connection) -> None:
        """End a transaction, if there is one, as if it had not been."""
        driver_of(connection).rollback()

    def rows(
        self, connection: Connection, text: str, parameters: Parameters
    ) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        return driver_of(connection).execute(text, parameters).fetchall()  # type: ignore[no-any-return]

    def many(
        self, connection: Connection, text: str, parameters: Sequence[Parameters]
    ) -> None:
        """Execute a statement once for each of the parameters."""
        driver_of(connection).executemany(text, parameters).close()
