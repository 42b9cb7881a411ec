"""A small client of the partner dialect: strings in, strings out. Standard library only, so that a command
starts quickly and no WSDL is needed.
"""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

VERSION = "60.0"
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" '
    'xmlns:o="urn:sobject.partner.soap.sforce.com"><e:Header>{header}</e:Header><e:Body>{body}</e:Body>'
    "</e:Envelope>"
)
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Row = dict[str, Any]
"""A record: text, None, a Row for a parent, a list of Rows for children."""


class CallFailed(Exception):
    """The service refused the call, or did not answer."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a record."""

    id: str
    success: bool
    created: bool
    error: str


class Partner:
    """A session. Every method raises CallFailed."""

    def __init__(self, url: str, username: str, password: str, timeout: float = 300.0) -> None:
        base = url.rstrip("/")
        self._url = base if "/services/Soap/" in base else f"{base}/services/Soap/u/{VERSION}"
        self._timeout = timeout
        self._session = ""
        body = f"<username>{escape(username)}</username><password>{escape(password)}</password>"
        result = self._call("login", body)[0]
        self._session = _text(result, "sessionId")
        self._url = _text(result, "serverUrl") or self._url

    def query(self, soql: str) -> "Query":
        """The records of a query, fetched batch by batch."""
        first = self._call("query", f"<queryString>{escape(soql)}</queryString>")[0]
        return Query(self, first)

    def more(self, locator: str) -> Element:
        """The QueryResult a locator leads to."""
        return self._call("queryMore", f"<queryLocator>{escape(locator)}</queryLocator>")[0]

    def save(
        self, call: str, sobject: str, rows: Sequence[Mapping[str, str | None]], options: "Options"
    ) -> list[Saved]:
        """create, update or upsert; None empties a field, `Parent__r.Key__c` names a parent by a key."""
        key = f"<externalIDFieldName>{escape(options.key)}</externalIDFieldName>" if call == "upsert" else ""
        records = "".join(_record(sobject, row, options.targets) for row in rows)
        return [_saved(result) for result in self._call(call, key + records)]

    def delete(self, ids: Sequence[str]) -> list[Saved]:
        """Delete by Id."""
        named = "".join(f"<ids>{escape(id_)}</ids>" for id_ in ids)
        return [_saved(result) for result in self._call("delete", named)]

    def targets(self, sobject: str) -> dict[str, str]:
        """By relationship name in lower case, the SObject it leads to."""
        result = self._call("describeSObject", f"<sObjectType>{escape(sobject)}</sObjectType>")[0]
        return {
            _text(f, "relationshipName").lower(): _text(f, "referenceTo")
            for f in result
            if _local(f) == "fields" and _text(f, "relationshipName")
        }

    def _call(self, name: str, body: str) -> list[Element]:
        """The elements `result` of the answer."""
        header = f"<SessionHeader><sessionId>{escape(self._session)}</sessionId></SessionHeader>"
        text = _ENVELOPE.format(header=header if self._session else "", body=f"<{name}>{body}</{name}>")
        headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
        try:
            request = urllib.request.Request(self._url, text.encode(), headers)
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                answer = ElementTree.fromstring(response.read())
        except urllib.error.HTTPError as error:
            raise CallFailed(_fault(error) or f"{self._url}: HTTP {error.code}") from None
        except (OSError, ValueError, HTTPException, ElementTree.ParseError) as error:
            raise CallFailed(f"{self._url}: {error}") from None
        return [e for e in answer.iter() if _local(e) == "result"]


@dataclass(frozen=True, slots=True)
class Options:
    """How to save: the key field of upsert, what relationships lead to."""

    key: str = ""
    targets: Mapping[str, str] | None = None


class Query:
    """A QueryResult: `size` counts all records."""

    def __init__(self, partner: Partner, first: Element) -> None:
        self._partner = partner
        self._first = first
        self.size = int(_text(first, "size") or 0)

    def __iter__(self) -> Iterator[Row]:
        return self._rows(self._first)

    def _rows(self, result: Element) -> Iterator[Row]:
        """Of a QueryResult and those its locator leads to."""
        while True:
            yield from (self._row(e) for e in result if _local(e) == "records")
            if _text(result, "done") == "true":
                return
            result = self._partner.more(_text(result, "queryLocator"))

    def _row(self, element: Element) -> Row:
        row: Row = {}
        for child in element:
            name = _local(child)
            if name == "type" or (name == "Id" and row.get("Id")):
                continue
            if any(_local(e) == "done" for e in child):
                row[name] = list(self._rows(child))
            elif len(child):
                row[name] = self._row(child)
            else:
                row[name] = None if child.get(_NIL) == "true" else child.text or ""
        return {name: value for name, value in row.items() if name != "Id" or value is not None}


def unsendable(row: Mapping[str, str | None]) -> str:
    """The name of the first value with a character that XML does not have, else empty."""
    return next((name for name, value in row.items() if value and _ILLEGAL.search(value)), "")


def _record(sobject: str, row: Mapping[str, str | None], targets: Mapping[str, str] | None) -> str:
    parts = [f"<o:type>{escape(sobject)}</o:type>"]
    parts += [f"<o:fieldsToNull>{escape(n)}</o:fieldsToNull>" for n, v in row.items() if v is None]
    for name, value in row.items():
        if value is None:
            continue
        relationship, _, key = name.partition(".")
        if not key:
            parts.append(f"<o:{name}>{escape(value)}</o:{name}>")
            continue
        kind = (targets or {}).get(relationship.lower(), "")
        inner = f"<o:type>{kind}</o:type><o:{key}>{escape(value)}</o:{key}>"
        parts.append(f"<o:{relationship}>{inner}</o:{relationship}>")
    return f"<sObjects>{''.join(parts)}</sObjects>"


def _saved(result: Element) -> Saved:
    errors = [f"{_text(e, 'statusCode')}: {_text(e, 'message')}" for e in result if _local(e) == "errors"]
    return Saved(
        _text(result, "id"), _text(result, "success") == "true", _text(result, "created") == "true",
        "; ".join(errors),
    )  # fmt: skip


def _fault(error: urllib.error.HTTPError) -> str:
    """The words of the fault, empty where the answer is none."""
    try:
        root = ElementTree.fromstring(error.read())
    except ElementTree.ParseError:
        return ""
    return next((e.text or "" for e in root.iter() if _local(e) == "faultstring"), "")


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: Element, name: str) -> str:
    return next((child.text or "" for child in element if _local(child) == name), "")
