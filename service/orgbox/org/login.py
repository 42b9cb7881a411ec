"""login() and the password calls.

Every refusal of login() has the same text, and takes as long, whether the user exists or not. An attempt
is counted before the password is looked at, so that guesses made at once cannot slip past the lock; and
those of a user take turns, so that a program that signs in many times at once does not lock itself out.
"""

import threading
from contextlib import AbstractContextManager

from sqlalchemy import Connection, select

from orgbox.baton import BATON
from orgbox.errors import ApiFault
from orgbox.frozen import value
from orgbox.org import credentials, outbox, permissions, tokens
from orgbox.org import session as sessions
from orgbox.org.modes import Mode
from orgbox.org.org import Org
from orgbox.org.outbox import NewLetter, NewMail
from orgbox.org.passwords import Passwords, check_policy, without_token
from orgbox.org.registry import Orgs
from orgbox.org.session import Session
from orgbox.org.settings import OrgSettings
from orgbox.org.unique import EVERYWHERE
from orgbox.org.user import User

_REFUSED = "Invalid username, password, security token; or user locked out."
_NEEDS_TOKEN = (
    f"{_REFUSED} Are you at a new location? When accessing Salesforce--either via a desktop client or the "
    "API--from outside of your company\u2019s trusted networks, you must add a security token to your "
    "password to log in. To get your new security token, log in to Salesforce. From your personal "
    "settings, enter Reset My Security Token in the Quick Find box, then select Reset My Security Token."
)


_TURNS = tuple(threading.Lock() for _ in range(64))


def turn(org: Org | None, user_id: str | None) -> AbstractContextManager[None]:
    """To be held from `verify` to `admit`: one attempt of a user at a time in a process.

    Some users share a lock; so do all who do not exist, whose guesses then take as long as another's.
    """
    return BATON.holding(_TURNS[hash((org.number if org else None, user_id)) % len(_TURNS)])


@value
class Login:
    """What login() found: who signed in and the id of the new session."""

    org: Org
    user: User
    session_id: str
    password_expired: bool
    settings: OrgSettings


def login(
    orgs: Orgs, org: Org | None, user_id: str | None, password: str, client: str = ""
) -> Login:
    """Sign a user in. `org` and `user_id` are None for an unknown user name; `client` is a consumer key.

    Raises ApiFault INVALID_LOGIN; API_DISABLED_FOR_ORG for a user without the API Enabled permission;
    LOGIN_MUST_USE_SECURITY_TOKEN where the org asks for a token and the password comes without one.
    """
    with turn(org, user_id):
        org, user_id = verify(orgs, org, user_id, password)
        return _sign_in(org, user_id, password, client)


def _sign_in(org: Org, user_id: str, password: str, client: str) -> Login:
    with org.store.database.write(org=org.number) as connection:
        session_id = sessions.start(connection, org, user_id, client)
        session = _begun(connection, org, session_id)
        permissions.check_api(session.user)
        if session.settings.require_security_token and not without_token(password):
            raise ApiFault("LOGIN_MUST_USE_SECURITY_TOKEN", _NEEDS_TOKEN)
        credentials.forget_attempts(connection, org, user_id)
    return Login(org, session.user, session_id, session.password_expired, session.settings)


def _begun(connection: Connection, org: Org, session_id: str) -> Session:
    """A session just begun. Raises ApiFault INVALID_LOGIN for a user who is not active."""
    try:
        return sessions.resume(connection, org, session_id, 0)
    except ApiFault:
        raise ApiFault("INVALID_LOGIN", _REFUSED) from None


def verify(orgs: Orgs, org: Org | None, user_id: str | None, password: str) -> tuple[Org, str]:
    """Count the attempt and check the password, in one's `turn`: the org and the user.

    Raises ApiFault INVALID_LOGIN, after the same time whether there is such a user or not.
    """
    kept = _count_attempt(orgs, org, user_id)
    if not _accepts(orgs.passwords, password, kept) or org is None or user_id is None:
        raise ApiFault("INVALID_LOGIN", _REFUSED)
    return org, user_id


def admit(connection: Connection, org: Org, user_id: str) -> None:
    """Let a user in whose password was right, if active: failed attempts are forgotten.

    Raises ApiFault INVALID_LOGIN.
    """
    if sessions.read_user(connection, org, user_id) is None:
        raise ApiFault("INVALID_LOGIN", _REFUSED)
    credentials.forget_attempts(connection, org, user_id)


def _accepts(passwords: Passwords, password: str, kept: str | None) -> bool:
    """Whether the password is right, with a security token or without; nobody is refused with less work."""
    return any(passwords.matches(tried, kept) for tried in (password, *without_token(password)))


def _count_attempt(orgs: Orgs, org: Org | None, user_id: str | None) -> str | None:
    """The hash to compare if another attempt is allowed now; it is counted in the same transaction.

    So are attempts of users who do not exist, or else the time of a commit would tell which do. Nobody
    waits for the disk: who cuts the power to guess once more has the machine anyway.
    """
    with orgs.database.write(Mode.NOTE, org=org.number if org else None) as connection:
        kept = credentials.count_attempt(connection, org, user_id) if org and user_id else None
        if kept is None:
            orgs.store.count_up(connection, EVERYWHERE, "refused logins")
    return kept


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
    letter = NewLetter(kind, facts, nonce)
    outbox.queue(session.connection, org, [NewMail(letter, user_id, user["Email"])])


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
