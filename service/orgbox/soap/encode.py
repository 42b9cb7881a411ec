"""Results as text: one closure for each type of the description, made once for a dialect and version.

A result is a mapping by attribute name in snake case. A closure appends to a list of texts; joined they
are the answer. What a mapping lacks is written as the WSDL asks: false, nil, or left out.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from orgbox.frozen import value
from orgbox.soap.description import WILDCARD, Member, description
from orgbox.soap.dialects import Dialect
from orgbox.soap.faults import known_status
from orgbox.soap.text import escape

Append = Callable[[str], object]
Write = Callable[[Append, Any], None]


@value
class Encoded:
    """A result that is written already: UTF-8 in pieces, and which of `PREFIXES` it uses."""

    pieces: tuple[bytes, ...]
    prefixes: frozenset[str]


PREFIXES = {"xsd": '"xsd:', "xsi": "xsi:", "sf": "sf:"}
"""Prefixes that are declared where they are used, and how their use is told."""


def encoded(text: str, prefixes: Iterable[str] = PREFIXES) -> Encoded:
    """The result of a text that may use these prefixes."""
    used = frozenset(prefix for prefix in prefixes if PREFIXES[prefix] in text)
    return Encoded((text.encode(),), used)


def together(results: Sequence[Encoded]) -> Encoded:
    """Results, one behind the other."""
    pieces = tuple(piece for result in results for piece in result.pieces)
    return Encoded(pieces, frozenset().union(*(result.prefixes for result in results)))


_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=4096)
def snake_case(name: str) -> str:
    """`aiPredictionField` -> `ai_prediction_field`."""
    return _WORD.sub("_", name).lower()


@lru_cache(maxsize=4096)
def element(name: str, type_name: str, nillable: bool, dialect: Dialect, version: int) -> Write:
    """Writes `<name>` with a value of a type; None is written as nil, or not at all."""
    inner = _SIMPLE.get(type_name)
    if inner:
        return _simple(name, nillable, inner)
    if type_name == "xsd:anyType":
        return _typed(name)
    shape = description().as_of(version, dialect.name)
    if type_name in shape.enumerations:
        if type_name == "StatusCode":
            return _simple(name, nillable, lambda code: known_status(code, version))
        if type_name == "soapType":
            return _simple(name, nillable, _soap_type(shape.enumerations[type_name].names))
        return _simple(name, nillable, escape)
    return _complex(name, nillable, shape.members(type_name), dialect, version)


def _simple(name: str, nillable: bool, to_text: Callable[[Any], str]) -> Write:
    start, end, nil = f"<{name}>", f"</{name}>", f'<{name} xsi:nil="true"/>'

    def write(append: Append, value: Any) -> None:
        if value is not None:
            append(f"{start}{to_text(value)}{end}")
        elif nillable:
            append(nil)

    return write


def _soap_type(known: frozenset[str]) -> Callable[[Any], str]:
    """Early versions wrote `urn:address` where later ones write `tns:address`."""
    return lambda name: name if name in known else name.replace("tns:", "urn:")


_XSD_OF = {bool: "boolean", int: "int", float: "double", str: "string"}


def _typed(name: str) -> Write:
    """xsd:anyType: the value says its type itself."""

    def write(append: Append, value: Any) -> None:
        if value is not None:
            xsd = _XSD_OF[type(value)]
            text = _SIMPLE[f"xsd:{xsd}"](value)
            append(f'<{name} xsi:type="xsd:{xsd}">{text}</{name}>')

    return write


def _complex(
    name: str, nillable: bool, members: tuple[Member, ...], dialect: Dialect, version: int
) -> Write:
    start, end = f"<{name}>", f"</{name}>"
    nil = f'<{name} xsi:nil="true"/>'
    parts = [
        (snake_case(m.name), _member(m, dialect, version)) for m in members if m.type != WILDCARD
    ]

    def write(append: Append, value: Mapping[str, Any] | None) -> None:
        if value is None:
            if nillable:
                append(nil)
            return
        append(start)
        for key, write_member in parts:
            write_member(append, value.get(key))
        append(end)

    return write


def _member(member: Member, dialect: Dialect, version: int) -> Write:
    repeated = member.max != 1
    nillable = member.nillable and bool(member.min) and not repeated
    write_one = element(member.name, member.type, nillable, dialect, version)
    if repeated:
        return _repeated(write_one)
    if member.min and not member.nillable and member.type in _ABSENT:
        return _with_default(write_one, _ABSENT[member.type])
    return write_one


_ABSENT: dict[str, object] = {"xsd:boolean": False, "xsd:int": 0, "xsd:string": ""}
"""What a required member says that has no value."""


def _with_default(write_one: Write, default: object) -> Write:
    def write(append: Append, value: Any) -> None:
        write_one(append, default if value is None else value)

    return write


def _repeated(write_one: Write) -> Write:
    def write(append: Append, values: Any) -> None:
        for item in values or ():
            write_one(append, item)

    return write


def _boolean(value: object) -> str:
    return "true" if value else "false"


_SIMPLE: dict[str, Callable[[Any], str]] = {
    "ID": str,
    "QueryLocator": escape,
    "xsd:base64Binary": str,
    "xsd:boolean": _boolean,
    "xsd:date": str,
    "xsd:dateTime": str,
    "xsd:double": str,
    "xsd:int": str,
    "xsd:long": str,
    "xsd:string": escape,
}
