"""Mailbox: every mail the service wrote, rendered, as plain text and byte by byte.

A mail is shown as its reader would see it in a frame that runs no script and belongs to no site.
"""

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from orgbox.org.mailbox import Mail
from orgbox.org.session import Session
from orgbox.web.desk import desk, number, signed_in
from orgbox.web.records import PAGE

pages = Blueprint("mailbox", __name__, url_prefix="/mail")

_FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_IN_NEW_WINDOW = '<base target="_blank">'


@pages.get("")
@signed_in("ViewAllData", apart=True)
def show(session: Session) -> str:
    """The mails of the org, the newest first; `about` and `to` narrow the list."""
    about, to = (request.args.get(name, "") for name in ("about", "to"))
    mails = desk().mailbox.page(
        session.org, before=request.args.get("before", type=number), limit=PAGE + 1, about=about or None,
        recipient=to.strip() or None,
    )  # fmt: skip
    following = mails[PAGE - 1].number if len(mails) > PAGE else None
    return render_template("mailbox.html", mails=mails[:PAGE], following=following, to=to, about=about)


@pages.get("/<int:number>")
@signed_in("ViewAllData", apart=True)
def one(session: Session, number: int) -> str:
    """One mail."""
    return render_template("mail.html", mail=_mail(session, number))


@pages.get("/<int:number>/rendered")
@signed_in("ViewAllData", apart=True)
def rendered(session: Session, number: int) -> ResponseReturnValue:
    """The HTML of a mail, for the frame."""
    answer = Response(_IN_NEW_WINDOW + _mail(session, number).html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = _FRAME_POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@pages.get("/<int:number>/raw")
@signed_in("ViewAllData", apart=True)
def raw(session: Session, number: int) -> ResponseReturnValue:
    """The bytes of a mail, as a file."""
    answer = Response(_mail(session, number).raw, mimetype="message/rfc822")
    answer.headers["Content-Disposition"] = f'attachment; filename="mail-{number}.eml"'
    return answer


def _mail(session: Session, number: int) -> Mail:
    mail = desk().mailbox.mail(session.org, number)
    if mail is None:
        abort(404)
    return mail
