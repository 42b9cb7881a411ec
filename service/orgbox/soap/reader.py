"""Arguments and records of a call, from XML to values.

Arguments are matched by local name, then by position among those left over: two long-shipping clients
send names that are not in the WSDL (`id` for `ids`, a generated name for `queryString`). What fits
nowhere is a fault.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from orgbox.catalog.fieldtypes import TYPES
from orgbox.catalog.load import Catalog
from orgbox.catalog.sobject import Field, SObject
from orgbox.errors import ProtocolFault, QueryFault, unknown_field_text, unknown_type_text
from orgbox.org.lookups import Lookup
from orgbox.org.rulebook import Record
from orgbox.soap.description import Call, Member
from orgbox.soap.dialects import ENTERPRISE, Dialect
from orgbox.soap.envelope import NIL, TYPE, Element, brackets, local_name

_TRUE = ("true", "1")
_TEXTS = ("xsd:string", "QueryLocator")
_XSD_TYPES = {"xsd:boolean": "boolean", "xsd:int": "int", "xsd:dateTime": "datetime", "xsd:date": "date"}


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as sent; read against a catalogue once the session tells which."""

    element: Element


def read_arguments(call: Call, element: Element) -> list[Any]:
    """The call's arguments in WSDL order: lists for repeated ones, "" or None for absent ones."""
    found: dict[str, list[Element]] = {member.name: [] for member in call.arguments}
    unmatched: list[Element] = []
    for children in _runs(element):
        found.get(local_name(children[0]), unmatched).extend(children)
    _place(unmatched, call.arguments, found)
    return [_argument(member, found[member.name]) for member in call.arguments]


def _runs(element: Element) -> Iterator[Sequence[Element]]:
    """The children: each alone, but those at the end that have one tag together.

    So do the records and ids of a large call. To ask each for its tag takes as long as to read its text.
    """
    count = len(element)
    same = list(element.iterchildren(element[-1].tag)) if count else []
    alone = count - len(same)
    if same and same[0] is not element[alone]:  # there is one among the others
        same, alone = [], count
    for child in element[:alone]:
        yield (child,)
    if same:
        yield same


def _place(
    unmatched: list[Element], members: Sequence[Member], found: dict[str, list[Element]]
) -> None:
    empty = [member for member in members if not found[member.name]]
    for child in unmatched:
        if not empty:
            raise ProtocolFault(f"Element {brackets(child)} invalid at this location")
        found[empty[0].name].append(child)
        if empty[0].max == 1:
            del empty[0]


def _argument(member: Member, elements: list[Element]) -> Any:
    if member.max != 1:
        read = _reader(member)
        return [read(element) for element in elements if not _is_nil(element)]
    if len(elements) > 1:
        raise ProtocolFault(f"Element {brackets(elements[1])} invalid at this location")
    if not elements or _is_nil(elements[-1]):
        return "" if member.min and member.type in _TEXTS else None
    return _reader(member)(elements[-1])


def _reader(member: Member) -> Callable[[Element], Any]:
    """What makes an argument of an element."""
    if member.type.startswith("ens:"):
        return RawRecord
    if member.type == "ID":
        return lambda element: _text(element).strip()
    if member.type not in _XSD_TYPES:
        return _text
    return partial(_typed, member.type)


def _typed(type_name: str, element: Element) -> Any:
    text = _text(element)
    try:
        return TYPES[_XSD_TYPES[type_name]].decode(text)
    except ValueError:
        raise ProtocolFault(f"'{text}' is not valid for the type {type_name}") from None


def _is_nil(element: Element) -> bool:
    """Whether it is; most elements have no attribute at all, which takes a tenth of the time to find out."""
    return bool(element.keys()) and element.get(NIL) in _TRUE


def _text(element: Element) -> str:
    """The text of an element that may hold nothing else."""
    if len(element):
        raise ProtocolFault(f"Element {brackets(element[0])} invalid at this location")
    return element.text or ""


