"""Signing in and out of the console, and choosing a new password."""

from flask import Blueprint, current_app, flash, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect

from orgbox.errors import ApiFault
from orgbox.org import console, login
from orgbox.org.org import Org
from orgbox.org.session import Session
from orgbox.web.control import control
from orgbox.web.desk import TOKEN, desk, redirected, signed_in
from orgbox.web.records import Form, filled_in

pages = Blueprint("signin", __name__)


@pages.get("/signin")
def sign_in() -> str:
    """The form; `wanted` is the page to go on to, `org` the Id of an org whose users are its own."""
    return _form(Form({name: request.args.get(name, "") for name in ("wanted", "org")}))


@pages.post("/signin")
def submit() -> ResponseReturnValue:
    """The checks of login(): same texts, same lockout; a new session under a new token."""
    form, orgs = filled_in(), desk().orgs
    named = _user(form)
    try:
        with login.turn(*named):
            org, user_id = login.verify(orgs, *named, request.form.get("password", ""))
            console.end(orgs, cookie.get(TOKEN, ""))
            with orgs.database.write() as connection:
                login.admit(connection, org, user_id)
                token = console.start(connection, org, user_id)
    except ApiFault as error:
        form.others.append(error.message)
        return _form(form), 401
    cookie.clear()
    cookie[TOKEN] = token
    return redirect(local_page(form.values.get("wanted", "")), 303)


def _user(form: Form) -> tuple[Org | None, str | None]:
    """The org and the Id of the user named, both None if there is none."""
    orgs, wanted = desk().orgs, form.values.get("org", "")
    named = orgs.get(wanted)
    found = orgs.of_username(form.values.get("username", ""), named)
    if found is None or (wanted and found[0] is not named):
        return None, None
    return found


def _form(form: Form) -> str:
    """The form; with the users of Acme where the service began with it, and their password opens it."""
    known = control().takes_published and not control().seed
    org = desk().orgs.get(form.values.get("org", ""))
    return render_template("signin.html", form=form, org=org, tells_users=known)


def local_page(wanted: str) -> str:
    """The path asked for if it is a page of ours that GET shows, else the first page."""
    path, _, query = wanted.partition("?")
    try:
        endpoint, _ = current_app.url_map.bind("").match(path, "GET")
    except HTTPException:
        return "/home"
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path
    ours = plain and wanted.isprintable() and endpoint not in ("static", "health")
    return (f"{path}?{query}" if query else path) if ours else "/home"


@pages.post("/signout")
def sign_out() -> ResponseReturnValue:
    """Ends this session of the console, and no other."""
    console.end(desk().orgs, cookie.get(TOKEN, ""))
    cookie.clear()
    return redirected("signin.sign_in")


@pages.get("/password")
@signed_in(expired=True)
def password(session: Session) -> str:
    """The form for a new password."""
    return render_template("password.html", form=filled_in(), expired=session.password_expired)


@pages.post("/password")
@signed_in(expired=True)
def change_password(session: Session) -> ResponseReturnValue:
    """changeOwnPassword(): every other session of the user ends, this one gets a new token."""
    form, orgs = filled_in(), desk().orgs
    old, new = request.form.get("old", ""), request.form.get("new", "")
    if new != request.form.get("again", ""):
        form.wrong["again"] = ["The two passwords differ."]
    else:
        try:
            login.change_own_password(session, old, new, orgs.passwords)
        except ApiFault as error:
            place = "old" if error.code == "INVALID_OLD_PASSWORD" else "new"
            form.wrong[place] = [error.message]
    if not form.ok:
        return render_template("password.html", form=form, expired=session.password_expired), 422
    cookie.clear()
    cookie[TOKEN] = console.start(session.connection, session.org, session.user.id)
    flash("Your password has been changed.")
    return redirected("home")
