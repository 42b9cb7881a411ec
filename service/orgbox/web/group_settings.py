"""New Group, Edit and Delete.

`pages` is the blueprint of `groups`, whole only with these views and those of `group_requests`.
"""

from typing import Any

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from orgbox.org.session import Session
from orgbox.web import groups, records
from orgbox.web.desk import redirected, signed_in
from orgbox.web.groups import pages
from orgbox.web.records import Form, Row, filled_in

__all__ = ["pages"]
_PLACES = {
    "Name": "name", "Description": "description", "CollaborationType": "type", "CanHaveGuests": "type",
}  # fmt: skip


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
    result = records.create(session, "CollaborationGroup", [_values(form)])[0]
    form.refuse(result.errors, **_PLACES)
    if not form.ok:
        return render_template("group_new.html", form=form), 422
    return redirected("groups.one", id_=result.id)


@pages.get("/<id_>/edit")
@signed_in()
def edit(session: Session, id_: str) -> str:
    """The form of a group as it is, for who runs it."""
    group = _run_by_user(session, id_)
    return _form(session, group, _as_it_is(group))


@pages.post("/<id_>/edit")
@signed_in()
def save(session: Session, id_: str) -> ResponseReturnValue:
    """update() of a CollaborationGroup."""
    form, group = filled_in(), _run_by_user(session, id_)
    values = {"Id": group["Id"], "IsArchived": "archived" in form.values} | _values(form)
    form.refuse(records.update(session, "CollaborationGroup", values).errors, **_PLACES)
    return redirected("groups.one", id_=id_) if form.ok else (_form(session, group, form), 422)


@pages.post("/<id_>/delete")
@signed_in()
def delete(session: Session, id_: str) -> ResponseReturnValue:
    """delete() of a CollaborationGroup, with all that is in it; asked for twice."""
    group = _run_by_user(session, id_)
    form = _as_it_is(group)
    if "sure" not in request.form:
        form.others.append("Tick that you are sure.")
    else:
        groups.delete(session, form, "CollaborationGroup", id_)
    if not form.ok:
        return _form(session, group, form), 422
    flash(f"The group {group['Name']} has been deleted.")
    return redirected("groups.show")


def _values(form: Form) -> dict[str, Any]:
    return {
        "Name": form.values.get("name"), "Description": form.values.get("description"),
        "CollaborationType": form.values.get("type"), "CanHaveGuests": "customers" in form.values,
    }  # fmt: skip


def _run_by_user(session: Session, id_: str) -> Row:
    group = groups.known(session, id_)
    if not groups.is_run_by(session, group, groups.membership(session, group)):
        abort(403, "The owner and the managers edit a group.")
    return group


def _as_it_is(group: Row) -> Form:
    switches = {"customers": group["CanHaveGuests"], "archived": group["IsArchived"]}
    return Form({
        "name": group["Name"], "description": group["Description"] or "", "type": group["CollaborationType"],
        **{name: "true" for name, on in switches.items() if on},
    })  # fmt: skip


def _form(session: Session, group: Row, form: Form) -> str:
    return render_template("group_edit.html", group=group, form=form, owns=groups.owns(session, group))
