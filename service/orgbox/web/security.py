"""What guards the pages: cookies, headers, tokens against forged forms, pages for errors."""

import hashlib

from flask import Flask, Request, Response, abort, render_template, request
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from orgbox.errors import ApiFault, OrgboxError
from orgbox.web.desk import is_https

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Sent with every answer whose view sets none of its own."""
_PASSING = {"SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW"}
_FORM_BYTES = 1024 * 1024


class _Cookies(SecureCookieSessionInterface):
    """The cookie's name and flags follow the scheme: under https it is a __Host- cookie."""

    digest_method = staticmethod(hashlib.sha256)

    def get_cookie_name(self, app: Flask) -> str:
        return "__Host-orgbox" if is_https() else "orgbox"

    def get_cookie_secure(self, app: Flask) -> bool:
        return is_https()


def guard(site: Flask, key: str) -> None:
    """Put the guards in place. `key` signs cookies."""
    site.config.update(
        SECRET_KEY=key, SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/", SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=_FORM_BYTES, MAX_FORM_MEMORY_SIZE=_FORM_BYTES,
    )  # fmt: skip
    site.session_interface = _Cookies()
    site.before_request(_refuse_unreadable)
    site.before_request(_refuse_other_sites)
    CSRFProtect(site)
    site.after_request(_add_headers)
    site.register_error_handler(HTTPException, _show_http_error)
    site.register_error_handler(OrgboxError, _show_fault)


def _refuse_unreadable() -> None:
    """Werkzeug fails where the bytes after the question mark are no UTF-8."""
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        abort(400, "The address is not readable.")


def _refuse_other_sites() -> None:
    """A browser tells from where a form was sent; the token in the form is the second guard."""
    if request.method == "POST" and _sent_from(request) in ("cross-site", "same-site"):
        abort(403, "This form was sent from another site.")


def _sent_from(sent: Request) -> str:
    return sent.headers.get("Sec-Fetch-Site", "")


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"
    if is_https():
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _show_http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    text = error.description
    if isinstance(error, CSRFError):
        text = "This form is too old, or cookies are off. Go back, reload the page and send it again."
    return render_template("error.html", title=error.name, text=text), error.code


def _show_fault(error: OrgboxError) -> ResponseReturnValue:
    passing = isinstance(error, ApiFault) and error.code in _PASSING
    return render_template("error.html", title="That did not work", text=str(error)), 503 if passing else 400
