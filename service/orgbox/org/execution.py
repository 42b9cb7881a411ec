"""What query() and search() share: who asks, and statements executed within the time a call has.

SQLite is asked every few thousand steps whether the time is up; PostgreSQL is told the time beforehand,
unless it is what every reading transaction has.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from sqlalchemy import Connection, bindparam, select

from orgbox.errors import ApiFault
from orgbox.org.database import Database
from orgbox.org.modes import Mode, mode_of
from orgbox.org.postgresql import READ_SECONDS
from orgbox.org.session import Session
from orgbox.soql import Statement, Viewer

Row = tuple[Any, ...]

_STEPS = 10_000
"""SQLite's steps between two looks at the clock: about a millisecond."""

_TIMEOUT = "Your query request was running for too long."


def viewer_of(session: Session, *, sees_all: bool | None = None) -> Viewer:
    """The user of the session as plans know one; `sees_all` overrules the user's permissions."""
    user = session.user
    if sees_all is None:
        sees_all = user.may("ViewAllData") or user.may("ModifyAllData")
    return Viewer(
        user.id, user.time_zone, user.locale, sees_all=sees_all, version=session.version,
        fiscal_month=_fiscal_month(session),
    )  # fmt: skip


def _fiscal_month(session: Session) -> int:
    """The month the org's fiscal year begins with. No call can change it, so it is read once."""
    org = session.org
    if not org.fiscal_month:
        table = org.store.schema.records["Organization"]
        statement = select(table.c.FiscalYearStartMonth).where(table.c.org == bindparam("org"))
        found = session.connection.execute(statement, {"org": org.number}).scalar()
        org.fiscal_month = found if isinstance(found, int) and 1 <= found <= 12 else 1
    return org.fiscal_month


@dataclass(slots=True)
class Executor:
    """Executes the statements of one call; together they may take `seconds`."""

    database: Database
    connection: Connection
    seconds: float
    _end: float = 0.0
    _told: float = READ_SECONDS

    def __post_init__(self) -> None:
        self._end = monotonic() + self.seconds
        if mode_of(self.connection) is not Mode.READ:
            self._told = 0.0

    def __call__(self, statement: Statement, values: Mapping[str, object]) -> list[Row]:
        """All rows of a statement. Raises ApiFault QUERY_TIMEOUT."""
        dialect = self.connection.dialect.name
        text, parameters = statement.on(dialect, values)
        if dialect == "postgresql":
            self._tell()
        try:
            return self.database.rows(self.connection, text, parameters)
        except self.database.driver.OperationalError as error:
            if monotonic() >= self._end:
                raise timeout() from error
            raise

    def _tell(self) -> None:
        """Tell PostgreSQL what is left of the time, unless it still knows it well enough."""
        left = self._end - monotonic()
        if left <= 0:
            raise timeout()
        if abs(self._told - left) > 1.0:
            milliseconds = max(1, int(left * 1000))
            self.connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
            self._told = left

    def is_over(self) -> bool:
        """Whether the time is up."""
        return monotonic() >= self._end


@contextmanager
def executing(session: Session) -> Iterator[Executor]:
    """An executor for the session's call, within the org's limit of time."""
    connection = session.connection
    execute = Executor(session.org.store.database, connection, session.org.limits.query_seconds)
    if connection.dialect.name != "sqlite":
        yield execute
        return
    raw: Any = connection.connection.driver_connection
    raw.set_progress_handler(execute.is_over, _STEPS)
    try:
        yield execute
    finally:
        raw.set_progress_handler(None, 0)


def timeout() -> ApiFault:
    """The fault for a query that takes too long."""
    return ApiFault("QUERY_TIMEOUT", _TIMEOUT)
