"""Groups: the list, members and roles, joining and leaving, inviting.

Pages to make and change a group are in `group_settings`, requests to join in `group_requests`.
"""

from flask import Blueprint, abort, flash, render_template
from flask.typing import ResponseReturnValue

from orgbox.org import removal
from orgbox.org.session import Session
from orgbox.org.visibility import administers
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
_REQUESTS = (
    "SELECT Id, RequesterId, Requester.Name, CreatedDate FROM CollaborationGroupMemberRequest "
    "WHERE CollaborationGroupId = '{}' AND Status = 'Pending'{} ORDER BY Id LIMIT 200"
)


@pages.get("")
@signed_in()
def show(session: Session) -> str:
    """The groups the user may see."""
    return render_template("groups.html", page=records.page(session, _LIST, records.sought()))


@pages.get("/<id_>")
@signed_in()
def one(session: Session, id_: str) -> str:
    """A group with its members."""
    return page_of(session, id_, Form({}))


@pages.post("/<id_>/members")
@signed_in()
def add(session: Session, id_: str) -> ResponseReturnValue:
    """create() of a CollaborationGroupMember: oneself, or the person with a user name."""
    form = filled_in()
    member = _user(session, form.values["username"]) if "username" in form.values else session.user.id
    if not member:
        form.wrong["username"] = ["No user has this username."]
        return page_of(session, id_, form), 422
    values = {"CollaborationGroupId": records.an_id(id_), "MemberId": member}
    result = records.create(session, "CollaborationGroupMember", [values])[0]
    form.refuse(result.errors)
    return redirected("groups.one", id_=id_) if form.ok else (page_of(session, id_, form), 422)


@pages.post("/<id_>/role")
@signed_in()
def change_role(session: Session, id_: str) -> ResponseReturnValue:
    """update() of a member's role."""
    form = filled_in()
    values = {"Id": form.values.get("member"), "CollaborationRole": form.values.get("role")}
    form.refuse(records.update(session, "CollaborationGroupMember", values).errors)
    return redirected("groups.one", id_=id_) if form.ok else (page_of(session, id_, form), 422)


@pages.post("/<id_>/remove")
@signed_in()
def remove(session: Session, id_: str) -> ResponseReturnValue:
    """delete() of a membership: leaving, or removing somebody."""
    form = filled_in()
    delete(session, form, "CollaborationGroupMember", form.values.get("member", ""))
    if not form.ok:
        return page_of(session, id_, form), 422
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
    outcomes = invite_all(session, form, known(session, id_)["Id"])
    return _invite(session, id_, form, outcomes), status_of(outcomes)


def _invite(session: Session, id_: str, form: Form, outcomes: object = ()) -> str:
    group = known(session, id_)
    return render_template("group_invite.html", form=form, outcomes=outcomes, group=group)


def page_of(session: Session, id_: str, form: Form) -> str:
    """The page of a group; 404 for one that the user does not see."""
    group = known(session, id_)
    page = records.page(session, _MEMBERS, [f"CollaborationGroupId = '{group['Id']}'"])
    mine = membership(session, group)
    runs = is_run_by(session, group, mine)
    whose = "" if runs else f" AND RequesterId = '{session.user.id}'"
    asked = group["CollaborationType"] == "Private" and (runs or not mine)
    return render_template(
        "group.html", group=group, page=page, mine=mine, runs=runs, form=form,
        requests=records.find(session, _REQUESTS.format(group["Id"], whose)) if asked else [],
    )  # fmt: skip


def membership(session: Session, group: Row) -> Row | None:
    """The user's own membership."""
    mine = f"CollaborationGroupId = '{group['Id']}' AND MemberId = '{session.user.id}'"
    return records.find_one(session, f"{_MEMBERS} WHERE {mine}")


def is_run_by(session: Session, group: Row, mine: Row | None) -> bool:
    """Whether the user runs the group: as owner, manager or administrator."""
    return owns(session, group) or (mine is not None and mine["CollaborationRole"] == "Admin")


def owns(session: Session, group: Row) -> bool:
    """Whether the group is the user's, or it is the user who administers it."""
    return group["OwnerId"] == session.user.id or administers(session.user, group["CollaborationType"])


def delete(session: Session, form: Form, sobject: str, id_: str) -> None:
    """delete() of a record of that SObject; what is wrong goes to the form. 400 for the Id of another."""
    normal = records.an_id(id_)
    if session.org.catalog.of_id(normal) is not session.org.catalog[sobject]:
        abort(400)
    form.refuse(removal.delete(session, [normal])[0].errors)


def known(session: Session, id_: str) -> Row:
    """A group that the user sees, else 404."""
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
