"""Sessions: login, resume, logout. A session id is `<org id, 15>!<96 characters>`; only its SHA-256 is kept.

The lifetime is sliding: every call moves it on, written at most once a minute. Texts of the faults are
those that make Salesforce's Java client log in again (INVALID_SESSION_ID with "Illegal Session"); they are
the same for a session that has ended and for one that never was, so that those long ended can be removed.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from orgbox.catalog.load import Catalog
from orgbox.clock import moment_text, parse_moment
from orgbox.errors import ApiFault
from orgbox.org import permissions
from orgbox.org.org import CALM, Conditions, Org
from orgbox.org.settings import OrgSettings, settings_from_json
from orgbox.org.store import Store
from orgbox.org.user import User
from orgbox.org.visibility import visible_catalog

_TOUCH_SECONDS = 60
_SWEEP = timedelta(hours=1)
_GRACE = timedelta(days=1)
"""How long an ended session stays: a lifetime made longer, or a clock set back, may give it life again."""
_NOTHING: frozenset[str] = frozenset()
_ILLEGAL = "Invalid Session ID found in SessionHeader: Illegal Session"
_USER_FIELDS = (
    "Id", "Username", "Name", "Email", "ProfileId", "UserRoleId", "TimeZoneSidKey", "LocaleSidKey",
    "LanguageLocaleKey", "UserType", "IsActive",
)  # fmt: skip
_USER_ATTRIBUTES = (
    "id", "username", "name", "email", "profile_id", "role_id", "time_zone", "locale", "language",
    "user_type",
)  # fmt: skip


@dataclass(slots=True)
class Session:
    """A user at work in an org, within one transaction. What a `quiet` one does is told by no mail."""

    org: Org
    user: User
    settings: OrgSettings
    connection: Connection
    version: int
    hash: str = ""
    password_expired: bool = False
    stale: bool = False
    quiet: bool = False
    conditions: Conditions = CALM
    _moment: str = ""

    @property
    def now(self) -> str:
        """The moment of the call as the API writes it: all that the call writes bears the same."""
        if not self._moment:
            self._moment = moment_text(self.org.clock.now())
        return self._moment

    @property
    def catalog(self) -> Catalog:
        """The org's catalogue as the user and the version of the call know it."""
        return visible_catalog(self.org.catalog.as_of(self.version), self.user)


def session_hash(session_id: str) -> str:
    """What is kept of a session id."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def start(connection: Connection, org: Org, user_id: str, client: str = "") -> str:
    """A new session; returns its id, which nobody can find out again. Those long ended are removed."""
    _sweep(connection, org)
    session_id = f"{org.id[:15]}!{secrets.token_urlsafe(72).replace('-', '.')}"
    table = org.store.schema.system["orgbox_session"]
    now = moment_text(org.clock.now())
    row = {
        "hash": session_hash(session_id), "org": org.number, "user_id": user_id,
        "created": now, "last_used": now, "client": client,
    }  # fmt: skip
    org.store.rows(connection, "begin session", lambda: insert(table), row)
    return session_id


def _sweep(connection: Connection, org: Org) -> None:
    """Remove the org's sessions that ended more than a day ago; looked for once an hour."""
    now = org.clock.now()
    if org.swept and org.swept <= now < org.swept + _SWEEP:
        return
    org.swept = now
    life = timedelta(seconds=catch_up(connection, org).session_seconds)
    given = {"number": org.number, "before": moment_text(now - life - _GRACE)}
    org.store.rows(connection, "sweep sessions", lambda: _sweep_statement(org.store), given)


def _sweep_statement(store: Store) -> Any:
    table = store.schema.system["orgbox_session"]
    mine = table.c.org == bindparam("number")
    return delete(table).where(mine, table.c.last_used < bindparam("before"))


def resume(connection: Connection, org: Org, session_id: str, version: int) -> Session:
    """The session of an id. Raises ApiFault INVALID_SESSION_ID if it is unknown, ended or expired."""
    hash_ = session_hash(session_id)
    given = {"hash": hash_, "number": org.number}
    rows = org.store.rows(connection, "resume", lambda: _resume_statement(org.store), given)
    if not rows:
        raise _ended(hash_)
    last_used, settings_json, faults, revision, expired, *user_row = rows[0]
    org.follow(connection, revision)
    settings = keep_up(org, settings_json, faults)
    conditions, now = org.conditions, org.clock.now()
    age = now - parse_moment(last_used)
    user = _user(connection, org, user_row)
    if user is None or age > timedelta(seconds=settings.session_seconds):
        raise _ended(hash_)
    stale = age >= timedelta(seconds=_TOUCH_SECONDS) or age < timedelta(0)
    return Session(
        org, user, settings, connection, version, hash_, bool(expired), stale, conditions=conditions
    )


def keep_up(org: Org, settings_json: str, faults: str | None) -> OrgSettings:
    """What the register says of an org, whose clock and conditions follow it in this process."""
    settings = settings_from_json(settings_json)
    org.clock.follow(settings.clock)
    conditions = Conditions(faults or "", settings.enforce_api_limit)
    if org.conditions != conditions:
        org.conditions = conditions
    return settings


