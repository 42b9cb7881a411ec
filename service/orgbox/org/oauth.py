"""OAuth beside login(): the grants of the token endpoint. An access token is a session id.

Sources: Salesforce Help, "OAuth Authorization Flows"; the errors as clients' threads and tests show them.
"""

import hmac
from collections.abc import Callable, Mapping

from sqlalchemy import select

from orgbox.errors import ApiFault, OrgboxError
from orgbox.frozen import value
from orgbox.org import login
from orgbox.org import session as sessions
from orgbox.org.apps import NAMES, ConnectedApp
from orgbox.org.org import Org
from orgbox.org.registry import ORG, Orgs
from orgbox.org.tokens import token_hash

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class OAuthError(OrgboxError):
    """Refuses a request: `code` is the `error` of the answer, the message its `error_description`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@value
class TokenRequest:
    """What came to the token endpoint. `org` is the one named in the path, `audiences` are the names
    under which the service may be addressed.
    """

    values: Mapping[str, str]
    org: Org | None
    audiences: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


@value
class Grant:
    """A new access token, for whom, and with which app. `tells_scope` as the flow's answer does."""

    org: Org
    user_id: str
    access_token: str
    app: ConnectedApp
    tells_scope: bool = True


@value
class Refresh:
    """Whom a refresh token was given for."""

    org: Org
    user_id: str
    consumer_key: str


def grant(orgs: Orgs, request: TokenRequest) -> Grant:
    """Answer a request for a token. Raises OAuthError."""
    flow = _FLOWS.get(request["grant_type"])
    if flow is None:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    return flow(orgs, request)


def client_of(orgs: Orgs, request: TokenRequest) -> tuple[Org, ConnectedApp]:
    """The app that asks, and its org. Raises OAuthError for an unknown key or a wrong secret."""
    org, app = _app(orgs, request["client_id"], request.org)
    if not hmac.compare_digest(request["client_secret"].encode(), app.consumer_secret.encode()):
        raise OAuthError("invalid_client", "invalid client credentials")
    return org, app


def _app(orgs: Orgs, consumer_key: str, named: Org | None) -> tuple[Org, ConnectedApp]:
    found = find_app(orgs, consumer_key, named)
    if found is None:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    return found


def find_app(orgs: Orgs, consumer_key: str, named: Org | None) -> tuple[Org, ConnectedApp] | None:
    """The app of a consumer key: in the org named, else in any org that is not isolated."""
    table, register = (orgs.store.schema.system[name] for name in ("orgbox_app", "orgbox_org"))
    statement = (
        select(register.c.id, *(table.c[name] for name in NAMES))
        .join(register, register.c.org == table.c.org)
        .where(table.c.consumer_key == consumer_key, register.c.kind == ORG)
    )
    where = register.c.org == named.number if named else register.c.origin.is_(None)
    with orgs.database.read() as connection:
        row = connection.execute(statement.where(where).order_by(register.c.org).limit(1)).one_or_none()
    org = orgs.get(row[0]) if row else None
    return (org, ConnectedApp(*row[1:])) if row and org else None


def refresh_of(orgs: Orgs, token: str) -> Refresh | None:
    """Whom a refresh token was given for, or None."""
    table, register = (orgs.store.schema.system[name] for name in ("orgbox_refresh", "orgbox_org"))
    statement = select(register.c.id, table.c.user_id, table.c.consumer_key).join(
        register, register.c.org == table.c.org
    )
    with orgs.database.read() as connection:
        row = connection.execute(statement.where(table.c.hash == token_hash(token))).one_or_none()
    org = orgs.get(row[0]) if row else None
    return Refresh(org, row[1], row[2]) if row and org else None


def _password(orgs: Orgs, request: TokenRequest) -> Grant:
    """The checks of login(): same lockout, same security token; but login() may be retired."""
    _, app = client_of(orgs, request)
    org, user_id = _user(orgs, request["username"], request.org)
    try:
        made = login.login(orgs, org, user_id, request["password"], app.consumer_key)
    except ApiFault as fault:
        if fault.code in _PASSING:
            raise
        raise OAuthError("invalid_grant", "authentication failure") from None
    return Grant(made.org, made.user.id, made.session_id, app, tells_scope=False)


_PASSING = ("SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW")


def _client_credentials(orgs: Orgs, request: TokenRequest) -> Grant:
    org, app = client_of(orgs, request)
    if not app.run_as:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    return _start(org, app.run_as, app)


def _refresh_token(orgs: Orgs, request: TokenRequest) -> Grant:
    _, app = client_of(orgs, request)
    found = refresh_of(orgs, request["refresh_token"])
    right = found and found.consumer_key == app.consumer_key and request.org in (None, found.org)
    if found is None or not right:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    return _start(found.org, found.user_id, app)


def _jwt_bearer(orgs: Orgs, request: TokenRequest) -> Grant:
    from orgbox.org import assertion  # loads cryptography: a tenth of a second, for who needs it

    try:
        claims = assertion.read(request["assertion"])
        _, app = _app(orgs, claims.issuer, request.org)
        claims.check(app.certificate, request.audiences, orgs.clock.now())
    except assertion.Refused as refusal:
        raise OAuthError("invalid_grant", str(refusal)) from None
    org, user_id = _user(orgs, claims.subject, request.org)
    if org is None or user_id is None:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return _start(org, user_id, app)


_FLOWS: dict[str, Callable[[Orgs, TokenRequest], Grant]] = {
    "password": _password,
    "client_credentials": _client_credentials,
    "refresh_token": _refresh_token,
    JWT_BEARER: _jwt_bearer,
}


def _user(orgs: Orgs, username: str, named: Org | None) -> tuple[Org | None, str | None]:
    """The org and the Id of a user; of the org named, if there is one."""
    org, user_id = orgs.of_username(username.strip(), named) or (None, None)
    return (org, user_id) if named is None or org is named else (None, None)


def _start(org: Org, user_id: str, app: ConnectedApp) -> Grant:
    """A session for a user who has proved nothing himself."""
    with org.store.database.write() as connection:
        sessions.catch_up(connection, org)
        user = sessions.read_user(connection, org, user_id)
        if user is None:
            raise OAuthError("inactive_user", "user is inactive")
        token = sessions.start(connection, org, user_id, app.consumer_key)
    return Grant(org, user_id, token, app)
