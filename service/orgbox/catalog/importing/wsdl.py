"""Reads the record types of an enterprise WSDL: the file users download from their org's Setup."""

import re
from typing import Any
from xml.parsers import expat

from orgbox.catalog.importing.drafts import Kind, Member, facts
from orgbox.catalog.load import CatalogError

_XSD = "http://www.w3.org/2001/XMLSchema"
_ENS = "urn:sobject.enterprise.soap.sforce.com"
_PREFIXES = {_XSD: "xsd", _ENS: "ens", "urn:enterprise.soap.sforce.com": "tns"}
_PARTNER = "urn:sobject.partner.soap.sforce.com"
_ADDRESS = re.compile(rb"/services/Soap/c/(\d+)\.0")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def read_wsdl(data: bytes) -> list[Kind]:
    """The SObjects of a WSDL in its order. Raises CatalogError, naming the line."""
    reader = _Reader()
    reader.read(data)
    if not reader.kinds:
        if _PARTNER in reader.schemas:
            raise CatalogError("line 1: a partner WSDL names no SObjects; the enterprise WSDL does")
        raise CatalogError(f"line 1: no SObjects: there is no schema {_ENS}")
    _check(reader)
    skipped = facts()["kinds"]["not_objects"]
    return [kind for kind in reader.kinds.values() if kind.name not in skipped]


def version_of(data: bytes) -> int | None:
    """The API version that a WSDL's address names."""
    found = _ADDRESS.search(data)
    return int(found[1]) if found else None


class _Reader:
    """Follows the parser through the schema of the SObjects."""

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}
        self.types: set[str] = set()
        self.schemas: set[str] = set()
        self._prefixes: dict[str, str] = {}
        self._within = False
        self._name = ""
        self._line = 0
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.StartNamespaceDeclHandler = self._declare
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._refuse_entity

    def read(self, data: bytes) -> None:
        """Read the whole document."""
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            text = expat.ErrorString(error.code)
            raise CatalogError(f"line {error.lineno}: no XML: {text}") from None

    def refuse(self, text: str, line: int | None = None) -> CatalogError:
        """The error that says what is wrong, and where."""
        return CatalogError(f"line {line or self._parser.CurrentLineNumber}: {text}")

    def _refuse_entity(self, *_: Any) -> None:
        raise self.refuse("a WSDL has no entities")

    def _declare(self, prefix: str | None, uri: str) -> None:
        self._prefixes[prefix or ""] = uri

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == f"{_XSD}}}schema":
            self.schemas.add(attributes.get("targetNamespace", ""))
            self._within = attributes.get("targetNamespace") == _ENS
        elif not self._within:
            return
        elif tag == f"{_XSD}}}complexType":
            self._begin(attributes.get("name", ""))
        elif tag == f"{_XSD}}}extension" and self._name:
            self.kinds[self._name] = Kind(self._name, self._line, {})
        elif tag == f"{_XSD}}}element" and self._name in self.kinds:
            self._member(attributes)

    def _end(self, tag: str) -> None:
        if tag == f"{_XSD}}}complexType":
            self._name = ""
        elif tag == f"{_XSD}}}schema":
            self._within = False

    def _begin(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise self.refuse(f"a type named {name!r}")
        if name in self.types:
            raise self.refuse(f"the type {name} is there twice")
        self.types.add(name)
        self._name, self._line = name, self._parser.CurrentLineNumber

    def _member(self, attributes: dict[str, str]) -> None:
        name, type_ = attributes.get("name", ""), attributes.get("type", "")
        if not _NAME.fullmatch(name):
            raise self.refuse(f"{self._name} has an element named {name!r}")
        if not type_:
            raise self.refuse(f"{self._name}.{name} has no type")
        members = self.kinds[self._name].members
        if name in members:
            raise self.refuse(f"{self._name}.{name} is there twice")
        members[name] = Member(name, self._canonical(type_, name), self._parser.CurrentLineNumber)

    def _canonical(self, type_: str, name: str) -> str:
        prefix, _, local = type_.rpartition(":")
        uri = self._prefixes.get(prefix)
        if uri not in _PREFIXES:
            raise self.refuse(f"{self._name}.{name} has the type {type_}, whose prefix means nothing here")
        return f"{_PREFIXES[uri]}:{local}"


def _check(reader: _Reader) -> None:
    """Every SObject that a member leads to must be there."""
    for kind in reader.kinds.values():
        for member in kind.members.values():
            target = member.type.removeprefix("ens:")
            if target != member.type and target not in reader.types:
                text = f"{kind.name}.{member.name} leads to {target}, which is not in the WSDL"
                raise reader.refuse(text, member.line)
