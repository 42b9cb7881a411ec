"""What every page works with: the parts of the service, and the signed-in user in a transaction."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, abort, current_app, g, make_response, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from orgbox.org import console
from orgbox.web.parts import Desk

TOKEN = "token"
"""Where the cookie keeps the token of the console session."""
_MOST_DIGITS = 18


def desk() -> Desk:
    """The parts of the service that answers this request."""
    found: Desk = current_app.extensions["orgbox"]
    return found


def is_https() -> bool:
    """Whether the browser reaches the console over TLS, perhaps through a proxy."""
    external = desk().external_url
    if external:
        return external.startswith("https:")
    forwarded = request.headers.get("X-Forwarded-Proto", "").split(",")[0].strip()
    return (forwarded or request.scheme) == "https"


def service_url() -> str:
    """The address that clients use, for the code that pages show."""
    return desk().external_url or f"{'https' if is_https() else 'http'}://{request.host}"


View = Callable[..., ResponseReturnValue]


def signed_in(
    permission: str = "", *, expired: bool = False, apart: bool = False
) -> Callable[[View], View]:
    """Hands a view the Session of the user, in one transaction: a writing one for POST.

    Who is not signed in is led to the sign-in page, who lacks `permission` is refused. With `expired`
    the page also serves a user who must choose a new password first; with `apart` the view runs after
    that transaction and opens its own.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def run(**named: Any) -> Response:
            token = cookie.get(TOKEN, "")
            org = console.org_of(desk().orgs, token)
            if org is None:
                return to_sign_in()
            database, answer = org.store.database, None
            writes = request.method == "POST" and not apart
            with database.write(org=org.number) if writes else database.read() as connection:
                session = console.resume(connection, org, token, desk().version)
                if session is None:
                    return to_sign_in()
                if session.password_expired and not expired:
                    return redirected("signin.password")
                g.session = session
                if permission and not session.user.may(permission):
                    abort(403, "This page needs a permission that you do not have.")
                if not apart:
                    answer = make_response(view(session, **named))
            if session.stale:
                with database.write() as connection:
                    console.touch(connection, session)
            return answer or make_response(view(session, **named))

        return run

    return decorate


def to_sign_in() -> Response:
    """The sign-in page, which leads back to a page that was asked for; links in mails name the `org`."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirected("signin.sign_in", wanted=wanted, org=request.args.get("org"))


def redirected(endpoint: str, **values: Any) -> Response:
    """A redirect to another page of the console."""
    return make_response(redirect(url_for(endpoint, **values), 303))


def number(text: str) -> int:
    """A number that a database can hold. Raises ValueError."""
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise ValueError(text)
    return int(text)
