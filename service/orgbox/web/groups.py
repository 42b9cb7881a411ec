"""Groups: the list, New Group, members and roles, joining and leaving, inviting."""

from flask import Blueprint, abort, flash, render_template
from flask.typing import ResponseReturnValue

from orgbox.org import removal
from orgbox.org.session import Session
from orgbox.web import records
from orgbox.web.desk import redirected, signed_in
from orgbox.web.people import invite_all, status_of
from orgbox.web.records import Form, Row, filled_in

pages = Blueprint("groups", __name__, url_prefix="/groups")

_LIST = (
    "SELECT Id, Name, CollaborationType, CanHaveGuests, MemberCount, OwnerId, Owner.Name, IsArchived, "
    "Description FROM CollaborationGroup"
)
_MEMBERS = "SELECT Id, MemberId, Member.Name, CollaborationRole FROM CollaborationGroupMember"
_PLACES = {
    "Name": "name", "Description": "description", "CollaborationType": "type", "CanHaveGuests": "type",
}  # fmt: skip


@pages.get("")
@signed_in()
def show(session: Session) -> str:
    """The groups the user may see."""
    return render_template("groups.html", page=records.page(session, _LIST, records.sought()))


@pages.get("/new")
@signed_in()
def new(session: Session) -> str:
    """The form of a new group."""
    return render_template("group_new.html", form=Form({}))


@pages.post("/new")
@signed_in()
def create(session: Session) -> ResponseReturnValue:
    """create() of a CollaborationGroup, owned by the user."""
    form = filled_in()
    values = {
        "Name": form.values.get("name"), "Description": form.values.get("description"),
        "CollaborationType": form.values.get("type"), "CanHaveGuests": "customers" in form.values,
    }  # fmt: skip
    result = records.create(session, "CollaborationGroup", [values])[0]
    form.refuse(result.errors, **_PLACES)
    if not form.ok:
        return render_template("group_new.html", form=form), 422
    return redirected("groups.one", id_=result.id)


@pages.get("/<id_>")
@signed_in()
def one(session: Session, id_: str) -> str:
    """A group with its members."""
    return _one(session, id_, Form({}))


@pages.post("/<id_>/members")
@signed_in()
def add(session: Session, id_: str) -> ResponseReturnValue:
    """create() of a CollaborationGroupMember: oneself, or the person with a user name."""
    form = filled_in()
    member = _user(session, form.values["username"]) if "username" in form.values else session.user.id
    if not member:
        form.wrong["username"] = ["No user has this username."]
        return _one(session, id_, form), 422
    values = {"CollaborationGroupId": records.an_id(id_), "MemberId": member}
    result = records.create(session, "CollaborationGroupMember", [values])[0]
    form.refuse(result.errors)
    return redirected("groups.one", id_=id_) if form.ok else (_one(session, id_, form), 422)


@pages.post("/<id_>/role")
@signed_in()
def change_role(session: Session, id_: str) -> ResponseReturnValue:
    """update() of a member's role."""
    form = filled_in()
    values = {"Id": form.values.get("member"), "CollaborationRole": form.values.get("role")}
    form.refuse(records.update(session, "CollaborationGroupMember", values).errors)
    return redirected("groups.one", id_=id_) if form.ok else (_one(session, id_, form), 422)


@pages.post("/<id_>/remove")
@signed_in()
def remove(session: Session, id_: str) -> ResponseReturnValue:
    """delete() of a membership: leaving, or removing somebody."""
    form = filled_in()
    member = records.an_id(form.values.get("member", ""))
    if session.org.catalog.of_id(member) is not session.org.catalog["CollaborationGroupMember"]:
        abort(400)
    form.refuse(removal.delete(session, [member])[0].errors)
    if not form.ok:
        return _one(session, id_, form), 422
    flash("The membership has ended.")
    return redirected("groups.one" if _group(session, id_) else "groups.show", id_=id_)


@pages.get("/<id_>/invite")
@signed_in()
def invite(session: Session, id_: str) -> str:
    """The form: several addresses, one message."""
    return _invite(session, id_, Form({}))


@pages.post("/<id_>/invite")
@signed_in()
def send(session: Session, id_: str) -> ResponseReturnValue:
    """create() of a CollaborationInvitation to the group for each address."""
    form = filled_in()
    outcomes = invite_all(session, form, _known(session, id_)["Id"])
    return _invite(session, id_, form, outcomes), status_of(outcomes)


def _invite(session: Session, id_: str, form: Form, outcomes: object = ()) -> str:
    group = _known(session, id_)
    return render_template("group_invite.html", form=form, outcomes=outcomes, group=group)


def _one(session: Session, id_: str, form: Form) -> str:
    group = _known(session, id_)
    in_group = f"CollaborationGroupId = '{group['Id']}'"
    page = records.page(session, _MEMBERS, [in_group])
    mine = records.find_one(session, f"{_MEMBERS} WHERE {in_group} AND MemberId = '{session.user.id}'")
    runs = (
        group["OwnerId"] == session.user.id
        or (mine is not None and mine["CollaborationRole"] == "Admin")
        or session.user.may("ModifyAllData")
    )
    return render_template("group.html", group=group, page=page, mine=mine, runs=runs, form=form)


def _known(session: Session, id_: str) -> Row:
    group = _group(session, id_)
    if group is None:
        abort(404)
    return group


def _group(session: Session, id_: str) -> Row | None:
    normal = records.an_id(id_)
    return records.find_one(session, f"{_LIST} WHERE Id = '{normal}'") if normal else None


def _user(session: Session, username: str) -> str | None:
    found = records.find_one(session, f"SELECT Id FROM User WHERE Username = {records.quoted(username)}")
    return found["Id"] if found else None
