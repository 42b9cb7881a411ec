"""A replica of a PostgreSQL database that answers reading calls, without anybody seeing the past.

A call resumes its session on the primary and learns how far the primary's log is on disk: everything that
was acknowledged before is in it. The replica is asked if it has replayed as much, at once or within a few
milliseconds; else the primary is. Source: PostgreSQL documentation, "Recovery Information Functions".
"""

import time

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from orgbox.org import postgresql
from orgbox.org.modes import Mode
from orgbox.org.pool import driver_of

POSITION = "SELECT pg_current_wal_flush_lsn()::text"
"""What the primary is asked, in a transaction of its own making or any other."""
_WAIT_SECONDS, _LOOK_SECONDS = 0.05, 0.002
_FAILED_SECONDS, _LATE_SECONDS = 5.0, 0.5


class Replica:
    """The connections to a replica; one that fails is left alone for some seconds, one that lags for less."""

    def __init__(self, url: str, connections: int) -> None:
        self.pool = postgresql.make_pool(make_url(url), connections)
        self._rests_until = 0.0

    @property
    def is_resting(self) -> bool:
        """Whether it has failed, or lagged, a moment ago."""
        return time.monotonic() < self._rests_until

    def rest(self, seconds: float = _FAILED_SECONDS) -> None:
        """Ask it nothing for a while."""
        self._rests_until = time.monotonic() + seconds

    def begin(self, position: str) -> Connection | None:
        """A connection with a reading transaction that sees all up to a position; None if there is none."""
        connection = None
        try:
            connection = self.pool.take()
            if self._has_come_to(position, connection):
                self.pool.begin(connection, Mode.READ)
                return connection
        except (DBAPIError, PoolTimeout, self.pool.errors):
            self.rest()
        if connection:
            self.pool.give(connection)
        return None

    def _has_come_to(self, position: str, connection: Connection) -> bool:
        driver = driver_of(connection)
        question = f"SELECT pg_last_wal_replay_lsn() >= '{position}'".encode()
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            answer = driver.pgconn.exec_(question)
            if answer.error_message:
                connection.invalidate()
                self.rest()
                return False
            if answer.get_value(0, 0) == b"t":
                return True
            if time.monotonic() > until:
                self.rest(_LATE_SECONDS)  # or each call would wait as long
                return False
            time.sleep(_LOOK_SECONDS)
