"""Invitations: the newest first, by status; canceling, and sending the mail again."""

from flask import Blueprint, abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from orgbox.errors import RecordError
from orgbox.org import removal
from orgbox.org.session import Session
from orgbox.web import records
from orgbox.web.desk import desk, redirected, signed_in
from orgbox.web.records import Form

pages = Blueprint("invitations", __name__, url_prefix="/invitations")

_LIST = (
    "SELECT Id, InvitedUserEmail, Status, InviterId, SharedEntityId, OptionalMessage, CreatedDate "
    "FROM CollaborationInvitation"
)
STATUSES = ("Sent", "Accepted", "Canceled")


@pages.get("")
@signed_in()
def show(session: Session) -> str:
    """The invitations of the org, or those of one status."""
    return _list(session, Form({}))


@pages.post("/<id_>/cancel")
@signed_in()
def cancel(session: Session, id_: str) -> ResponseReturnValue:
    """delete() of an invitation."""
    form = Form({})
    form.refuse(removal.delete(session, [_invitation_id(session, id_)])[0].errors)
    if not form.ok:
        return _list(session, form), 422
    flash("The invitation is canceled; its link no longer works.")
    return redirected("invitations.show", status=request.args.get("status"))


@pages.post("/<id_>/resend")
@signed_in(apart=True)
def resend(session: Session, id_: str) -> ResponseReturnValue:
    """The mail once more, with a link of its own, for the inviter or an administrator."""
    _check_inviter(session, _invitation_id(session, id_))
    try:
        desk().mailbox.resend(session.org, records.an_id(id_))
    except RecordError as error:
        flash(f"Not sent: {error.message}.")
    else:
        flash("The mail has been sent again.")
    return redirected("invitations.show", status=request.args.get("status"))


def _list(session: Session, form: Form) -> str:
    status = request.args.get("status", "")
    where = [f"Status = '{status}'"] if status in STATUSES else []
    page = records.page(session, _LIST, where, newest_first=True)
    people = records.names(session, "User", (row["InviterId"] for row in page.rows))
    entities = {row["SharedEntityId"] for row in page.rows}
    groups = records.names(session, "CollaborationGroup", entities - people.keys())
    return render_template(
        "invitations.html", page=page, people=people, groups=groups, status=status, form=form,
        statuses=STATUSES,
    )  # fmt: skip


def _invitation_id(session: Session, id_: str) -> str:
    normal = records.an_id(id_)
    if session.org.catalog.of_id(normal) is not session.org.catalog["CollaborationInvitation"]:
        abort(404)
    return normal


def _check_inviter(session: Session, id_: str) -> None:
    org, sobject = session.org, session.org.catalog["CollaborationInvitation"]
    with org.store.database.read() as connection:
        row = org.store.fetch(connection, org.number, sobject, [id_], ("InviterId",)).get(id_)
    if row is None:
        abort(404)
    if row["InviterId"] != session.user.id and not session.user.may("ModifyAllData"):
        abort(403)
