"""Calls: the last SOAP calls of the org as this process answered them, secrets masked.

Users see their own calls; those with View All Data see every call, also the ones that never got as far
as a session.
"""

import re
from collections.abc import Sequence
from xml.dom import minidom
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape

from flask import Blueprint, abort, render_template, request

from orgbox.org.calllog import KEPT_BYTES, Call
from orgbox.org.session import Session
from orgbox.web.desk import desk, signed_in

pages = Blueprint("calls", __name__, url_prefix="/calls")

_SECRETS = "sessionIds?|password|newPassword|oldPassword"
_SECRET = re.compile(
    rf"(<(?:[\w.-]+:)?(?:{_SECRETS})(?:\s[^>]*)?(?<!/)>)(?:.*?)(?=</(?:[\w.-]+:)?(?:{_SECRETS})\s*>|\Z)",
    re.DOTALL,
)
_MASK = "••••••••"
_SHORTEST_SECRET = 4
_ENCODING = re.compile(rb"""<\?xml[^>]*encoding=["']([A-Za-z0-9._-]{1,20})["']""")
_DOCTYPE = re.compile(r"<!DOCTYPE|<!ENTITY", re.IGNORECASE)


@pages.get("")
@signed_in(apart=True)
def show(session: Session) -> str:
    """The calls, the newest first; with `follow` the list renews itself."""
    calls = _visible(session, desk().calls.last(*_orgs(session)))
    return render_template("calls.html", calls=calls, follow=bool(request.args.get("follow")))


@pages.get("/<int:number>")
@signed_in(apart=True)
def one(session: Session, number: int) -> str:
    """One call with request and response."""
    call = desk().calls.find(number, *_orgs(session))
    if call is None or not _visible(session, [call]):
        abort(404)
    return render_template(
        "call.html", call=call, request_text=shown(call.request, call.secrets),
        response_text=shown(call.response, call.secrets),
    )  # fmt: skip


def shown(body: bytes, secrets: Sequence[str] = ()) -> str:
    """A message to read: masked, indented where it is whole XML, marked where it was cut."""
    text = _decoded(body)
    masked = _SECRET.sub(rf"\1{_MASK}", text)
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            masked = masked.replace(secret, _MASK).replace(escape(secret), _MASK)
    return _indented(masked) + ("\n… cut here" if len(body) >= KEPT_BYTES else "")


def _decoded(body: bytes) -> str:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    found = _ENCODING.match(body.lstrip())
    try:
        return body.decode(found[1].decode() if found else "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _indented(text: str) -> str:
    """Indented XML; what does not parse, or brings entities, stays as it came."""
    if _DOCTYPE.search(text):
        return text
    try:
        document = minidom.parseString(text.encode("utf-8"))
    except (ExpatError, ValueError):
        return text
    pretty = document.documentElement.toprettyxml(indent="  ") if document.documentElement else text
    return "\n".join(line for line in pretty.split("\n") if line.strip())


def _orgs(session: Session) -> list[int]:
    """The org's number, and where the service has no other org, that of calls of no known org."""
    alone = len(desk().orgs.all()) == 1
    return [session.org.number, 0] if alone else [session.org.number]


def _visible(session: Session, calls: Sequence[Call]) -> Sequence[Call]:
    if session.user.may("ViewAllData"):
        return calls
    return [call for call in calls if call.user_id == session.user.id]
