"""PostgreSQL: limits of time for every connection, how transactions begin and end, what its errors mean.

The first word tells whether the connection still lives, so that nothing else has to ask; the last one of a
reading transaction, which leaves nothing behind, is not waited for. A reading transaction sees one snapshot,
as on SQLite. Sources: PostgreSQL documentation, "Client Connection Defaults", "PostgreSQL
Error Codes".
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.pool import NullPool

from orgbox.org.libpq import line_of
from orgbox.org.modes import Mode, Parameters, mode_of
from orgbox.org.pool import Pool

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
        poolclass=NullPool, pool_reset_on_return=None, hide_parameters=True,
    )  # fmt: skip
    kept = max(connections // 2, 1)
    return Pool(engine, Dialogue(), most=connections, kept=kept, patience=10, life=_RECYCLE_SECONDS)


class Dialogue:
    """What is said to PostgreSQL."""

    def begin(self, connection: Connection, mode: Mode, org: int | None) -> None:
        """Begin, and wait for the turn in the org, in one message."""
        words = _FIRST_WORDS[mode]
        if org is not None:
            words += b"; " + _TURN.format(org).encode()
        line_of(connection).say(words)

    def commit(self, connection: Connection) -> None:
        """End a transaction for good."""
        line = line_of(connection)
        if mode_of(connection) is Mode.READ:
            line.leave(b"COMMIT")
        else:
            line.say(b"COMMIT")

    def undo(self, connection: Connection) -> None:
        """End a transaction, if there is one, as if it had not been."""
        line_of(connection).undo()

    def rows(
        self, connection: Connection, text: str, parameters: Parameters
    ) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        return line_of(connection).rows(text, parameters)

    def many(
        self, connection: Connection, text: str, parameters: Sequence[Parameters]
    ) -> None:
        """Execute a statement once for each of the parameters."""
        line_of(connection).many(text, parameters)


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
