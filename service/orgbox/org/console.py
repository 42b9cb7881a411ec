"""Sessions of the console. They are a kind of their own: SOAP never reads the console's cookie, and the
console takes no API session. Only the SHA-256 of a token is kept.

A session ends after the org's session_seconds without a page, after twelve hours in any case, when the
clock is set back by more, at logout, when the password changes and when the user is deactivated.
"""

import hmac
import secrets
from datetime import timedelta

from sqlalchemy import Connection, TableClause, delete, insert, select, update

from orgbox.clock import moment_text, parse_moment
from orgbox.org.org import Org
from orgbox.org.registry import Orgs
from orgbox.org.session import Session, keep_up, read_user, session_hash

_LONGEST = timedelta(hours=12)
_TOUCH = timedelta(seconds=60)


def signing_key(orgs: Orgs) -> str:
    """The key that signs cookies: one for all processes that share a database."""
    return hmac.digest(orgs.database.key, b"console", "sha256").hex()


def start(connection: Connection, org: Org, user_id: str) -> str:
    """A new session; returns its token, which nobody can find out again. Those long ended are removed."""
    token = f"{org.id}!{secrets.token_urlsafe(32)}"
    table, now = _table(org), org.clock.now()
    ended = table.c.created < moment_text(now - _LONGEST)
    connection.execute(delete(table).where(table.c.org == org.number, ended))
    connection.execute(
        insert(table).values(
            hash=session_hash(token), org=org.number, user_id=user_id,
            created=moment_text(now), last_used=moment_text(now),
        )
    )  # fmt: skip
    return token


def org_of(orgs: Orgs, token: str) -> Org | None:
    """The org a token belongs to, if there is one of that Id."""
    return orgs.get(token.partition("!")[0])


def resume(connection: Connection, org: Org, token: str, version: int) -> Session | None:
    """The session of a token, None if it is unknown or has ended. `version` is that of its queries."""
    sessions, orgs = _table(org), org.store.schema.system["orgbox_org"]
    credentials = org.store.schema.system["orgbox_credential"]
    mine = (credentials.c.org == sessions.c.org) & (credentials.c.user_id == sessions.c.user_id)
    joined = sessions.join(orgs, orgs.c.org == sessions.c.org).outerjoin(credentials, mine)
    hash_ = session_hash(token)
    row = connection.execute(
        select(
            sessions.c.user_id, sessions.c.created, sessions.c.last_used, orgs.c.settings,
            orgs.c.faults, orgs.c.revision, credentials.c.expired,
        )
        .select_from(joined)
        .where(sessions.c.hash == hash_, sessions.c.org == org.number)
    ).one_or_none()  # fmt: skip
    user = read_user(connection, org, row.user_id) if row else None
    if row is None or user is None:
        return None
    org.follow(connection, row.revision)
    settings = keep_up(org, row.settings, row.faults)
    now = org.clock.now()
    idle, age = now - parse_moment(row.last_used), now - parse_moment(row.created)
    if idle > timedelta(seconds=settings.session_seconds) or abs(age) > _LONGEST:
        return None
    stale = idle >= _TOUCH or idle < timedelta(0)
    return Session(org, user, settings, connection, version, hash_, bool(row.expired), stale)


def touch(connection: Connection, session: Session) -> None:
    """Move the session's life on."""
    table = _table(session.org)
    mine = (table.c.org == session.org.number) & (table.c.hash == session.hash)
    connection.execute(update(table).where(mine).values(last_used=session.now))


def end(orgs: Orgs, token: str) -> None:
    """End the session of a token, if there is one."""
    org = org_of(orgs, token)
    if org is None:
        return
    table = _table(org)
    with orgs.database.write() as connection:
        mine = (table.c.hash == session_hash(token)) & (table.c.org == org.number)
        connection.execute(delete(table).where(mine))


def _table(org: Org) -> TableClause:
    return org.store.schema.system["orgbox_console_session"]
