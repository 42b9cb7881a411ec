"""Password hashes as they are kept, and how many attempts there were: the lock of a user."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from orgbox.clock import moment_text
from orgbox.org import session as sessions
from orgbox.org.org import Org


def count_attempt(connection: Connection, org: Org, user_id: str) -> dict[str, Any] | None:
    """The credential if another attempt is allowed now, and the attempt counted; None for a locked user."""
    table = org.store.schema.system["orgbox_credential"]
    mine = (table.c.org == org.number) & (table.c.user_id == user_id)
    sessions.catch_up(connection, org)
    now = org.clock.now()
    row = connection.execute(select(table).where(mine)).mappings().one_or_none()
    if row is None or (row["locked_until"] or "") > moment_text(now):
        return None
    attempts = row["attempts"] + 1
    locked = None
    if attempts >= org.limits.login_attempts:
        locked = moment_text(now + timedelta(minutes=org.limits.lockout_minutes))
        attempts = 0
    connection.execute(
        update(table).where(mine).values(attempts=attempts, locked_until=locked)
    )
    return dict(row)


def forget_attempts(connection: Connection, org: Org, user_id: str) -> None:
    """After a password was right: no attempt counts, no lock is left; the moment is noted."""
    table = org.store.schema.system["orgbox_credential"]
    connection.execute(
        update(table)
        .where(table.c.org == org.number, table.c.user_id == user_id)
        .values(attempts=0, locked_until=None)
    )
    users = org.store.schema.records["User"]
    connection.execute(
        update(users)
        .where(users.c.org == org.number, users.c.Id == user_id)
        .values(LastLoginDate=moment_text(org.clock.now()))
    )


def store_password(
    connection: Connection, org: Org, user_id: str, hash_: str, *, expired: bool = False
) -> None:
    """Keep the hash of a user's password; a lock is lifted."""
    table = org.store.schema.system["orgbox_credential"]
    values = {"password": hash_, "expired": int(expired), "attempts": 0, "locked_until": None}
    mine = (table.c.org == org.number) & (table.c.user_id == user_id)
    if not connection.execute(update(table).where(mine).values(**values)).rowcount:
        connection.execute(table.insert().values(org=org.number, user_id=user_id, **values))
