"""Which records and SObjects a call is about, as far as its arguments tell before its session is known."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from orgbox import ids
from orgbox.org.org import Org
from orgbox.soap.envelope import TYPE, local_name
from orgbox.soap.reader import RawRecord

_TEXTS = re.compile(r"'(?:[^'\\]|\\.)*'")
_BRACKETS = re.compile(r"\([^()]*\)")
_FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)

Touched = tuple[str, str]
"""The name of an SObject and the Id of a record, each empty if unknown."""


def touched(org: Org, call: str, arguments: Sequence[Any]) -> list[Touched]:
    """One entry for each record that a call names, one without Id for each SObject it asks about."""
    find = _FINDERS.get(call)
    return find(org, arguments) if find else []


def of_record(org: Org, raw: RawRecord) -> Touched:
    """The SObject of a record as sent, and its Id or else the first Id among its values."""
    texts = {local_name(child): (child.text or "").strip() for child in raw.element}
    sent = raw.element.get(TYPE, "").rpartition(":")[2]
    name = sent if sent not in ("", "sObject") else texts.get("type", "")
    known = [found for text in (texts.get("Id", ""), *texts.values()) if (found := ids.normalize(text))]
    sobject = org.catalog.get(name)
    return (sobject.name if sobject else name, known[0] if known else org.id)


def of_id(org: Org, text: str) -> Touched:
    """The SObject and the 18 characters of an Id."""
    found = ids.normalize(text)
    sobject = org.catalog.of_id(found) if found else None
    return (sobject.name if sobject else "", found or text)


def _of_query(_org: Org, arguments: Sequence[Any]) -> list[Touched]:
    text, before = _TEXTS.sub("''", arguments[0] or ""), ""
    while text != before:
        before, text = text, _BRACKETS.sub("", text)
    found = _FROM.search(text)
    return [(found[1], "")] if found else []


def _of_records(place: int) -> Callable[[Org, Sequence[Any]], list[Touched]]:
    return lambda org, arguments: [of_record(org, raw) for raw in arguments[place]]


def _of_ids(org: Org, arguments: Sequence[Any]) -> list[Touched]:
    return [of_id(org, text) for text in arguments[0]]


def _of_names(place: int) -> Callable[[Org, Sequence[Any]], list[Touched]]:
    def find(_org: Org, arguments: Sequence[Any]) -> list[Touched]:
        names = arguments[place] or ""
        return [(name.strip(), "") for name in ([names] if isinstance(names, str) else names)]

    return find


_FINDERS: dict[str, Callable[[Org, Sequence[Any]], list[Touched]]] = {
    "create": _of_records(0),
    "update": _of_records(0),
    "upsert": _of_records(1),
    "delete": _of_ids,
    "undelete": _of_ids,
    "emptyRecycleBin": _of_ids,
    "query": _of_query,
    "queryAll": _of_query,
    "retrieve": _of_names(1),
    "describeSObject": _of_names(0),
    "describeSObjects": _of_names(0),
    "getUpdated": _of_names(0),
    "getDeleted": _of_names(0),
}
