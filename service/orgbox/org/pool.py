"""Connections that stay open between transactions.

SQLAlchemy's pools take a connection apart after each transaction and put it together for the next, which
costs more than a small query does. Here a `Connection` stays as it is, and its transactions are begun and
ended in the words of its database (`sqlite`, `postgresql`), said to the driver. What SQLAlchemy executes
takes part in them, and who listens to its events hears of them.
"""

import threading
import time
from bisect import insort
from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from orgbox.org.modes import MODE, Mode, Parameters, mode_of


class Dialogue(Protocol):
    """What is said to the driver of a database, which raises its own errors."""

    def begin(self, connection: Connection, mode: Mode, org: int | None) -> None:
        """Begin a transaction; one that names an org waits for its turn in it."""

    def commit(self, connection: Connection) -> None:
        """End a transaction for good."""

    def undo(self, connection: Connection) -> None:
        """End a transaction, if there is one, as if it had not been."""

    def rows(
        self, connection: Connection, text: str, parameters: Parameters
    ) -> list[tuple[Any, ...]]:
        """The rows that a statement gives, none if it gives none."""

    def many(
        self, connection: Connection, text: str, parameters: Sequence[Parameters]
    ) -> None:
        """Execute a statement once for each of the parameters."""


def driver_of(connection: Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.dbapi_connection


class Pool:
    """At most `most` connections at a time, of which `kept` stay open; the one opened first is used next, so
    that the others, used by who finds it busy, hold little in memory.

    Whoever finds none waits for `patience` seconds; none is used that is older than `life` seconds.
    """

    def __init__(
        self, engine: Engine, dialogue: Dialogue, *, most: int, kept: int, patience: float,
        life: float = float("inf"),
    ) -> None:  # fmt: skip
        self.engine, self.dialogue = engine, dialogue
        self._kept, self._patience, self._life = kept, patience, life
        self._turns = threading.BoundedSemaphore(most)
        self._waiting: list[Connection] = []
        self._lock = threading.Lock()
        self._emptied = 0.0

    @property
    def errors(self) -> Any:
        """The class of the driver's errors."""
        return self.engine.dialect.loaded_dbapi.Error

    def take(self) -> Connection:
        """A connection, outside any transaction, to be given back.

        Raises PoolTimeout, and DBAPIError when there is no database to connect to.
        """
        if not self._turns.acquire(timeout=self._patience):
            raise PoolTimeout("every connection is in use")
        try:
            return self._next() or self._open()
        except BaseException:
            self._turns.release()
            raise

    def begin(self, connection: Connection, mode: Mode, org: int | None = None) -> None:
        """Begin a transaction on a connection taken. Raises the driver's errors."""
        if mode_of(connection) is not mode:
            connection.execution_options(**{MODE: mode})
        for hear in self.engine.dispatch.begin:
            hear(connection)
        self.dialogue.begin(connection, mode, org)

    def commit(self, connection: Connection) -> None:
        """End the transaction for good. Raises the driver's errors."""
        if connection.in_transaction():  # SQLAlchemy has taken part, and is to know
            connection.commit()
            return
        for hear in self.engine.dispatch.commit:
            hear(connection)
        self.dialogue.commit(connection)

    def give(self, connection: Connection) -> None:
        """Take a connection back. What it has not committed is undone; one that is lost is let go."""
        try:
            self._undo(connection)
            if connection.invalidated:  # those that wait are as old, and may be lost as well
                self.empty()
            if connection.invalidated or len(self._waiting) >= self._kept or self._is_old(connection):
                connection.close()
                return
            with self._lock:
                insort(self._waiting, connection, key=_since)
            if self._is_old(connection):  # they were closed while this one was on its way
                self.empty()
        finally:
            self._turns.release()

    def empty(self) -> None:
        """Close the connections that wait; those in use are closed when they come back."""
        self._emptied = time.monotonic()
        while connection := self._pop():
            connection.close()

    def _undo(self, connection: Connection) -> None:
        try:
            if connection.in_transaction():
                connection.rollback()
            if not connection.invalidated:
                self.dialogue.undo(connection)
        except (DBAPIError, self.errors):
            connection.invalidate()

    def _next(self) -> Connection | None:
        while connection := self._pop():
            if not self._is_old(connection):
                return connection
            connection.close()
        return None

    def _pop(self) -> Connection | None:
        with self._lock:
            return self._waiting.pop(0) if self._waiting else None

    def _open(self) -> Connection:
        connection = self.engine.connect()
        connection.info["opened"] = time.monotonic()
        return connection

    def _is_old(self, connection: Connection) -> bool:
        opened = _since(connection)
        return opened <= self._emptied or opened + self._life < time.monotonic()


def _since(connection: Connection) -> float:
    """When it was opened, in seconds of `time.monotonic`."""
    opened: float = connection.info["opened"]
    return opened
