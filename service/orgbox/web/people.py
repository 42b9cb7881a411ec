"""People: who is in the org, their profiles, and "Invite People to Chatter"."""

import re
from collections.abc import Sequence

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from orgbox.frozen import value
from orgbox.org.dml import Result
from orgbox.org.session import Session
from orgbox.web import records
from orgbox.web.desk import signed_in
from orgbox.web.records import Form, filled_in

pages = Blueprint("people", __name__, url_prefix="/people")

_ADDRESS = re.compile(r'(?:"[^"\n]*"|[^,;\n])+')
_LIST = "SELECT Id, Name, Title, Email FROM User"
_GROUPS = (
    "SELECT CollaborationGroupId, CollaborationGroup.Name, CollaborationRole FROM CollaborationGroupMember "
    "WHERE MemberId = '{}' ORDER BY Id LIMIT 200"
)


@pages.get("")
@signed_in()
def show(session: Session) -> str:
    """The active users, in the order they joined."""
    found = records.page(session, _LIST, ["IsActive = true", *records.sought()])
    return render_template("people.html", page=found)


@pages.get("/<id_>")
@signed_in()
def one(session: Session, id_: str) -> str:
    """A profile: the person and the groups the reader may see."""
    soql = (
        "SELECT Id, Name, FirstName, LastName, Email, CompanyName, Title, Phone, UserType, IsActive, "
        f"CreatedDate FROM User WHERE Id = '{records.an_id(id_)}'"
    )
    person = records.find_one(session, soql) if records.an_id(id_) else None
    if person is None:
        abort(404)
    groups = records.find(session, _GROUPS.format(person["Id"]))
    return render_template("person.html", person=person, groups=groups, soql=soql)


@pages.get("/invite")
@signed_in()
def invite(session: Session) -> str:
    """The form: several addresses, one message."""
    return render_template("invite.html", form=Form({}), outcomes=(), group=None)


@pages.post("/invite")
@signed_in()
def send(session: Session) -> ResponseReturnValue:
    """create() of a CollaborationInvitation for each address; each has its own outcome."""
    form = filled_in()
    outcomes = invite_all(session, form, session.user.id)
    return render_template("invite.html", form=form, outcomes=outcomes, group=None), status_of(outcomes)


@value
class Outcome:
    """What became of one address."""

    address: str
    result: Result


def invite_all(session: Session, form: Form, entity: str) -> list[Outcome]:
    """Invite every address of a form; those refused stay in it, to be corrected."""
    found = addresses(form.values.get("addresses", ""))
    message, most = form.values.get("message", ""), session.org.limits.records_per_call
    if not found:
        form.wrong["addresses"] = ["Enter at least one address."]
    if len(found) > most:
        form.wrong["addresses"] = [f"{len(found)} addresses; at most {most} are sent at once."]
    if not form.ok:
        return []
    values = [
        {"InvitedUserEmail": address, "SharedEntityId": entity, "OptionalMessage": message}
        for address in found
    ]
    results = records.create(session, "CollaborationInvitation", values)
    outcomes = [Outcome(*pair) for pair in zip(found, results, strict=True)]
    refused = [outcome.address for outcome in outcomes if not outcome.result.success]
    form.values = {"addresses": "\n".join(refused), "message": message if refused else ""}
    return outcomes


def addresses(text: str) -> list[str]:
    """The addresses of a text, separated by commas, semicolons or lines outside of quotes, each once."""
    return list(dict.fromkeys(part.strip() for part in _ADDRESS.findall(text) if part.strip()))


def status_of(outcomes: Sequence[Outcome]) -> int:
    """422 when not a single invitation was sent."""
    return 200 if any(outcome.result.success for outcome in outcomes) else 422
