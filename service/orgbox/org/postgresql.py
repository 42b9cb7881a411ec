"""PostgreSQL: limits of time for every connection, the first word of a transaction, what its errors mean.

The first word is sent by libpq itself: it costs a third of what the driver's does, and tells whether the
connection still lives, so that nothing else has to ask. A reading transaction sees one snapshot, as on
SQLite. Sources: PostgreSQL documentation, "Client Connection Defaults", "PostgreSQL Error Codes".
"""

from importlib.util import find_spec
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from orgbox.org.modes import Mode, mode_of

READ_SECONDS, WRITE_SECONDS = 30.0, 120.0
"""The longest a statement of a reading and of a writing transaction may take."""

_SETTINGS = {
    "statement_timeout": f"{READ_SECONDS:.0f}s", "lock_timeout": "6s",
    "idle_in_transaction_session_timeout": "60s",
}  # fmt: skip
_LIBPQ = {
    "connect_timeout": "5", "keepalives_idle": "5", "keepalives_interval": "5", "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}  # fmt: skip
"""A host that is gone without a word is noticed within 20 seconds."""
_RECYCLE_SECONDS = 1800
_PREPARED = 500

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

TURN = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), %s))"
"""Waits for the lock of an org in this database; the end of the transaction gives it back."""

_REFUSALS = ("authentication failed", "does not exist", "no pg_hba.conf entry", "not permitted to log in")


def make_engine(url: URL, connections: int) -> Engine:
    """An engine with at most so many connections. What the URL itself sets is left as it is.

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
        pool_size=max(connections // 2, 1), max_overflow=connections - max(connections // 2, 1),
        hide_parameters=True, pool_timeout=10, pool_recycle=_RECYCLE_SECONDS, pool_use_lifo=True,
    )  # fmt: skip
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    connection.prepared_max = _PREPARED


def _begin(connection: Connection) -> None:
    word = _FIRST_WORDS[mode_of(connection)]
    raw: Any = connection.connection.driver_connection
    if not raw.autocommit and raw.pgconn.exec_(word).error_message:
        connection.exec_driver_sql(word.decode())  # raises what it is, as SQLAlchemy names it


def end_reading(connection: Connection) -> None:
    """End a transaction that has only read, as it began; the driver then has nothing to commit.

    What goes wrong the driver meets again.
    """
    raw: Any = connection.connection.driver_connection
    if not raw.autocommit:
        raw.pgconn.exec_(b"COMMIT")


def is_refusal(text: str) -> bool:
    """Whether a server has refused a connection for a reason that stays, as its words in English tell."""
    return any(words in text for words in _REFUSALS)


def lock_for_start(connection: Connection) -> None:
    """Wait until nobody else holds this lock; the end of the transaction gives it back."""
    connection.exec_driver_sql(
        "SELECT pg_advisory_xact_lock(hashtext('orgbox'), hashtext(current_schema()))"
    )
