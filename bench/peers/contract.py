"""What the peers share: the WSDL of Orgbox cut to what is measured, and the describe answers.

A peer answers describeSObjects from typed values that it reads at its start, through its own encoder.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from orgbox.catalog.load import standard_catalog
from orgbox.soap.description import description
from orgbox.soap.dialects import ENTERPRISE
from orgbox.soap.wsdl import wsdl

VERSION = 66
CALLS = ("login", "create", "query", "retrieve", "describeSObjects")
_HEADERS = ("SessionHeader",)
_SOBJECTS = ("sObject", "CollaborationInvitation")
_XSD = "{http://www.w3.org/2001/XMLSchema}"
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"


def write_contract(folder: Path, url: str, describe_answer: bytes) -> None:
    """`enterprise.wsdl`, `describe.xml` (the response element as Orgbox gives it) and `describe.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = wsdl(ENTERPRISE, VERSION, standard_catalog().as_of(VERSION), url)
    _write(folder / "enterprise.wsdl", cut(whole))
    body = _root(describe_answer)[-1][0]
    _write(folder / "describe.xml", etree.tostring(body))
    results = body.iter("{*}result")
    listed = [plain(result, "DescribeSObjectResult") for result in results]
    _write(folder / "describe.json", json.dumps(listed).encode())


def _write(path: Path, content: bytes) -> None:
    """Write a file if it is not so already: what is built from it stays fresh."""
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def _root(text: bytes) -> Any:
    return etree.fromstring(text)


def cut(whole: bytes) -> bytes:
    """A WSDL with only the calls, headers and types measured."""
    root = _root(whole)
    for operation in list(root.iter(f"{_WSDL}operation")):
        if operation.get("name") not in CALLS:
            operation.getparent().remove(operation)
    for element in list(root.iter(f"{_WSDL}fault", f"{_SOAP}header")):
        if element.get("part") not in _HEADERS:
            element.getparent().remove(element)
    _cut_messages(root)
    _cut_schemas(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _cut_messages(root: Any) -> None:
    wanted = {*(f"{name}{end}" for name in CALLS for end in ("Request", "Response")), "Header"}
    for message in list(root.iter(f"{_WSDL}message")):
        if message.get("name") not in wanted:
            root.remove(message)
        for part in list(message):
            if message.get("name") == "Header" and part.get("name") not in _HEADERS:
                message.remove(part)


def _cut_schemas(root: Any) -> None:
    schemas = {s.get("targetNamespace"): s for s in root.iter(f"{_XSD}schema")}
    own, sobjects = schemas[ENTERPRISE.tns], schemas[ENTERPRISE.ens]
    _keep(sobjects, _SOBJECTS)
    for schema in (own, sobjects):
        for member in list(schema.iter(f"{_XSD}element")):
            prefix, _, name = member.get("type", "").rpartition(":")
            if prefix == "ens" and name not in _SOBJECTS:
                member.getparent().remove(member)
    elements = {*CALLS, *(f"{name}Response" for name in CALLS), *_HEADERS}
    _keep(own, _reachable(own, elements))


def _reachable(schema: Any, names: Iterable[str]) -> set[str]:
    by_name = {child.get("name"): child for child in schema if child.get("name")}
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found or name not in by_name:
            continue
        found.add(name)
        waiting += _types_used(by_name[name])
    return found | {"ID", "QueryLocator"}


def _types_used(element: Any) -> Iterator[str]:
    for node in element.iter():
        for attribute in ("type", "base", "ref"):
            prefix, _, name = node.get(attribute, "").rpartition(":")
            if prefix == "tns":
                yield name


def _keep(schema: Any, names: Iterable[str]) -> None:
    kept = set(names)
    for child in list(schema):
        if child.get("name") and child.get("name") not in kept:
            schema.remove(child)


def plain(element: Any, type_name: str) -> Any:
    """An element as JSON has it: a mapping, lists where the type repeats a member, typed leaves."""
    shape = description().as_of(VERSION, ENTERPRISE.name)
    if type_name not in shape.types:
        return _leaf(element.text or "", type_name)
    found: dict[str, Any] = {}
    members = {member.name: member for member in shape.members(type_name)}
    for child in element:
        name = etree.QName(child).localname
        nil = child.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"
        value = None if nil else plain(child, members[name].type)
        if members[name].max == 1:
            found[name] = value
        else:
            found.setdefault(name, []).append(value)
    return found


def _leaf(text: str, type_name: str) -> Any:
    if type_name == "xsd:boolean":
        return text == "true"
    return int(text) if type_name == "xsd:int" else text
