"""Password hashes as they are kept, and how many attempts there were: the lock of a user."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, TableClause, bindparam, delete, literal_column, null, select, update

from orgbox.clock import moment_text
from orgbox.org import session as sessions
from orgbox.org.org import Org
from orgbox.org.store import Store


def count_attempt(connection: Connection, org: Org, user_id: str) -> str | None:
    """The password's hash if another attempt is allowed now, and it counted; None for a locked user."""
    sessions.catch_up(connection, org)
    now = org.clock.now()
    given = {"number": org.number, "user": user_id}
    rows = org.store.rows(connection, "credential", lambda: _reading(org.store), given)
    kept, attempts, locked = rows[0] if rows else (None, 0, None)
    until = moment_text(now + timedelta(minutes=org.limits.lockout_minutes))
    if kept is None or moment_text(now) < (locked or "") <= until:  # later: the clock was set back since
        return None
    attempts, locked = attempts + 1, None
    if attempts >= org.limits.login_attempts:
        attempts, locked = 0, until
    _set_attempts(connection, org, user_id, attempts, locked)
    return str(kept)


def forget_attempts(connection: Connection, org: Org, user_id: str) -> None:
    """After a password was right: no attempt counts, no lock is left; the moment is noted."""
    _set_attempts(connection, org, user_id, 0, None)
    signed_in = {"LastLoginDate": moment_text(org.clock.now())}
    org.store.update(connection, org.number, org.catalog["User"], [(user_id, signed_in)])


def _set_attempts(
    connection: Connection, org: Org, user_id: str, attempts: int, locked: str | None
) -> None:
    given = {"number": org.number, "user": user_id, "count": attempts, "until": locked}
    org.store.rows(connection, "attempts", lambda: _writing(org.store), given)


def _reading(store: Store) -> Any:
    table = store.schema.system["orgbox_credential"]
    return select(table.c.password, table.c.attempts, table.c.locked_until).where(_mine(table))


def _writing(store: Store) -> Any:
    table = store.schema.system["orgbox_credential"]
    changed = update(table).where(_mine(table))
    return changed.values(attempts=bindparam("count"), locked_until=bindparam("until"))


def _mine(table: TableClause) -> Any:
    return (table.c.org == bindparam("number")) & (table.c.user_id == bindparam("user"))


def store_password(
    connection: Connection, org: Org, user_id: str, hash_: str, *, expired: bool = False
) -> None:
    """Keep the hash of a user's password; a lock is lifted, and the user's sessions of the console end."""
    given = {"number": org.number, "user": user_id, "hash": hash_, "old": int(expired)}
    org.store.rows(connection, "password", lambda: _keeping(org.store), given)
    org.store.rows(connection, "end of console sessions", lambda: _ending(org.store), given)


def _keeping(store: Store) -> Any:
    table = store.schema.system["orgbox_credential"]
    told: dict[str, Any] = {"password": bindparam("hash"), "expired": bindparam("old")}
    fresh: dict[str, Any] = {"attempts": literal_column("0"), "locked_until": null()}
    key: dict[str, Any] = {"org": bindparam("number"), "user_id": bindparam("user")}
    row = store.database.insert(table).values(key | told | fresh)
    renewed = {name: literal_column(f"excluded.{name}") for name in told} | fresh
    return row.on_conflict_do_update(index_elements=[*key], set_=renewed)


def _ending(store: Store) -> Any:
    table = store.schema.system["orgbox_console_session"]
    return delete(table).where(_mine(table))
