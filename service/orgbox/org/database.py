"""Connections and transactions. One call is one transaction; on SQLite there is one writer at a time.

SQLite runs in WAL mode: readers never wait. The driver's own transaction handling is switched off,
because it would begin too late for savepoints (SQLAlchemy documentation, SQLite, "Serializable
isolation").
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from orgbox.errors import ApiFault
from orgbox.org import tokens

_WRITE = "orgbox_write"
_SAVEPOINT = "orgbox"
BUSY_SECONDS = 6.0


class Database:
    """An engine and the two ways to use it: `read()` and `write()`, both yielding a connection.

    `key` is the secret that belongs to the database and is not in it (see `tokens`).
    """

    def __init__(self, url: str, *, durable: bool = True, secret: str = "") -> None:
        self.engine = _engine(url, durable)
        self._memory = isinstance(self.engine.pool, StaticPool)
        self._writer = threading.RLock()
        self._url, self._secret = url, secret

    @property
    def is_sqlite(self) -> bool:
        """Whether the dialect is SQLite."""
        return self.engine.dialect.name == "sqlite"

    @cached_property
    def key(self) -> bytes:
        """The key. Raises OSError when its file cannot be written."""
        return tokens.read_key(self._url, self._secret)

    @property
    def kept_key(self) -> bytes | None:
        """The key, or None where its file is missing; none is made."""
        return self.key if tokens.has_key(self._url, self._secret) else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises ApiFault SERVER_UNAVAILABLE when there is no database."""
        with self._guard(exclusive=self._memory), self._connect() as connection:
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes; committed at the end, rolled back when an error passes through.

        Raises ApiFault UNABLE_TO_LOCK_ROW when another process holds the write lock too long.
        """
        with self._guard(exclusive=self.is_sqlite), self._connect() as connection:
            writing = connection.execution_options(**{_WRITE: True})
            with writing.begin():
                yield writing

    @cached_property
    def positional(self) -> Dialect:
        """The dialect with positional parameters, for texts that are compiled once and kept."""
        dialect = type(self.engine.dialect)
        return self.engine.dialect if self.is_sqlite else dialect(paramstyle="format")  # type: ignore[call-arg]

    def text(self, statement: ClauseElement) -> tuple[str, tuple[str, ...]]:
        """The statement as text for `exec_driver_sql` and the names of its parameters in order."""
        compiled = statement.compile(dialect=self.positional)
        return str(compiled), tuple(compiled.positiontup or ())  # type: ignore[attr-defined]

    def rows(
        self, connection: Connection, text: str, parameters: Sequence[Any] = ()
    ) -> list[tuple[Any, ...]]:
        """Execute a kept text with positional parameters; the rows it gives, none if it gives none.

        The driver does it: SQLAlchemy's result, which nobody asks, costs ten times the statement.
        Raises the driver's errors, which `read` and `write` turn into faults.
        """
        with closing(_cursor(connection, text, parameters, many=False)) as cursor:
            cursor.execute(text, parameters)
            return cursor.fetchall() if cursor.description else []

    def many(
        self, connection: Connection, text: str, parameters: Sequence[Sequence[Any]]
    ) -> None:
        """Execute a kept text once for each sequence of parameters, as `rows` does."""
        if len(parameters) == 1:
            self.rows(connection, text, parameters[0])
        elif parameters:
            with closing(_cursor(connection, text, parameters, many=True)) as cursor:
                cursor.executemany(text, parameters)

    @contextmanager
    def savepoint(self, connection: Connection) -> Iterator[Callable[[], None]]:
        """A part of a transaction, undone when an error passes through or by the function it yields."""

        def undo() -> None:
            self.rows(connection, f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")

        self.rows(connection, f"SAVEPOINT {_SAVEPOINT}")
        try:
            yield undo
        except BaseException:
            with suppress(self._driver.Error):  # the whole transaction is being undone
                undo()
            raise
        self.rows(connection, f"RELEASE SAVEPOINT {_SAVEPOINT}")

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @contextmanager
    def _guard(self, *, exclusive: bool) -> Iterator[None]:
        try:
            if exclusive:
                with self._writer:
                    yield
            else:
                yield
        except DBAPIError as error:
            raise self._fault(error.orig, lost=error.connection_invalidated) or error from error
        except self._driver.Error as error:
            raise self._fault(error) or error from error

    def _fault(self, error: BaseException | None, *, lost: bool = False) -> ApiFault | None:
        """What an error of the driver means to the client, if it is a state that passes."""
        text = str(error).lower()
        if "locked" in text or "could not serialize" in text or "deadlock" in text:
            return ApiFault(
                "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"
            )
        if lost or isinstance(error, self._driver.OperationalError):
            return ApiFault("SERVER_UNAVAILABLE", "The server is unavailable; please try again later.")
        return None

    @property
    def _driver(self) -> Any:
        """The module of the driver, whose errors `rows` and `many` raise."""
        return self.engine.dialect.loaded_dbapi

    def _connect(self) -> Connection:
        return self.engine.connect()


def _cursor(connection: Connection, text: str, parameters: Any, *, many: bool) -> Any:
    """A cursor of the driver; whoever listens to the statements of SQLAlchemy hears of this one too."""
    cursor = connection.connection.cursor()
    for hear in connection.dispatch.before_cursor_execute:
        hear(connection, cursor, text, parameters, None, many)
    return cursor


def _engine(url: str, durable: bool) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, pool_recycle=1800)
    options: dict[str, Any] = {"connect_args": {"check_same_thread": False}}
    if parsed.database in (None, "", ":memory:"):
        options["poolclass"] = StaticPool
    else:
        options |= {"pool_size": 16, "max_overflow": 16}
    engine = create_engine(parsed, **options)
    event.listen(engine, "connect", _prepare_sqlite(durable))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(durable: bool) -> Any:
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.execute("PRAGMA cache_size = -16000")
        cursor.close()

    return prepare


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