class RecordReader:
    """Reads records of one dialect against one catalogue; remembers the fields it has met."""

    def __init__(self, catalog: Catalog, dialect: Dialect) -> None:
        self._catalog = catalog
        self._dialect = dialect
        self._fields: dict[tuple[str, str], Field | None] = {}
        self._plain: dict[str, dict[str, Field]] = {}
        """Fields by the tag of an element met before, which the next record may have; by SObject."""

    def read(self, raw: Sequence[RawRecord]) -> list[Record]:
        """The records of a call. Raises QueryFault INVALID_TYPE, INVALID_FIELD; ProtocolFault."""
        return [self._record(r.element) for r in raw]

    def _record(self, element: Element, default: str = "") -> Record:
        sobject = self._sobject(element, default)
        plain = self._plain.setdefault(sobject.name, {})
        values: dict[str, Any] = {}
        nulls: list[Element] = []
        type_seen = self._dialect is ENTERPRISE
        for child in element:
            f = plain.get(child.tag)
            if f is not None and f.name not in values and not len(child) and child.get(NIL) is None:
                _put(f, child.text or "", values)
                continue
            name = child.tag.rpartition("}")[2]
            if name == "fieldsToNull":
                nulls.append(child)
            elif name == "type" and not type_seen:
                type_seen = True
            else:
                self._read_field(sobject, child, name, values)
        for child in nulls:
            self._read_null(sobject, child, values)
        return Record(sobject, values)

    def _sobject(self, element: Element, default: str) -> SObject:
        """The SObject an element names, else the one of that name."""
        sent = element.get(TYPE, "").rpartition(":")[2]
        name = sent if sent not in ("", "sObject") else default
        if self._dialect is not ENTERPRISE:
            named = element.find("{*}type")
            name = ((named.text if named is not None else "") or name).strip()
        if not name:
            raise QueryFault("INVALID_TYPE", "Must send a concrete entity type.")
        sobject = self._catalog.get(name)
        if sobject is None:
            raise QueryFault("INVALID_TYPE", unknown_type_text(name))
        return sobject

    def _read_field(
        self, sobject: SObject, element: Element, name: str, values: dict[str, Any]
    ) -> None:
        """A field. Nil or empty it is as if not sent, since .NET sends all of them; fieldsToNull empties."""
        f = self._field(sobject, name)
        if f is None:
            self._read_parent(sobject, element, name, values)
            return
        if _is_nil(element):
            return
        if f.name in values:
            raise QueryFault("INVALID_FIELD", f"Duplicate field specified: {f.name}")
        if name != "type":
            self._plain[sobject.name][element.tag] = f
        _put(f, _text(element), values)

    def _read_parent(
        self, sobject: SObject, element: Element, name: str, values: dict[str, Any]
    ) -> None:
        """A parent named by a unique field: `<Manager><Username>mia@acme.com</Username></Manager>`."""
        f = sobject.parents.get(name.lower()) or self._refuse(sobject, element, name)
        if _is_nil(element):
            return
        if f.name in values:
            text = f"Cannot specify both an external ID reference {name} and a salesforce id, {f.name}"
            raise QueryFault("INVALID_FIELD", text)
        parent = self._record(element, default=f.reference_to[0] if not f.polymorphic else "")
        keys = [(key, value) for key, value in parent.values.items() if value is not None]
        if parent.sobject.name not in f.reference_to or len(keys) != 1:
            text = f"The external foreign key reference does not reference a valid entity: {name}"
            raise QueryFault("INVALID_FIELD", text)
        values[f.name] = Lookup(parent.sobject, keys[0][0], keys[0][1], name)

    def _read_null(self, sobject: SObject, element: Element, values: dict[str, Any]) -> None:
        name = (element.text or "").strip()
        if not name:
            return
        f = self._field(sobject, name)
        if f is None:
            raise QueryFault("INVALID_FIELD", unknown_field_text(name, sobject.name))
        if values.get(f.name) is not None:
            raise QueryFault("INVALID_FIELD", f"Duplicate field specified: {f.name}")
        values[f.name] = None

    def _field(self, sobject: SObject, name: str) -> Field | None:
        key = (sobject.name, name)
        if key not in self._fields:
            f = sobject.field(name)
            self._fields[key] = f if f and f.stored else None
        return self._fields[key]

    def _refuse(self, sobject: SObject, element: Element, name: str) -> Field:
        if self._dialect is ENTERPRISE:
            raise ProtocolFault(f"Element {{{ENTERPRISE.ens}}}{name} invalid at this location")
        raise QueryFault("INVALID_FIELD", unknown_field_text(name, sobject.name))


def _put(f: Field, text: str, values: dict[str, Any]) -> None:
    """Note the value of a field, unless it is empty."""
    value = _decode(f, text)
    if value not in (None, ""):
        values[f.name] = value


def _decode(f: Field, text: str) -> Any:
    """The value of a field; ids stay as sent until `org` has checked them."""
    if f.type.family == "id":
        return text.strip() or None
    try:
        return f.type.decode(text)
    except ValueError:
        raise ProtocolFault(f"'{text}' is not valid for the type {f.type.soap_type}") from None


def split_names(text: str) -> list[str]:
    """The names of a comma list, as retrieve() takes it."""
    return [name for part in text.split(",") if (name := part.strip())]


