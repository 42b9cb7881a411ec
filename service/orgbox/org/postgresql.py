"""PostgreSQL: limits of time for every connection, how transactions begin and end, what its errors mean.

The first word and the last are sent by libpq itself: that costs a third of what the driver does, and the
first tells whether the connection still lives, so that nothing else has to ask. A reading transaction sees
one snapshot, as on SQLite. Sources: PostgreSQL documentation, "Client Connection Defaults", "PostgreSQL
Error Codes".
"""

import importlib
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.pool import NullPool

from orgbox.org.modes import Mode, Parameters
from orgbox.org.pool import Pool, driver_of

READ_SECONDS, WRITE_SECONDS = 30.0, 120.0
"""The longest a statement of a reading and of a writing transaction may take."""

_SETTINGS = {
    "statement_timeout": f"{READ_SECONDS:.0f}s", "lock_timeout": "6s",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "2", "tcp_keepalives_interval": "1", "tcp_keepalives_count": "3",
    "tcp_user_timeout": "5000",
}  # fmt: skip
_LIBPQ = {
    "connect_timeout": "3", "keepalives_idle": "2", "keepalives_interval": "1", "keepalives_count": "3",
    "tcp_user_timeout": "5000",
}  # fmt: skip
"""Each side notices in five seconds that the other is gone without a word: the server frees the locks of a
host before those who wait for them give up.
"""
_RECYCLE_SECONDS = 1800
_PREPARED = 500
_MOST_KEPT = 100
"""Rows of a result that may stay in memory until the next one comes."""
_IDLE = 0
"""What libpq calls PQTRANS_IDLE: no transaction is under way."""

_FIRST_WORDS = {
    Mode.READ: b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    Mode.WRITE: f"BEGIN; SET LOCAL statement_timeout = '{WRITE_SECONDS:.0f}s'".encode(),
    Mode.NOTE: b"BEGIN; SET LOCAL synchronous_commit = off",
    Mode.ALONE: b"BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
                b" SET LOCAL idle_in_transaction_session_timeout = 0",
}  # fmt: skip

LOCKED = frozenset({"55P03"})
"""A lock was waited for too long."""
UNDONE = frozenset({"40001", "40P01"})
"""Of transactions in each other's way, this one was undone."""
READ_ONLY = frozenset({"25006"})
"""The server is a replica, or has become one."""

_TURN = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), {}))"
"""Waits for the lock of an org in this database; the end of the transaction gives it back."""

_REFUSALS = ("authentication failed", "does not exist", "no pg_hba.conf entry", "not permitted to log in")


def make_pool(url: URL, connections: int) -> Pool:
    """At most so many connections, half of which stay open. What the URL itself sets is left as it is.

    Raises ValueError where the driver is missing.
    """
    options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
    own = url.query.get("options", "")
    assert isinstance(own, str)
    given = {name: value for name, value in _LIBPQ.items() if name not in url.query}
    if find_spec("psycopg") is None:
        raise ValueError("PostgreSQL needs the extra postgresql, as in pip install 'orgbox[postgresql]'")
    engine = create_engine(
        url.update_query_dict(given | {"options": f"{options} {own}".strip()}),
        poolclass=NullPool, hide_parameters=True,
    )  # fmt: skip
    event.listen(engine, "connect", _prepare)
    kept = max(connections // 2, 1)
    return Pool(engine, Dialogue(), most=connections, kept=kept, patience=10, life=_RECYCLE_SECONDS)


def _prepare(connection: Any, _record: object) -> None:
    connection.prepared_max = _PREPARED


class Dialogue:
    """What is said to PostgreSQL."""

    @cached_property
    def _errors(self) -> Any:
        return importlib.import_module("psycopg.errors")  # there is none where SQLite alone is used

    def begin(self, connection: Connection, mode: Mode, org: int | None) -> None:
        """Begin, and wait for the turn in the org, in one message."""
        words = _FIRST_WORDS[mode]
        if org is not None:
            words += b"; " + _TURN.format(org).encode()
        self._say(driver_of(connection), words)

    def commit(self, driver: Any) -> None:
        """End a transaction for good; the driver finds it ended."""
        self._say(driver, b"COMMIT")

    def undo(self, driver: Any) -> None:
        """End a transaction, if there is one, as if it had not been."""
        if driver.pgconn.transaction_status != _IDLE:
            driver.rollback()

    def _say(self, driver: Any, words: bytes) -> None:
        answer = driver.pgconn.exec_(words)
        if answer.error_message:
            error = self._errors.error_from_result(answer)
            raise error if error.sqlstate else driver.OperationalError(str(error))

    def rows(
        self, connection: Connection, text: str, parameters: Parameters
    ) -> list[tuple[Any, ...]]:
        """The rows that a statement gives, by a kept cursor: a new one costs half of the statement."""
        cursor = connection.info.pop("cursor", None) or driver_of(connection).cursor()
        cursor.execute(text, parameters)
        try:
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        except cursor.connection.ProgrammingError:  # the driver's word for none; to ask before costs more
            rows = []
        if len(rows) < _MOST_KEPT:  # for it holds its last result
            connection.info["cursor"] = cursor
        return rows


def wait_for_turn(connection: Connection, org: int) -> None:
    """Wait until no other transaction has its turn in the org."""
    connection.exec_driver_sql(_TURN.format(org))


def is_answer(error: BaseException | None) -> bool:
    """Whether a server has said something that stays: a refusal, by its words in English, or a lock held."""
    state, text = getattr(error, "sqlstate", None), str(error)
    return state in LOCKED or any(words in text for words in _REFUSALS)


def lock_for_start(connection: Connection) -> None:
    """Wait until nobody else holds this lock; the end of the transaction gives it back."""
    connection.exec_driver_sql(
        "SELECT pg_advisory_xact_lock(hashtext('orgbox'), hashtext(current_schema()))"
    )