def catch_up(connection: Connection, org: Org) -> OrgSettings:
    """Read the register for work that no session does."""
    given = {"number": org.number}
    rows = org.store.rows(connection, "catch_up", lambda: _register_statement(org.store), given)
    if not rows:
        return OrgSettings()
    settings, faults, revision = rows[0]
    org.follow(connection, revision)
    return keep_up(org, settings, faults)


def _register_statement(store: Store) -> Any:
    table = store.schema.system["orgbox_org"]
    columns = (table.c.settings, table.c.faults, table.c.revision)
    return select(*columns).where(table.c.org == bindparam("number"))


def _resume_statement(store: Store) -> Any:
    sessions, orgs = store.schema.system["orgbox_session"], store.schema.system["orgbox_org"]
    credentials = store.schema.system["orgbox_credential"]
    users, profiles = store.schema.records["User"], store.schema.records["Profile"]
    joined = (
        sessions.join(orgs, orgs.c.org == sessions.c.org)
        .join(users, (users.c.org == sessions.c.org) & (users.c.Id == sessions.c.user_id))
        .join(profiles, (profiles.c.org == users.c.org) & (profiles.c.Id == users.c.ProfileId))
        .outerjoin(
            credentials,
            (credentials.c.org == sessions.c.org) & (credentials.c.user_id == sessions.c.user_id),
        )
    )
    return (
        select(
            sessions.c.last_used, orgs.c.settings, orgs.c.faults, orgs.c.revision, credentials.c.expired,
            *_user_columns(store),
        )
        .select_from(joined)
        .where(sessions.c.hash == bindparam("hash"), sessions.c.org == bindparam("number"))
    )  # fmt: skip


def _user_columns(store: Store) -> list[Any]:
    """What `_user` makes a user of: columns of User and Profile, and whether there are permission sets."""
    users, profiles = store.schema.records["User"], store.schema.records["Profile"]
    fields = [users.c[name] for name in _USER_FIELDS]
    return [permissions.has_sets(store, users.c.org, users.c.Id), *fields, *permissions.columns(profiles)]


def _user(connection: Connection, org: Org, row: Sequence[Any]) -> User | None:
    has_sets, user_id, active = row[0], row[1], row[len(_USER_FIELDS)]
    if not active:
        return None
    added = _NOTHING
    if has_sets:
        added = permissions.added_by_sets(org.store, connection, org.number, user_id)
    return _make_user(tuple(row), added)


@lru_cache(maxsize=4_096)
def _make_user(row: tuple[Any, ...], added: frozenset[str]) -> User:
    """The user of a row of `_user_columns`: the same one as long as nothing of it changes."""
    granted = permissions.of_profile(row[1 + len(_USER_FIELDS) :])
    values = dict(zip(_USER_ATTRIBUTES, row[1:], strict=False))
    return User(permissions=granted | added, **values)


def read_user(connection: Connection, org: Org, user_id: str) -> User | None:
    """An active user with permissions, or None."""
    given = {"number": org.number, "user": user_id}
    rows = org.store.rows(connection, "user", lambda: _user_statement(org.store), given)
    return _user(connection, org, rows[0]) if rows else None


def _user_statement(store: Store) -> Any:
    users, profiles = store.schema.records["User"], store.schema.records["Profile"]
    joined = users.join(
        profiles, (profiles.c.org == users.c.org) & (profiles.c.Id == users.c.ProfileId)
    )
    return (
        select(*_user_columns(store))
        .select_from(joined)
        .where(users.c.org == bindparam("number"), users.c.Id == bindparam("user"))
    )


def facts(connection: Connection, session: Session) -> dict[str, str]:
    """When a session began and was last used, and the consumer key of the client that began it."""
    table = session.org.store.schema.system["orgbox_session"]
    columns = (table.c.created, table.c.last_used, table.c.client)
    mine = (table.c.org == session.org.number) & (table.c.hash == session.hash)
    statement = select(*columns).where(mine)
    return dict(connection.execute(statement).mappings().one())


def touch(connection: Connection, session: Session) -> None:
    """Move the session's life on."""
    table = session.org.store.schema.system["orgbox_session"]
    mine = (table.c.org == session.org.number) & (table.c.hash == session.hash)
    connection.execute(update(table).where(mine).values(last_used=session.now))


def end(connection: Connection, org: Org, hashes: list[str]) -> list[bool]:
    """End sessions of the org; tells for each whether it was alive."""
    table = org.store.schema.system["orgbox_session"]
    return [
        bool(
            connection.execute(
                delete(table).where(table.c.hash == hash_, table.c.org == org.number)
            ).rowcount
        )
        for hash_ in hashes
    ]


def end_all_of(connection: Connection, org: Org, user_id: str) -> None:
    """End every session of a user: clients that sign in as one user share the fate of their session."""
    table = org.store.schema.system["orgbox_session"]
    connection.execute(
        delete(table).where(table.c.org == org.number, table.c.user_id == user_id)
    )


def illegal_session() -> ApiFault:
    """The fault for a missing session id or one that never was one."""
    return ApiFault("INVALID_SESSION_ID", _ILLEGAL)


def _ended(hash_: str) -> ApiFault:
    shown = base64.b64encode(bytes.fromhex(hash_)).decode()
    return ApiFault(
        "INVALID_SESSION_ID",
        f"{_ILLEGAL}. Session not found, missing session hash: {shown}\n"
        "This error usually occurs after a session expires or a user logs out. ",
    )
