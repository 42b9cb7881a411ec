"""The OAuth endpoints under `/services/oauth2/`, and the identity URL. Shapes of answers and errors are
Salesforce's; `/org/<id>` before the path names an isolated org, as it does for SOAP.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from orgbox.clock import parse_moment
from orgbox.errors import ApiFault
from orgbox.org import apps, oauth, profile
from orgbox.org import session as sessions
from orgbox.org.oauth import Grant, OAuthError, TokenRequest
from orgbox.org.org import Org
from orgbox.org.session import Session
from orgbox.web.desk import desk, service_url

api = Blueprint("oauth", __name__)
_PATHS = ("/services/oauth2/", "/org/<org_id>/services/oauth2/")
_LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")
_SCOPE = "api"
_NOT_STORED = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}


@api.errorhandler(OAuthError)
def _refused(error: OAuthError) -> ResponseReturnValue:
    return jsonify(error=error.code, error_description=str(error)), 400, _NOT_STORED


@api.errorhandler(ApiFault)
def _unavailable(fault: ApiFault) -> ResponseReturnValue:
    return jsonify(error=fault.code.lower(), error_description=fault.message), 503, _NOT_STORED


def token(org_id: str = "") -> ResponseReturnValue:
    """A new access token, which is a session id. HTTP 400 with Salesforce's error where it is refused."""
    made = oauth.grant(desk().orgs, _token_request(org_id))
    return jsonify(_granted(made)), 200, _NOT_STORED


def _token_request(org_id: str) -> TokenRequest:
    """The form, with the client's own credentials if they come in the header."""
    basic = request.authorization
    values: dict[str, str] = dict(request.values.items())
    if basic and basic.type == "basic":
        values |= {"client_id": basic.username or "", "client_secret": basic.password or ""}
    base = service_url()
    audiences = {*_LOGIN_HOSTS, base, f"{base}/services/oauth2/token"}
    if org_id:
        audiences |= {f"{base}/org/{org_id}", f"{base}/org/{org_id}/services/oauth2/token"}
    return TokenRequest(values, _named(org_id), frozenset(audiences))


def _named(org_id: str) -> Org | None:
    """The org of a path, if it has one. Raises NotFound."""
    org = desk().orgs.get(org_id) if org_id else None
    if org_id and org is None:
        raise NotFound
    return org


def _granted(made: Grant) -> dict[str, str]:
    id_url = profile.id_url(service_url(), made.org, made.user_id)
    issued_at = str(int(made.org.clock.now().timestamp() * 1000))
    signed = hmac.digest(made.app.consumer_secret.encode(), (id_url + issued_at).encode(), "sha256")
    scope = {"scope": _SCOPE} if made.tells_scope else {}
    return {
        "access_token": made.access_token, "signature": base64.b64encode(signed).decode(), **scope,
        "instance_url": service_url(), "id": id_url, "token_type": "Bearer", "issued_at": issued_at,
    }  # fmt: skip


def userinfo(org_id: str = "") -> ResponseReturnValue:
    """Who the access token is for, in OpenID Connect's words."""
    return _about(profile.userinfo, _named(org_id))


@api.get("/id/<org_id>/<user_id>")
def identity(org_id: str, user_id: str) -> ResponseReturnValue:
    """Who the access token is for: the URL that token answers call `id`. A user sees only himself."""
    return _about(profile.identity, desk().orgs.get(org_id), user_id)


def _about(tell: Any, org: Org | None, user_id: str = "") -> ResponseReturnValue:
    sent = _bearer()
    if not sent:
        return _plain("Missing_OAuth_Token")
    found = desk().orgs.get(sent.partition("!")[0])
    if found is None:
        return _plain("Bad_OAuth_Token")
    if org not in (None, found):
        return _plain("Wrong_Org")
    try:
        with desk().orgs.database.read() as connection:
            session = sessions.resume(connection, found, sent, desk().version)
            told = tell(session, service_url())
        if user_id not in ("", session.user.id, session.user.id[:15]):
            return _plain("Bad_Id")
        if session.stale:
            with desk().orgs.database.write() as connection:
                sessions.touch(connection, session)
        return jsonify(told)
    except ApiFault as fault:
        if fault.code != "INVALID_SESSION_ID":
            raise
        return _plain("Bad_OAuth_Token")


def _bearer() -> str:
    """The access token of a request, from the header or, as some clients do, a parameter."""
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "oauth"):
        return sent.strip()
    return request.values.get("access_token", "") or request.values.get("oauth_token", "")


def _plain(word: str) -> Response:
    return Response(word, 403, content_type="text/html;charset=UTF-8")


def revoke(org_id: str = "") -> ResponseReturnValue:
    """End the session of an access token; forget a refresh token, with the sessions it has brought."""
    sent, named = request.values.get("token", ""), _named(org_id)
    orgs = desk().orgs
    refresh = oauth.refresh_of(orgs, sent)
    org = refresh.org if refresh else orgs.get(sent.partition("!")[0])
    if org is None or named not in (None, org):
        raise OAuthError("invalid_token", "invalid token")
    with orgs.database.write() as connection:
        if refresh:
            apps.revoke_refresh_token(connection, org, sent)
        elif not sessions.end(connection, org, [sessions.session_hash(sent)])[0]:
            raise OAuthError("invalid_token", "invalid token")
    return Response("", 200)


def introspect(org_id: str = "") -> ResponseReturnValue:
    """Whether an access token is alive, told to a connected app of its org (RFC 7662)."""
    asked = _token_request(org_id)
    org, _ = oauth.client_of(desk().orgs, asked)
    sent = asked["token"]
    if desk().orgs.get(sent.partition("!")[0]) is not org:
        return jsonify(active=False)
    try:
        with desk().orgs.database.read() as connection:
            session = sessions.resume(connection, org, sent, desk().version)
            return jsonify(_alive(session, sessions.facts(connection, session)))
    except ApiFault as fault:
        if fault.code != "INVALID_SESSION_ID":
            raise
        return jsonify(active=False)


def _alive(session: Session, facts: Mapping[str, str]) -> dict[str, Any]:
    began = parse_moment(facts["created"])
    ends = parse_moment(facts["last_used"]) + timedelta(seconds=session.settings.session_seconds)
    return {
        "active": True, "scope": _SCOPE, "client_id": facts["client"] or "",
        "username": session.user.username, "token_type": "access_token",
        "sub": profile.id_url(service_url(), session.org, session.user.id),
        "exp": int(ends.timestamp()), "iat": int(began.timestamp()), "nbf": int(began.timestamp()),
    }  # fmt: skip


for _path in _PATHS:
    api.add_url_rule(f"{_path}token", view_func=token, methods=["POST"])
    api.add_url_rule(f"{_path}userinfo", view_func=userinfo, methods=["GET", "POST"])
    api.add_url_rule(f"{_path}revoke", view_func=revoke, methods=["GET", "POST"])
    api.add_url_rule(f"{_path}introspect", view_func=introspect, methods=["POST"])
