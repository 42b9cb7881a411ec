"""Databases for the rounds: a SQLite file or a schema of a PostgreSQL server, new again and again."""

import contextlib
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

_AGE = (
    'DROP INDEX "ix_User_Email_ci"',
    'ALTER TABLE "User" DROP COLUMN "Email_ci"',
    'DROP INDEX "ix_CollaborationInvitation_InviterId"',
    "ALTER TABLE orgbox_cursor DROP COLUMN used",
    "DELETE FROM orgbox_schema WHERE name = 'tables'",
)
"""What makes a database look like one of an earlier release."""


class Place:
    """Where the database is. `server` is the URL of a PostgreSQL server, or empty for SQLite."""

    def __init__(self, folder: Path, server: str = "") -> None:
        self._file = folder / "soak.db"
        self._server = server
        query = {"options": "-csearch_path=soak"}
        url = make_url(server).update_query_dict(query) if server else None
        self.url = url.render_as_string(hide_password=False) if url else f"sqlite:///{self._file}"

    def clear(self) -> None:
        """Begin with an empty one."""
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self._file}{suffix}").unlink()
        if self._server:
            self._run(self._server, "DROP SCHEMA IF EXISTS soak CASCADE", "CREATE SCHEMA soak")

    def age(self) -> None:
        """Take away what an earlier release did not have."""
        self._run(self.url, *_AGE)

    def waiting_mails(self) -> int:
        """How many mails are still to be delivered."""
        return len(self._run(self.url, "SELECT recipient FROM orgbox_mail WHERE status = 'Queued'"))

    def mailed_again(self) -> frozenset[str]:
        """Addresses to which a mail was tried more than once."""
        return frozenset(self._run(self.url, "SELECT recipient FROM orgbox_mail WHERE attempts > 1"))

    def _run(self, url: str, *statements: str) -> list[str]:
        """Execute statements; returns the first column of the last one's rows."""
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            results = [connection.execute(text(statement)) for statement in statements]
            found = [str(value) for value in results[-1].scalars()] if results[-1].returns_rows else []
        engine.dispose()
        return found
