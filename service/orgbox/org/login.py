"""login() and the password calls.

Every refusal of login() has the same text, and takes as long, whether the user exists or not. An attempt
is counted before the password is looked at, so that guesses made at once cannot slip past the lock.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from orgbox.errors import ApiFault
from orgbox.org import credentials, outbox, tokens
from orgbox.org import session as sessions
from orgbox.org.org import Org
from orgbox.org.outbox import NewMail
from orgbox.org.passwords import Passwords, check_policy, without_token
from orgbox.org.registry import Orgs
from orgbox.org.session import Session
from orgbox.org.unique import EVERYWHERE
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
    orgs: Orgs, org: Org | None, user_id: str | None, password: str, client: str = ""
) -> Login:
    """Sign a user in. `org` and `user_id` are None for an unknown user name; `client` is a consumer key.

    Raises ApiFault INVALID_LOGIN; API_DISABLED_FOR_ORG for a user without the API Enabled permission;
    LOGIN_MUST_USE_SECURITY_TOKEN where the org asks for a token and the password comes without one.
    """
    org, user_id, expired = verify(orgs, org, user_id, password)
    with org.store.database.write() as connection:
        user = admit(connection, org, user_id, for_api=True)
        session_id = sessions.start(connection, org, user_id, client)
        resumed = sessions.resume(connection, org, session_id, 0)
        if resumed.settings.require_security_token and not without_token(password):
            raise ApiFault("LOGIN_MUST_USE_SECURITY_TOKEN", _NEEDS_TOKEN)
    return Login(org, user, session_id, expired, resumed.settings.session_seconds)


def verify(
    orgs: Orgs, org: Org | None, user_id: str | None, password: str
) -> tuple[Org, str, bool]:
    """Count the attempt and check the password: the org, the user, whether the password has expired.

    Raises ApiFault INVALID_LOGIN, after the same time whether there is such a user or not.
    """
    credential = _count_attempt(orgs, org, user_id)
    kept = credential["password"] if credential else None
    if not _accepts(orgs.passwords, password, kept) or org is None or user_id is None or not credential:
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
    credentials.forget_attempts(connection, org, user_id)
    return user


def _accepts(passwords: Passwords, password: str, kept: str | None) -> bool:
    """Whether the password is right, with a security token or without; nobody is refused with less work."""
    return any(passwords.matches(tried, kept) for tried in (password, *without_token(password)))


def _count_attempt(orgs: Orgs, org: Org | None, user_id: str | None) -> dict[str, Any] | None:
    """The credential if another attempt is allowed now; the attempt is counted in the same transaction.

    So are attempts of users who do not exist, or else the time of a commit would tell which do.
    """
    with orgs.database.write() as connection:
        credential = credentials.count_attempt(connection, org, user_id) if org and user_id else None
        if credential is None:
            orgs.store.count_up(connection, EVERYWHERE, "refused logins")
    return credential


def set_password(session: Session, user_id: str, password: str, passwords: Passwords) -> None:
    """Set a user's password, one's own or, with Reset Passwords, another's.

    Raises ApiFault INVALID_ID_FIELD, INVALID_NEW_PASSWORD or INSUFFICIENT_ACCESS.
    """
    target = _target(session, user_id)
    check_policy(password)
    _refuse_repetition(session, target, password, passwords)
    credentials.store_password(session.connection, session.org, target, passwords.hash(password))


def reset_password(session: Session, user_id: str, passwords: Passwords, *, mail: str = "") -> str:
    """Give a user a new random password and return it. Raises as `set_password`.

    `mail` is the kind of letter that tells the user: "password", "new_user" or, for none, empty.
    """
    target, nonce = _target(session, user_id), tokens.new_nonce()
    password = tokens.password(session.org.store.database.key, target, nonce)
    hash_ = passwords.hash(password)
    credentials.store_password(session.connection, session.org, target, hash_, expired=True)
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
    credentials.store_password(session.connection, session.org, session.user.id, passwords.hash(new))


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
