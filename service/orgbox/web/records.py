"""Reading and saving records for pages, through the same doors as SOAP: same rights, rules and texts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request

from orgbox import ids
from orgbox.errors import RecordError
from orgbox.frozen import value
from orgbox.org import dml, query
from orgbox.org.dml import Result, SaveOptions
from orgbox.org.rulebook import Record
from orgbox.org.session import Session
from orgbox.web.tables import columns

Row = dict[str, Any]
PAGE = 25
"""Rows of a list on one page."""
_MOST = 2_000


def find(session: Session, soql: str) -> list[Row]:
    """The records of a query (2,000 at most), each a mapping from field or path to stored value."""
    answer, _ = query.run(session, session.catalog, soql, _MOST)
    known = columns(answer.shape)
    return [{column.heading: column.value(row) for column in known} for row in answer.rows]


def find_one(session: Session, soql: str) -> Row | None:
    """The first record of a query, or None."""
    return next(iter(find(session, soql)), None)


@value
class Page:
    """One page of a list. `after` is the key of its last row if there are more; `soql` its query."""

    rows: list[Row]
    soql: str
    after: str | None
    first: bool


def page(
    session: Session, select: str, where: Iterable[str] = (), *, newest_first: bool = False
) -> Page:
    """The page of a list that the request's `after` asks for, in the order of Ids.

    The key of the last row leads to the next page, so that every page costs the same.
    """
    after = an_id(request.args.get("after", ""))
    conditions = list(where)
    if after:
        conditions.append(f"Id {'<' if newest_first else '>'} '{after}'")
    clause = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    soql = f"{select}{clause} ORDER BY Id {'DESC' if newest_first else 'ASC'} LIMIT {PAGE + 1}"
    rows = find(session, soql)
    following = rows[PAGE - 1]["Id"] if len(rows) > PAGE else None
    return Page(rows[:PAGE], soql, following, not after)


def sought() -> list[str]:
    """The condition of the request's `q`: names that begin with it, in any case."""
    text = request.args.get("q", "").strip()
    pattern = re.sub("([%_])", r"\\\1", _escaped(text))
    return [f"Name LIKE '{pattern}%'"] if text else []


def names(session: Session, sobject: str, keys: Iterable[str | None]) -> dict[str, str]:
    """Names by Id, of the records the user may see."""
    wanted = sorted({key for key in keys if key})
    if not wanted:
        return {}
    listed = ", ".join(quoted(key) for key in wanted)
    rows = find(session, f"SELECT Id, Name FROM {sobject} WHERE Id IN ({listed})")
    return {row["Id"]: row["Name"] for row in rows}


def an_id(text: str) -> str:
    """The Id in its long form, empty for what is none."""
    return ids.normalize(text) or ""


def quoted(text: str) -> str:
    """A string literal of SOQL."""
    return f"'{_escaped(text)}'"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")


def create(session: Session, sobject: str, values: Sequence[Mapping[str, Any]]) -> list[Result]:
    """create() of records of one SObject; an empty text is no value."""
    kind = session.org.catalog[sobject]
    given = [{name: value for name, value in row.items() if value not in ("", None)} for row in values]
    return dml.create(session, [Record(kind, row) for row in given], SaveOptions())


def update(session: Session, sobject: str, values: Mapping[str, Any]) -> Result:
    """update() of one record; an empty text empties the field."""
    given = {name: None if value == "" else value for name, value in values.items()}
    return dml.update(session, [Record(session.org.catalog[sobject], given)], SaveOptions())[0]


@dataclass(slots=True)
class Form:
    """What a person filled in, and what is wrong with it: messages by field, others apart."""

    values: Mapping[str, Any]
    wrong: dict[str, list[str]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    def refuse(self, errors: Iterable[RecordError], **places: str) -> None:
        """Put the messages of errors beside the fields they name; `places` maps API names to inputs."""
        for error in errors:
            inputs = [places[name] for name in error.fields if name in places]
            for name in dict.fromkeys(inputs):
                self.wrong.setdefault(name, []).append(error.message)
            if not inputs:
                self.others.append(f"{error.message} ({error.code})")

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.wrong or self.others)


def filled_in() -> Form:
    """The form of this request, blanks at the ends off, characters XML cannot carry left out."""
    return Form({name: _clean(text) for name, text in request.form.items() if name != "csrf_token"})


def _clean(text: str) -> str:
    plain = text.replace("\r\n", "\n").strip()
    return "".join(c for c in plain if c >= " " or c in "\n\t")
