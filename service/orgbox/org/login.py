"""login() and the password calls.

Every refusal of login() has the same text, and takes as long, whether the user exists or not. An attempt
is counted before the password is looked at, so that guesses made at once cannot slip past the lock.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from orgbox.clock import moment_text
from orgbox.errors import ApiFault
from orgbox.org import outbox, tokens
from orgbox.org import session as sessions
from orgbox.org.org import Org
from orgbox.org.outbox import NewMail
from orgbox.org.passwords import Passwords, check_policy, without_token
from orgbox.org.session import Session
from orgbox.org.user import User

_REFUSED = "Invalid username, password, security token; or user locked out."
_NEEDS_TOKEN = (
    f"{_REFUSED} Are you at a new location? When accessing Salesforce--either via a desktop client or the "
    "API--from outside of your company\u2019s trusted networks, you must add a security token to your "
    "password to log in. To get your new security token, log in to Salesforce. From your personal "
    "settings, enter Reset My Security Token in the Quick Find box, then select Reset My Security Token."
)


@dataclass(frozen=True, slots=True)
class Login:
    """What login() found: who signed in and the id of the new session."""

    org: Org
    user: User
    session_id: str
    password_expired: bool
    session_seconds: int


def login(
    org: Org | None, user_id: str | None, password: str, passwords: Passwords, client: str = ""
) -> Login:
    """Sign a user in. `org` and `user_id` are None for an unknown user name; `client` is a consumer key.

    Raises ApiFault INVALID_LOGIN; API_DISABLED_FOR_ORG for a user without the API Enabled permission;
    LOGIN_MUST_USE_SECURITY_TOKEN where the org asks for a token and the password comes without one.
    """
    org, user_id, expired = verify(org, user_id, password, passwords)
    with org.store.database.write() as connection:
        user = admit(connection, org, user_id, for_api=True)
        session_id = sessions.start(connection, org, user_id, client)
        resumed = sessions.resume(connection, org, session_id, 0)
        if resumed.settings.require_security_token and without_token(password) is None:
            raise ApiFault("LOGIN_MUST_USE_SECURITY_TOKEN", _NEEDS_TOKEN)
    return Login(org, user, session_id, expired, resumed.settings.session_seconds)


def verify(
    org: Org | None, user_id: str | None, password: str, passwords: Passwords
) -> tuple[Org, str, bool]:
    """Count the attempt and check the password: the org, the user, whether the password has expired.

    Raises ApiFault INVALID_LOGIN, after the same time whether there is such a user or not.
    """
    credential = _count_attempt(org, user_id) if org and user_id else None
    kept = credential["password"] if credential else None
    if not _accepts(passwords, password, kept) or org is None or user_id is None or not credential:
        raise ApiFault("INVALID_LOGIN", _REFUSED)
    return org, user_id, bool(credential["expired"])


def admit(connection: Connection, org: Org, user_id: str, *, for_api: bool = False) -> User:
    """The user whose password was right, if active; failed attempts are forgotten.

    Raises ApiFault INVALID_LOGIN, and `for_api` API_DISABLED_FOR_ORG.
    """
    user = sessions.read_user(connection, org, user_id)
    if user is None:
        raise ApiFault("INVALID_LOGIN", _REFUSED)
    if for_api and not user.may("ApiEnabled"):
        text = "API is not enabled for this Organization or Partner"
        raise ApiFault("API_DISABLED_FOR_ORG", text)
    _reset_attempts(connection, org, user_id)
    return user


def _accepts(passwords: Passwords, password: str, kept: str | None) -> bool:
    if passwords.matches(password, kept):
        return True
    bare = without_token(password)
    return bare is not None and kept is not None and passwords.matches(bare, kept)


def _count_attempt(org: Org, user_id: str) -> dict[str, Any] | None:
    """The credential if another attempt is allowed now; the attempt is counted in the same transaction."""
    table = org.store.schema.system["orgbox_credential"]
    mine = (table.c.org == org.number) & (table.c.user_id == user_id)
    with org.store.database.write() as connection:
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


def _reset_attempts(connection: Connection, org: Org, user_id: str) -> None:
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


def set_password(session: Session, user_id: str, password: str, passwords: Passwords) -> None:
    """Set a user's password, one's own or, with Reset Passwords, another's.

    Raises ApiFault INVALID_ID_FIELD, INVALID_NEW_PASSWORD or INSUFFICIENT_ACCESS.
    """
    target = _target(session, user_id)
    check_policy(password)
    _refuse_repetition(session, target, password, passwords)
    store_password(session.connection, session.org, target, passwords.hash(password))


def reset_password(session: Session, user_id: str, passwords: Passwords, *, mail: str = "") -> str:
    """Give a user a new random password and return it. Raises as `set_password`.

    `mail` is the kind of letter that tells the user: "password", "new_user" or, for none, empty.
    """
    target, nonce = _target(session, user_id), tokens.new_nonce()
    password = tokens.password(session.org.store.database.key, target, nonce)
    store_password(session.connection, session.org, target, passwords.hash(password), expired=True)
    if mail:
        _tell(session, target, mail, nonce)
    return password


def _tell(session: Session, user_id: str, kind: str, nonce: str) -> None:
    """Mail a user the password made of a nonce; the outbox keeps the nonce alone."""
    org, columns = session.org, ("Name", "Username", "Email")
    users = org.catalog["User"]
    user = org.store.fetch(session.connection, org.number, users, [user_id], columns)[user_id]
    facts = {"name": user["Name"], "username": user["Username"], "org": org.name}
    outbox.queue(session.connection, org, [NewMail(kind, user_id, user["Email"], facts, nonce)])


def change_own_password(session: Session, old: str, new: str, passwords: Passwords) -> None:
    """Change one's own password. Raises ApiFault INVALID_OLD_PASSWORD or INVALID_NEW_PASSWORD."""
    if not passwords.matches(old, _kept(session, session.user.id)):
        raise ApiFault("INVALID_OLD_PASSWORD", "invalid old password")
    check_policy(new)
    _refuse_repetition(session, session.user.id, new, passwords)
    store_password(session.connection, session.org, session.user.id, passwords.hash(new))


def _target(session: Session, user_id: str) -> str:
    """The Id of the user whose password is to change, if the caller may change it."""
    org = session.org
    found = org.store.fetch(
        session.connection, org.number, org.catalog["User"], [user_id], ("Id",)
    )
    if not found:
        raise ApiFault("INVALID_ID_FIELD", "invalid cross reference id")
    allowed = session.user.may("ManageUsers") or session.user.may("ResetPasswords")
    if user_id != session.user.id and not allowed:
        text = "insufficient access rights on object id"
        raise ApiFault("INSUFFICIENT_ACCESS", text)
    return user_id


def _kept(session: Session, user_id: str) -> str | None:
    table = session.org.store.schema.system["orgbox_credential"]
    statement = select(table.c.password).where(
        table.c.org == session.org.number, table.c.user_id == user_id
    )
    return session.connection.scalar(statement)


def _refuse_repetition(session: Session, user_id: str, new: str, passwords: Passwords) -> None:
    kept = _kept(session, user_id)
    if kept is not None and passwords.matches(new, kept):
        raise ApiFault("INVALID_NEW_PASSWORD", "invalid repeated password")
