"""Connections and transactions. One call is one transaction; on SQLite there is one writer at a time.

Transactions are begun and ended by the driver, on connections that stay open (`pool`). One waits for a
database that is away, as while another server takes over; one that the database has undone is an `Undone`
fault, and may run again.
"""

import importlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, Connection, Dialect, TableClause, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool

from orgbox.baton import BATON
from orgbox.errors import ApiFault
from orgbox.org import postgresql, sqlite, tokens
from orgbox.org.modes import Mode, Parameters
from orgbox.org.pool import Pool
from orgbox.org.replica import POSITION, Replica

_T = TypeVar("_T")
_BACKENDS = ("sqlite", "postgresql")
_PATIENCE_SECONDS = 10.0
_ATTEMPTS = 8
_SAVEPOINT = "orgbox"


class Undone(ApiFault):
    """The database has undone a transaction for a reason that passes: nothing of it is kept."""


class Database:
    """An engine and the ways to use it: `read()`, `write()` and others, which yield a connection.

    `key` is the secret that belongs to the database and is not in it (see `tokens`). `connections` is the
    most a process opens to PostgreSQL, and to its replica, if there is one. Raises ValueError for another
    database than SQLite and PostgreSQL, and for a replica of SQLite.
    """

    def __init__(
        self, url: str, *, durable: bool = True, secret: str = "", connections: int = 20,
        replica: str = "",
    ) -> None:  # fmt: skip
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend not in _BACKENDS:
            raise ValueError(f"database: {backend} is none of {', '.join(_BACKENDS)}")
        self.is_sqlite = backend == "sqlite"
        self.pool = (
            sqlite.make_pool(parsed, durable=durable)
            if self.is_sqlite
            else postgresql.make_pool(parsed, connections)
        )
        self.engine = self.pool.engine
        self._writer = threading.RLock()
        self._url, self._secret = url, secret
        self._disk = Mode.WRITE if durable else None  # the transactions whose end waits for it
        if self.is_sqlite and replica:
            raise ValueError("only a PostgreSQL database has a replica to read from")
        self.replica = Replica(replica, connections) if replica else None

    @property
    def in_memory(self) -> bool:
        """Whether it is gone with this process, and no other one can see it."""
        return isinstance(self.engine.pool, StaticPool)

    @cached_property
    def key(self) -> bytes:
        """The key. Raises OSError when its file cannot be written."""
        return tokens.read_key(self._url, self._secret)

    @property
    def kept_key(self) -> bytes | None:
        """The key, or None where its file is missing; none is made."""
        return self.key if tokens.has_key(self._url, self._secret) else None

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads. Raises ApiFault SERVER_UNAVAILABLE when there is no database."""
        return self._transaction(Mode.READ, exclusive=self.in_memory)

    def write(
        self, mode: Mode = Mode.WRITE, *, org: int | None = None
    ) -> AbstractContextManager[Connection]:
        """A transaction that writes; committed at the end, rolled back when an error passes through.

        Those that name an org take turns in it (see `turn`).

        Raises ApiFault UNABLE_TO_LOCK_ROW when another process holds the write lock too long.
        """
        return self._transaction(mode, exclusive=self.is_sqlite, org=org)

    def turn(self, connection: Connection, org: int) -> None:
        """Wait until no other transaction has its turn in the org: what is read now stays so until the end.

        On SQLite there is but one writer anyway.
        """
        if not self.is_sqlite:
            postgresql.wait_for_turn(connection, org)

    def position(self, connection: Connection) -> str | None:
        """What a replica must have seen to answer a call, for `read_from`; None if none is to be asked."""
        if self.replica is None or self.replica.is_resting:
            return None
        return str(self.rows(connection, POSITION)[0][0])

    @contextmanager
    def read_from(self, position: str) -> Iterator[Connection]:
        """A transaction that only reads: on the replica, if it has come so far, or else as `read`."""
        with BATON.laid_down():
            begun = self.replica.begin(position) if self.replica else None
        if self.replica is None or begun is None:
            with self.read() as connection:
                yield connection
            return
        try:
            with self._transaction(Mode.READ, self.replica.pool, begun) as connection:
                yield connection
        except Undone:
            self.replica.rest()
            raise

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other process is in here. (On SQLite there is but one writer anyway.)"""
        if self.is_sqlite:
            yield
            return
        with self._transaction(Mode.ALONE) as connection:
            postgresql.lock_for_start(connection)
            yield

    def repeat(self, work: Callable[[], _T]) -> _T:
        """The result of some work, done again as long as the database undoes it.

        Raises Undone when it never succeeds, and what the work raises.
        """
        for attempt in range(_ATTEMPTS - 1):
            try:
                return work()
            except Undone:
                with BATON.laid_down():
                    time.sleep(random.uniform(0, 0.005 * 2**attempt))
        return work()

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
        self, connection: Connection, text: str, parameters: Parameters = ()
    ) -> list[tuple[Any, ...]]:
        """Execute a kept text with its parameters; the rows it gives, none if it gives none.

        The driver does it: SQLAlchemy's result, which nobody asks, costs ten times the statement.
        Raises the driver's errors, which `read` and `write` turn into faults.
        """
        if heard := connection.engine.dispatch.before_cursor_execute:
            _tell(heard, connection, text, parameters)
        return self.pool.dialogue.rows(connection, text, parameters)

    def many(
        self, connection: Connection, text: str, parameters: Sequence[Sequence[Any]]
    ) -> None:
        """Execute a kept text once for each sequence of parameters, as `rows` does."""
        if len(parameters) == 1:
            self.rows(connection, text, parameters[0])
        elif parameters:
            if heard := connection.engine.dispatch.before_cursor_execute:
                _tell(heard, connection, text, parameters, many=True)
            self.pool.dialogue.many(connection, text, parameters)

    @contextmanager
    def savepoint(self, connection: Connection, wanted: bool) -> Iterator[Callable[[], object] | None]:
        """A part of a transaction, undone by the function it yields; None where that is not wanted.

        An error that passes through undoes the whole transaction.
        """
        if not wanted:  # SQLite would keep a copy of every page that changes
            yield None
            return
        self.rows(connection, f"SAVEPOINT {_SAVEPOINT}")
        yield lambda: self.rows(connection, f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        self.rows(connection, f"RELEASE SAVEPOINT {_SAVEPOINT}")

    def insert(self, table: TableClause) -> Any:
        """An INSERT into the table that may say ON CONFLICT, as the dialect has it."""
        return importlib.import_module(f"sqlalchemy.dialects.{self.engine.dialect.name}").insert(table)

    def close(self) -> None:
        """Give back all connections."""
        for pool in (self.pool, self.replica.pool) if self.replica else (self.pool,):
            pool.empty()
            pool.engine.dispose()

    @contextmanager
    def _transaction(
        self, mode: Mode, pool: Pool | None = None, begun: Connection | None = None, *,
        exclusive: bool = False, org: int | None = None,
    ) -> Iterator[Connection]:  # fmt: skip
        pool, committing = pool or self.pool, False
        try:
            turn = BATON.holding(self._writer) if exclusive else nullcontext()
            with BATON.held() if self.is_sqlite else BATON.laid_down(), turn:
                connection = begun or self._begun(mode, org)
                try:
                    yield connection
                    committing = mode is not Mode.READ
                    with BATON.laid_down() if mode is self._disk else nullcontext():
                        pool.commit(connection)
                except pool.errors as error:
                    raise self._as_sqlalchemy(connection, error) from error
                finally:
                    pool.give(connection)
        except DBAPIError as error:
            raise self._fault(error, committing=committing) or error from error
        except PoolTimeout as error:
            raise _unavailable(ApiFault) from error

    def _as_sqlalchemy(self, connection: Connection, error: Any) -> BaseException:
        """An error that the driver raised in `rows` as SQLAlchemy's; a lost connection leaves the pool."""
        dialect = self.engine.dialect
        if lost := dialect.is_disconnect(error, connection.connection, None):
            connection.invalidate(error)
        named: BaseException = DBAPIError.instance(
            None, None, error, self.driver.Error, connection_invalidated=lost, dialect=dialect
        )
        return named

    def _begun(self, mode: Mode, org: int | None) -> Connection:
        """A connection whose transaction has begun. To begin is all that it takes to know it lives."""
        until = time.monotonic() + (0 if self.is_sqlite else _PATIENCE_SECONDS)
        while True:
            try:
                return self._begin(mode, org)
            except OperationalError as error:
                if time.monotonic() >= until or postgresql.is_answer(error.orig):
                    raise
            self.pool.empty()  # what waits there was cut as well
            time.sleep(0.05)

    def _begin(self, mode: Mode, org: int | None) -> Connection:
        connection = self.pool.take()
        try:
            self.pool.begin(connection, mode, org)
        except self.pool.errors as error:
            named = self._as_sqlalchemy(connection, error)
            self.pool.give(connection)
            raise named from error
        return connection

    def _fault(self, error: DBAPIError, *, committing: bool) -> ApiFault | None:
        """What a database error means to the client, if it is a state that passes.

        Whether a commit that was interrupted took place, nobody knows: it is not Undone.
        """
        state, text = getattr(error.orig, "sqlstate", None), str(error.orig).lower()
        if state in postgresql.UNDONE:
            return _locked(Undone)
        if state in postgresql.LOCKED or "locked" in text:
            return _locked(ApiFault)
        if state in postgresql.READ_ONLY:
            self.pool.empty()  # the next connection looks for the server that may write
            return _unavailable(Undone)
        if error.connection_invalidated:
            return _unavailable(ApiFault if committing else Undone)
        return _unavailable(ApiFault) if isinstance(error, OperationalError) else None

    @property
    def driver(self) -> Any:
        """The module of the driver, whose errors `rows` and `many` raise."""
        return self.engine.dialect.loaded_dbapi


def _locked(kind: type[ApiFault]) -> ApiFault:
    return kind("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")


def _unavailable(kind: type[ApiFault]) -> ApiFault:
    return kind("SERVER_UNAVAILABLE", "The server is unavailable; please try again later.")


def _tell(heard: Any, connection: Connection, text: str, parameters: Any, *, many: bool = False) -> None:
    """Who listens to the statements of SQLAlchemy hears of the driver's too."""
    for hear in heard:
        hear(connection, None, text, parameters, None, many)
