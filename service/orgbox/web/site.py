"""The console put together: pages, navigation, the health check."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from flask import Flask, Response, g, jsonify, render_template
from flask import session as cookie
from flask.typing import ResponseReturnValue

from orgbox import __version__
from orgbox.org import console
from orgbox.org.session import Session
from orgbox.web import (
    accept,
    calls,
    control_apps,
    elsewhere,
    faults,
    group_requests,
    invitations,
    mailbox,
    metrics,
    oauth,
    people,
    settings,
    signin,
    snippets,
    soql,
    users,
)
from orgbox.web.control import control
from orgbox.web.desk import TOKEN, desk, redirected, service_url, signed_in
from orgbox.web.parts import Control, Desk
from orgbox.web.security import guard

PAGES = (
    accept.pages, signin.pages, people.pages, group_requests.pages, invitations.pages, mailbox.pages,
    soql.pages, calls.pages, faults.pages, settings.pages, users.pages,
)  # fmt: skip
NAVIGATION = (
    # heading, (endpoint, label, permission)
    ("", (("home", "Home", ""),)),
    ("Chatter", (
        ("people.show", "People", ""),
        ("groups.show", "Groups", ""),
        ("invitations.show", "Invitations", ""),
    )),
    ("Setup", (
        ("settings.show", "Chatter Settings", "ModifyAllData"),
        ("users.show", "Users", "ManageUsers"),
    )),
    ("Tools", (
        ("mailbox.show", "Mailbox", "ViewAllData"),
        ("soql.show", "SOQL", ""),
        ("calls.show", "Calls", ""),
        ("faults.show", "Faults", "ModifyAllData"),
    )),
)  # fmt: skip


def make_site(parts: Desk, own: Control) -> Callable[..., Iterable[bytes]]:
    """The Flask application as WSGI."""
    site = Flask("orgbox.web")
    site.extensions["orgbox"] = parts
    guard(site, console.signing_key(parts.orgs))
    for pages in PAGES:
        site.register_blueprint(pages)
    site.extensions["orgbox_control"] = own
    for api in (control_apps.api, oauth.api, metrics.api, elsewhere.api):
        site.register_blueprint(api)
        site.extensions["csrf"].exempt(api)  # no cookie opens it
    site.add_url_rule("/", view_func=start)
    site.add_url_rule("/home", view_func=home)
    site.add_url_rule("/health", view_func=health)
    site.jinja_env.trim_blocks = site.jinja_env.lstrip_blocks = True
    site.jinja_env.filters |= {"lines": _lines, "moment": _moment}
    site.jinja_env.globals |= {"navigation": _navigation, "snippets": snippets, "version": __version__}
    wsgi: Any = site.wsgi_app
    return wsgi  # type: ignore[no-any-return]


def start() -> ResponseReturnValue:
    """Where the WSDLs are, and which orgs there are unless other machines reach the service and are to know
    no password; for who is signed in, the first page of the console.
    """
    if cookie.get(TOKEN):
        return redirected("home")
    orgs = desk().orgs.all() if control().takes_published else []
    return render_template("start.html", orgs=orgs, base_url=service_url())


@signed_in()
def home(session: Session) -> str:
    """Where clients find the service, and a program that signs in."""
    return render_template("home.html", session=session, base_url=service_url())


def health() -> Response:
    """Whether the service can reach its database."""
    with desk().orgs.database.read() as connection:
        connection.exec_driver_sql("SELECT 1").one()
    return jsonify(status="ok", version=__version__)


def _navigation() -> list[tuple[str, list[tuple[str, str]]]]:
    """The headings with the pages the user may open."""
    session: Session | None = g.get("session")
    if session is None or session.password_expired:
        return []
    found = [
        (heading, [(page, label) for page, label, needed in entries if _may(session, needed)])
        for heading, entries in NAVIGATION
    ]
    return [(heading, entries) for heading, entries in found if entries]


def _may(session: Session, permission: str) -> bool:
    return not permission or session.user.may(permission)


def _lines(message: str) -> list[str]:
    """A message of the platform, some of which hold a <br>, as lines."""
    return [line.strip() for line in message.split("<br>") if line.strip()]


def _moment(value: str | datetime | None) -> str:
    """A moment to the second, in UTC."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value[:10]} {value[11:19]}"
