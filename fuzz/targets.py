"""The targets: each takes bytes, and raises AssertionError, or whatever escaped, when a promise is broken."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lxml import etree

from fuzz.box import CONTROL_KEY, Answer, Box, cookie_of, signed_out, token_of
from orgbox import ids
from orgbox.catalog.importing import read_file
from orgbox.catalog.load import CatalogError, standard_catalog
from orgbox.catalog.merging import merged
from orgbox.errors import ApiFault, QueryFault
from orgbox.limits import STRICT
from orgbox.org import query, search
from orgbox.org import session as sessions
from orgbox.soql import Viewer, parse
from orgbox.soql.search import prepare as prepare_search

Check = Callable[[bytes], None]
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_PATHS = ("u/66.0", "c/66.0", "u/30.0", "c/44.0", "u/21.0", "u/58.0", "c/21.0", "u/2.0")
_GZIP = b"z"
_SESSION_GONE = b"INVALID_SESSION_ID"


def soap() -> Check:
    """The whole service by POST. A digit first chooses dialect and version, `z` is gzip.

    `{session}` is filled in.
    """
    box = Box()

    def check(data: bytes) -> None:
        box.worn()
        path = box.base + _PATHS[data[0] % 8 if data else 0]
        zipped = {"HTTP_CONTENT_ENCODING": "gzip"} if data[:1] == _GZIP else {}
        body = data[1:].replace(b"{session}", box.session_id.encode())
        answer = box.ask("POST", path, body, CONTENT_TYPE="text/xml", **zipped)
        _check_soap(answer)
        if _SESSION_GONE in answer.body and b"{session}" in data:
            box.renew()

    return check


def _check_soap(answer: Answer) -> None:
    assert answer.headers["content-type"] == "text/xml;charset=utf-8"
    assert answer.status in (200, 500)
    (body,) = etree.fromstring(answer.body).iterchildren(_SOAP + "Body")
    assert (body.find(_SOAP + "Fault") is not None) == (answer.status == 500)
    assert b"ErrorId" not in answer.body, "an error nobody foresaw"


def soql() -> Check:
    """The parser of queries and searches: a tree, or a fault with a place in the text."""
    viewer = Viewer(ids.EMPTY_ID)

    def check(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        with _faults_in(text):
            if text[:4].upper() == "FIND":
                prepare_search(text, standard_catalog(), viewer, STRICT)
            else:
                parse(text, STRICT)

    return check


def queries() -> Check:
    """Queries and, where the text begins with FIND, searches, to the rows. A `-` first is a Chatter user."""
    box = Box()
    tokens = {name: box.session_of(name) for name in ("admin", "carl")}

    def check(data: bytes) -> None:
        token = tokens["carl" if data[:1] == b"-" else "admin"]
        text = data.decode("utf-8", "replace").lstrip("-")
        with box.app.orgs.database.read() as connection:
            session = sessions.resume(connection, box.org, token, 66)
            with _faults_in(text):
                if text[:4].upper() == "FIND":
                    search.search(session, session.catalog, text)
                else:
                    query.run(session, session.catalog, text, 200)

    return check


@contextmanager
def _faults_in(text: str) -> Iterator[None]:
    """Faults that name a place in the text are an answer like any other."""
    try:
        yield
    except QueryFault as fault:
        rows = text.split("\n")
        assert fault.row == -1 or 1 <= fault.row <= len(rows)
        assert fault.column == -1 or 0 <= fault.column <= len(rows[fault.row - 1])
    except ApiFault as fault:
        assert fault.code != "UNKNOWN_EXCEPTION"


def record_ids() -> Check:
    """Ids: what is one has a single long form, which stands for one number."""

    def check(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        found = ids.normalize(text)
        if found is None:
            return
        assert len(found) == 18 and found.startswith(text[:15]) and ids.normalize(found) == found
        assert ids.normalize(found[:15]) == found
        made = ids.make(found[:3], ids.number(found))
        assert made == found
        assert ids.sequence(found[:3], ids.number(found), 2)[0] == found or ids.number(found) == 62**12 - 1

    return check


def schema() -> Check:
    """Files for `orgbox schema import`: WSDL, describe results, TOML after a `#`; to the merged texts."""
    folder = Path(tempfile.mkdtemp(prefix="orgbox-fuzz-"))

    def check(data: bytes) -> None:
        file = folder / ("Book__c.toml" if data[:1] == b"#" else "given")
        file.write_bytes(data)
        with suppress(CatalogError):
            merged({}, read_file(file, standard_catalog()), standard_catalog())

    return check


def accept() -> Check:
    """The accept page's form. First line: `coworker`, `customer`, or a token of one's own; then the form."""
    box, form = Box(), {}
    visitor = box.ask("GET", "/signin")
    cookie, token = cookie_of(visitor), token_of(visitor)

    def check(data: bytes) -> None:
        kind, _, sent = data.partition(b"\n")
        if box.worn() or not form:
            form.update(_invited(box))
        link = form.get(kind) or "/join/" + kind.decode("latin-1")
        body = b"csrf_token=" + token.encode() + b"&" + sent
        type_ = "application/x-www-form-urlencoded"
        answer = box.ask("POST", link, body, HTTP_COOKIE=cookie, CONTENT_TYPE=type_)
        assert answer.status in (200, 303, 308, 400, 404, 405, 410, 413, 422), answer.status
        _check_page(answer)
        if link in form.values() and answer.status in (200, 404, 410):  # accepted, or the org is new again
            box.renew()
            form.clear()

    return check


def _invited(box: Box) -> dict[bytes, str]:
    """Links of new invitations, of a coworker and of a customer."""
    group = "SELECT Id FROM CollaborationGroup WHERE Name = 'All acme.com'"
    with box.app.orgs.database.read() as connection:
        session = sessions.resume(connection, box.org, box.session_id, 66)
        answer, _ = query.run(session, session.catalog, group, 200)
    shared = {b"coworker": box.user("alice"), b"customer": str(answer.rows[0][0])}
    records = "".join(
        f"<sObjects><type>CollaborationInvitation</type><InvitedUserEmail>bob@{domain}</InvitedUserEmail>"
        f"<SharedEntityId>{shared[kind]}</SharedEntityId></sObjects>"
        for kind, domain in ((b"coworker", "acme.com"), (b"customer", "external.com"))
    )
    made = box.ask("POST", f"{box.base}u/66.0", (
        f'<e:Envelope xmlns:e="{_SOAP[1:-1]}"><e:Header><SessionHeader>'
        f"<sessionId>{box.session_id}</sessionId></SessionHeader></e:Header><e:Body><create>{records}</create></e:Body></e:Envelope>"
    ).encode())  # fmt: skip
    assert made.body.count(b"<success>true") == 2, made.body
    mails = {mail.recipient: mail for mail in box.app.mailbox.page(box.org)}
    return {
        kind: mails[f"bob@{domain}"].link.partition(":8080")[2]
        for kind, domain in ((b"coworker", "acme.com"), (b"customer", "external.com"))
    }


def pages() -> Check:
    """Any request to the console, the control API and OAuth: `POST /path?query`, a line, the body.

    The administrator is signed in; `{org}` is filled in.
    """
    box = Box()

    def check(data: bytes) -> None:
        box.worn()
        head, _, body = data.replace(b"{org}", box.org.id.encode()).partition(b"\n")
        method, _, target = head.decode("latin-1").partition(" ")
        target = "".join(c for c in target if c > " ")  # the server takes no blank and no line end there
        cookie, token = box.signed_in()
        answer = box.ask(
            method if method.isalpha() else "GET", target, body, HTTP_COOKIE=cookie, HTTP_X_CSRFTOKEN=token,
            HTTP_AUTHORIZATION=f"Bearer {CONTROL_KEY}",
            CONTENT_TYPE="application/json" if body[:1] in b"{[" else "application/x-www-form-urlencoded",
        )  # fmt: skip
        _check_page(answer)
        if signed_out(answer):
            box.renew()

    return check


def _check_page(answer: Answer) -> None:
    assert answer.status < 500 or answer.status == 503, answer.status
    assert "\n" not in "".join(answer.headers.values())
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]  # a mail is shown in a frame of the Mailbox
    assert "frame-ancestors 'none'" in policy or "frame-ancestors 'self'; sandbox" in policy


TARGETS: dict[str, Callable[[], Check]] = {
    "soap": soap, "soql": soql, "queries": queries, "ids": record_ids, "schema": schema,
    "accept": accept, "pages": pages,
}  # fmt: skip
