"""SOQL: a query, its records as a table or as CSV, its error with the caret under the word."""

import csv
import io
import re
from collections.abc import Iterator

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from orgbox.errors import ApiFault
from orgbox.org import query
from orgbox.org.session import Session
from orgbox.web.desk import signed_in
from orgbox.web.tables import columns

pages = Blueprint("soql", __name__, url_prefix="/soql")

SHOWN = 200
"""Rows on the page; the file has them all."""
_EXAMPLE = "SELECT Id, Name, CollaborationType, Owner.Name\nFROM CollaborationGroup\nORDER BY Name\nLIMIT 50"
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d[\d.]*(E-?\d+)?")


@pages.get("")
@signed_in()
def show(session: Session) -> ResponseReturnValue:
    """The query in `q` and what it answers."""
    text = _text()
    if not text:
        return render_template("soql.html", text=_EXAMPLE, asked=False)
    try:
        answer, more = query.first(session, session.catalog, text, SHOWN)
    except ApiFault as fault:
        return render_template("soql.html", text=text, asked=True, fault=fault), 422
    known = columns(answer.shape)
    rows = [[column.text(row) for column in known] for row in answer.rows]
    return render_template(
        "soql.html", text=text, asked=True, headings=[c.heading for c in known], rows=rows,
        size=answer.size, more=more,
    )  # fmt: skip


@pages.get("/rows.csv")
@signed_in()
def download(session: Session) -> ResponseReturnValue:
    """Every record as CSV (UTF-8, with a head line), 100,000 at most."""
    try:
        answer, _ = query.first(session, session.catalog, _text(), 100_000)
    except ApiFault as fault:
        return render_template("soql.html", text=_text(), asked=True, fault=fault), 422
    known = columns(answer.shape)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(column.heading for column in known)
    writer.writerows([_cell(column.text(row)) for column in known] for row in answer.rows)
    made = Response(_encoded(file), mimetype="text/csv")
    made.headers["Content-Disposition"] = 'attachment; filename="rows.csv"'
    return made


def _text() -> str:
    """The query as sent, with line breaks of one character."""
    return request.args.get("q", "").replace("\r\n", "\n").strip()


def _cell(text: str) -> str:
    """A value that a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _encoded(file: io.StringIO) -> Iterator[bytes]:
    file.seek(0)
    while part := file.read(65_536):
        yield part.encode("utf-8", "replace")
