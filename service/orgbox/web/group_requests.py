"""Asking to join a private group, and answering.

`pages` is the blueprint of `groups`, whole only with these views.
"""

from flask import flash
from flask.typing import ResponseReturnValue

from orgbox.org.session import Session
from orgbox.web import groups, records
from orgbox.web.desk import redirected, signed_in
from orgbox.web.group_settings import pages
from orgbox.web.records import Form, filled_in

__all__ = ["pages"]
_REQUEST = "CollaborationGroupMemberRequest"


@pages.post("/<id_>/ask")
@signed_in()
def ask(session: Session, id_: str) -> ResponseReturnValue:
    """create() of a CollaborationGroupMemberRequest."""
    form = Form({})
    values = {"CollaborationGroupId": records.an_id(id_), "RequesterId": session.user.id}
    form.refuse(records.create(session, _REQUEST, [values])[0].errors)
    return _answered(session, id_, form, "The owner and the managers see that you want to join.")


@pages.post("/<id_>/withdraw")
@signed_in()
def withdraw(session: Session, id_: str) -> ResponseReturnValue:
    """delete() of a request."""
    form = filled_in()
    groups.delete(session, form, _REQUEST, form.values.get("request", ""))
    return _answered(session, id_, form, "You no longer ask to join.")


@pages.post("/<id_>/answer")
@signed_in()
def answer(session: Session, id_: str) -> ResponseReturnValue:
    """update() of a request: Accepted or Declined."""
    form = filled_in()
    values = {"Id": form.values.get("request"), "Status": form.values.get("status")}
    form.refuse(records.update(session, _REQUEST, values).errors)
    return _answered(session, id_, form, "The request is answered.")


def _answered(session: Session, id_: str, form: Form, text: str) -> ResponseReturnValue:
    if not form.ok:
        return groups.page_of(session, id_, form), 422
    flash(text)
    return redirected("groups.one", id_=id_)
