"""The page an invitation leads to. GET shows the form, only POST accepts; a link that has ended says why, but
nothing about addresses. `org.joining.Acceptance` does what these pages show.
"""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from orgbox.org.joining import Answers, Ended, Invited, LinkEnded, Refused
from orgbox.web.desk import desk
from orgbox.web.records import Form, filled_in

pages = Blueprint("accept", __name__)

ENDED: dict[Ended, tuple[int, str, str]] = {
    "unknown": (404, "This link leads nowhere", "Open the link from the mail once more, or copy all of it."),
    "used": (410, "This invitation was accepted", "A link works once. Sign in with your user name."),
    "canceled": (410, "This invitation was canceled", "Ask who invited you for a new one."),
    "expired": (410, "This invitation has expired", "Ask who invited you for a new one."),
}
"""HTTP status, heading and advice of a link that has ended."""
_PLACES = {
    "FirstName": "first_name", "LastName": "last_name", "Email": "email", "Username": "email",
    "InvitedUserEmail": "email", "InvitedUserEmailNormalized": "email", "CompanyName": "company",
    "Password": "password", "RepeatedPassword": "repeated",
}  # fmt: skip
"""The input that an error about a field belongs to."""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""The address holds a secret: it goes to no other site and into no cache, and no script runs here."""


@pages.get("/join/<token>")
def look(token: str) -> ResponseReturnValue:
    """The invitation and the form."""
    try:
        invited = desk().joining.look(token)
    except LinkEnded as ended:
        return _show_end(ended)
    return _show(Form({"email": invited.email}), invited)


@pages.post("/join/<token>")
def accept(token: str) -> ResponseReturnValue:
    """The new user's welcome, or the form again with what is wrong beside the fields."""
    form = filled_in()
    try:
        try:
            joined = desk().joining.accept(token, _answers(form))
        except Refused as refused:
            form.refuse(refused.errors, **_PLACES)
            return _show(form, desk().joining.look(token)), 422
    except LinkEnded as ended:
        return _show_end(ended)
    return render_template("joined.html", joined=joined)


@pages.after_request
def _guard(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response


def _answers(form: Form) -> Answers:
    names = ("first_name", "last_name", "email", "company")
    given = {name: form.values.get(name, "") for name in names}
    password, repeated = request.form.get("password", ""), request.form.get("repeated", "")
    return Answers(**given, password=password, repeated=repeated)


def _show(form: Form, invited: Invited) -> str:
    asks_company = invited.is_customer or "company" in form.values or "company" in form.wrong
    return render_template("join.html", form=form, invited=invited, asks_company=asks_company)


def _show_end(ended: LinkEnded) -> ResponseReturnValue:
    status, heading, advice = ENDED[ended.reason]
    return render_template("link_ended.html", heading=heading, advice=advice), status
