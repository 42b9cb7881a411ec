"""Signing in and out, and passwords."""

from typing import Any

from orgbox import ids
from orgbox.errors import ApiFault
from orgbox.org import login as logins
from orgbox.org import retirement
from orgbox.org import session as sessions
from orgbox.org.describe import user_info
from orgbox.soap import trouble
from orgbox.soap.registry import call
from orgbox.soap.request import Context, Request

_SCOPED = "Invalid username or password, locked out or Self-Service portal is not enabled"


@call("login", signed_in=False)
def login(context: Context, username: str, password: str) -> dict[str, Any]:
    """LoginResult. The org in a LoginScopeHeader or the path must be the user's."""
    _check_size(context)
    scope = context.envelope.header("LoginScopeHeader", "organizationId")
    wanted = ids.normalize(scope) if scope else context.request.org_id
    named = context.orgs.get(wanted) if wanted else None
    org, user_id = context.orgs.of_username(username.strip(), named) or (None, None)
    if (scope or wanted) and org is not named:
        org, user_id = None, None
    context.org = org or named
    if context.org is not None:
        with context.org.store.database.read() as connection:
            settings = sessions.catch_up(connection, context.org)
        if org is not None:
            trouble.meet_at_login(context, org, username.strip())
        retirement.check_login(settings, context.request.version)
    try:
        made = logins.login(context.orgs, org, user_id, password)
    except ApiFault as error:
        if scope and error.code == "INVALID_LOGIN":
            raise ApiFault(error.code, _SCOPED) from None
        raise
    return {
        "metadata_server_url": _url(context.request, made.org.id, "m"),
        "password_expired": made.password_expired,
        "server_url": _url(context.request, made.org.id, context.request.dialect.path),
        "session_id": made.session_id,
        "user_id": made.user.id,
        "user_info": user_info(made.org, made.user, made.settings),
    }


def _check_size(context: Context) -> None:
    limit = context.orgs.limits.login_bytes
    if len(context.request.body) > limit:
        text = f"The login request size exceeded the maximum of {limit // 1024} KB"
        raise ApiFault("EXCEEDED_MAX_SIZE_REQUEST", text)


def _url(request: Request, org_id: str, path: str) -> str:
    package = f"/{request.package_id}" if request.package_id and path == "c" else ""
    return f"{request.base_url}/services/Soap/{path}/{request.version}.0/{org_id[:15]}{package}"


@call("logout", writes=True, expired=True)
def logout(context: Context) -> None:
    """Ends the session, and with it those of every client signed in as the same user."""
    session = context.signed_in
    sessions.end_all_of(session.connection, session.org, session.user.id)


@call("invalidateSessions", writes=True)
def invalidate_sessions(context: Context, session_ids: list[str]) -> list[dict[str, Any]]:
    """InvalidateSessionsResult for each session id."""
    session = context.signed_in
    hashes = [sessions.session_hash(session_id) for session_id in session_ids]
    ended = sessions.end(session.connection, session.org, hashes)
    return [{"success": True} if alive else _NOT_FOUND for alive in ended]


_NOT_FOUND = {
    "errors": [{"message": "Session not found", "status_code": "INVALID_SESSION_ID"}],
    "success": False,
}


@call("getUserInfo")
def get_user_info(context: Context) -> dict[str, Any]:
    """GetUserInfoResult of the caller."""
    session = context.signed_in
    return user_info(session.org, session.user, session.settings)


@call("setPassword", writes=True, expired=True)
def set_password(context: Context, user_id: str, password: str) -> dict[str, Any]:
    """SetPasswordResult, which is empty."""
    normal = _user_id(user_id)
    logins.set_password(context.signed_in, normal, password, context.orgs.passwords)
    return {}


@call("resetPassword", writes=True)
def reset_password(context: Context, user_id: str) -> dict[str, Any]:
    """ResetPasswordResult with the new password, which is mailed to the user if EmailHeader says so."""
    normal = _user_id(user_id)
    mail = "password" if context.envelope.switched_on("EmailHeader", "triggerUserEmail") else ""
    password = logins.reset_password(context.signed_in, normal, context.orgs.passwords, mail=mail)
    return {"password": password}


@call("changeOwnPassword", writes=True, expired=True)
def change_own_password(context: Context, old: str, new: str) -> dict[str, Any]:
    """ChangeOwnPasswordResult, which is empty."""
    logins.change_own_password(context.signed_in, old, new, context.orgs.passwords)
    return {}


def _user_id(text: str | None) -> str:
    normal = ids.normalize(text or "")
    if normal is None:
        raise ApiFault("INVALID_ID_FIELD", f"bad id {text or ''}")
    return normal


