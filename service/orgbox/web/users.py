"""Setup > Users: the list, New User, deactivating and activating, a new password."""

from typing import Any

from flask import Blueprint, abort, flash, render_template
from flask.typing import ResponseReturnValue

from orgbox.org import login
from orgbox.org.session import Session
from orgbox.web import records
from orgbox.web.desk import desk, redirected, signed_in
from orgbox.web.records import Form, Row, filled_in

pages = Blueprint("users", __name__, url_prefix="/setup/users")

_LIST = "SELECT Id, Name, Username, Profile.Name, IsActive, LastLoginDate FROM User"
_PROFILES = "SELECT Id, Name, UserLicenseId, UserLicense.Name FROM Profile ORDER BY UserLicense.Name, Name"
_PLACES = {
    "FirstName": "first_name", "LastName": "last_name", "Email": "email", "Username": "email",
    "ProfileId": "profile",
}  # fmt: skip


@pages.get("")
@signed_in("ManageUsers")
def show(session: Session) -> str:
    """The users, in the order they were made."""
    return render_template("users.html", page=records.page(session, _LIST, records.sought()))


@pages.get("/new")
@signed_in("ManageUsers")
def new(session: Session) -> str:
    """The form of New User, set to a Chatter user as most are."""
    profiles = records.find(session, _PROFILES)
    chatter = next((p for p in profiles if p["Name"] == "Chatter Free User"), None)
    chosen = {"profile": chatter["Id"], "license": chatter["UserLicenseId"]} if chatter else {}
    return _form(profiles, Form(chosen | {"notify": "true"}))


@pages.post("/new")
@signed_in("ManageUsers")
def create(session: Session) -> ResponseReturnValue:
    """create() of a User; the e-mail address becomes the user name."""
    form, profiles = filled_in(), records.find(session, _PROFILES)
    profile = next((p for p in profiles if p["Id"] == form.values.get("profile")), None)
    if profile and profile["UserLicenseId"] != form.values.get("license"):
        form.wrong["profile"] = [f"This profile belongs to the license {profile['UserLicense.Name']}."]
        return _form(profiles, form), 422
    result = records.create(session, "User", [user_values(session, form)])[0]
    form.refuse(result.errors, **_PLACES)
    if not form.ok or result.id is None:
        return _form(profiles, form), 422
    if "notify" in form.values:
        login.reset_password(session, result.id, desk().orgs.passwords, mail="new_user")
        flash(f"{form.values['email']} has been created; the mail with a first password is on its way.")
    else:
        flash(f"{form.values['email']} has been created, without a password yet.")
    return redirected("users.one", id_=result.id)


def user_values(session: Session, form: Form) -> dict[str, Any]:
    """The fields of a new user: those of the form, and the rest as the administrator has them."""
    first, last, email = (form.values.get(name, "") for name in ("first_name", "last_name", "email"))
    me = session.user
    return {
        "FirstName": first, "LastName": last, "Email": email, "Username": email,
        "Alias": f"{first[:1]}{last}"[:8].lower(), "ProfileId": form.values.get("profile"),
        "IsActive": True, "TimeZoneSidKey": me.time_zone, "LocaleSidKey": me.locale,
        "LanguageLocaleKey": me.language, "EmailEncodingKey": "UTF-8",
    }  # fmt: skip


@pages.get("/<id_>")
@signed_in("ManageUsers")
def one(session: Session, id_: str) -> str:
    """One user."""
    return _one(session, id_, Form({}))


@pages.post("/<id_>/activity")
@signed_in("ManageUsers")
def change_activity(session: Session, id_: str) -> ResponseReturnValue:
    """update() of IsActive."""
    form = filled_in()
    active = form.values.get("active") == "true"
    result = records.update(session, "User", {"Id": id_, "IsActive": active})
    form.refuse(result.errors)
    if not form.ok:
        return _one(session, id_, form), 422
    flash("The user is active." if active else "The user has been deactivated and is signed out everywhere.")
    return redirected("users.one", id_=id_)


@pages.post("/<id_>/password")
@signed_in("ManageUsers")
def new_password(session: Session, id_: str) -> ResponseReturnValue:
    """resetPassword(): a new password, by mail."""
    login.reset_password(session, records.an_id(id_), desk().orgs.passwords, mail="password")
    flash("The mail with a new password is on its way.")
    return redirected("users.one", id_=id_)


def _one(session: Session, id_: str, form: Form) -> str:
    fields = "Email, Alias, CommunityNickname, UserType, Profile.UserLicense.Name, CreatedDate"
    soql = _LIST.replace(" FROM", f", {fields} FROM") + f" WHERE Id = '{records.an_id(id_)}'"
    user = records.find_one(session, soql) if records.an_id(id_) else None
    if user is None:
        abort(404)
    return render_template("user.html", user=user, form=form)


def _form(profiles: list[Row], form: Form) -> str:
    licenses = dict((p["UserLicenseId"], p["UserLicense.Name"]) for p in profiles)
    return render_template(
        "user_new.html", form=form, licenses=list(licenses.items()),
        profiles=[(p["Id"], p["Name"]) for p in profiles],
    )  # fmt: skip
