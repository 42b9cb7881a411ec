"""From the record types of a WSDL to documents. A WSDL knows names and XSD types, no more: what it does not
say is chosen generously, so that whatever the real org takes is taken here (docs/differences.md).
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from orgbox.catalog.importing.drafts import Imported, Kind, Member, facts
from orgbox.catalog.importing.relations import child_names, targets_of
from orgbox.catalog.load import Catalog, CatalogError
from orgbox.catalog.own import Document, implied, label_of, plural

Row = dict[str, Any]

_ALL = "Create, Filter, Group, Nillable, Sort, Update"
_UNGROUPED = "Create, Filter, Nillable, Sort, Update"
_UNSORTED = "Create, Nillable, Update"
_ROWS: dict[str, Row] = {
    "xsd:string": {"type": "string", "length": 255, "properties": _ALL},
    "xsd:boolean": {
        "type": "boolean", "properties": "Create, Defaulted on create, Filter, Group, Sort, Update",
        "default": False,
    },
    "xsd:int": {"type": "int", "digits": 8, "properties": _ALL},
    "xsd:long": {"type": "double", "precision": 18, "properties": _UNGROUPED},
    "xsd:double": {"type": "double", "precision": 18, "scale": 2, "properties": _UNGROUPED},
    "xsd:date": {"type": "date", "properties": _ALL},
    "xsd:dateTime": {"type": "datetime", "properties": _UNGROUPED},
    "xsd:time": {"type": "time", "properties": _UNGROUPED},
    "xsd:base64Binary": {"type": "base64", "properties": _UNSORTED},
    "xsd:anyType": {"type": "anyType", "properties": "Nillable"},
    "tns:ID": {"type": "reference", "properties": _ALL},
    "tns:address": {"type": "address", "properties": "Filter, Nillable"},
    "tns:location": {"type": "location", "properties": "Nillable"},
}  # fmt: skip
_LONG_TEXT: Row = {"type": "textarea", "length": 32_000, "properties": _UNSORTED}
_ADDRESS_PARTS = ("Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode",
                  "Latitude", "Longitude", "GeocodeAccuracy")  # fmt: skip
_SYSTEM = ("LastActivityDate", "LastReferencedDate", "LastViewedDate")


def guessed(kinds: Sequence[Kind], standard: Catalog, external_ids: Collection[str]) -> Imported:
    """Documents of the SObjects the standard catalogue does not have, and of fields it does not have.

    Raises CatalogError for an external id that is not there.
    """
    targets = targets_of(kinds)
    children, unknown = child_names(kinds, targets)
    imported = Imported({}, exact=False)
    for kind in kinds:
        rows = {"Id": dict(implied()["fields"]["Id"])}
        for member in kind.members.values():
            rows |= _rows(kind, member, targets.get((kind.name, member.name), ()), imported.notes)
        for name, row in rows.items():
            if (kind.name, name) in children:
                row["children"] = children[kind.name, name]
        _mark_compounds(kind, rows)
        _mark_person(rows)
        document = _document(kind, rows, standard)
        if document["fields"]:
            imported.documents[kind.name] = document
    _mark_external(imported.documents, external_ids)
    if unknown:
        text = f"{len(unknown)} child relationships left out, because a WSDL does not say by which field: "
        imported.notes.append(text + ", ".join(unknown[:5]) + (", …" if unknown[5:] else ""))
    return imported


def _document(kind: Kind, rows: dict[str, Row], standard: Catalog) -> Document:
    known = standard.get(kind.name)
    if known is not None:
        return {"fields": {name: row for name, row in rows.items() if not known.field(name)}}
    label = label_of(kind.name)
    document: Document = {"label": label, "label_plural": plural(label)}
    if re.search(f"({'|'.join(facts()['kinds']['read_only'])})$", kind.name):
        document |= {"key_prefix": "", "calls": facts()["kinds"]["calls_read_only"], "traits": ""}
        for row in rows.values():
            row["properties"] = _without(row["properties"], "Create", "Update")
    elif kind.name in facts()["prefixes"]:
        document["key_prefix"] = facts()["prefixes"][kind.name]
    document["calls"] = document.get("calls") or implied()["calls"]
    document["traits"] = document.get("traits", implied()["traits"])
    if kind.name.endswith("__c"):
        document["custom"] = True
    return document | {"fields": rows}


def _rows(
    kind: Kind, member: Member, targets: tuple[str, ...], notes: list[str]
) -> Iterator[tuple[str, Row]]:
    """The row of a member that is a field; relationships are said in the row of their field."""
    if member.type.startswith("ens:") or member.type == "tns:QueryResult":
        return
    if member.type not in _ROWS:
        notes.append(f"line {member.line}: {kind.name}.{member.name} has the type {member.type}: left out")
        return
    system = implied()["fields"].get(member.name)
    row = dict(system) if system and kind.name.endswith("__c") else _row(kind, member, system)
    if member.type == "tns:ID" and targets:
        row["references"] = list(targets)
        row["relationship"] = relationship_of(member.name)
    yield member.name, row


def _row(kind: Kind, member: Member, system: Row | None) -> Row:
    row = {**_ROWS[member.type], "label": label_of(member.name)}
    if system and system["type"] == row["type"] and member.name != "Name":
        return {**system}
    bare = re.sub(r"__c$", "", member.name)
    if member.type == "xsd:string" and bare in facts()["text"]["long"]:
        row |= _LONG_TEXT
    if member.name in _SYSTEM:
        row["properties"] = _without(row["properties"], "Create", "Update")
    if facts()["auto_numbers"].get(kind.name) == member.name:
        row["properties"] = "Autonumber, Defaulted on create, Filter, Sort"
    if facts()["name_fields"].get(kind.name, "Name") == member.name:
        row["properties"] = ", ".join(sorted([*row["properties"].split(", "), "Namefield", "idLookup"]))
    return row


def _without(properties: str, *names: str) -> str:
    return ", ".join(p for p in properties.split(", ") if p not in names)


def relationship_of(field: str) -> str:
    """`Author__c` leads to `Author__r`, `OwnerId` to `Owner`."""
    return field[:-1] + "r" if field.endswith("__c") else field.removesuffix("Id")


def _mark_compounds(kind: Kind, rows: dict[str, Row]) -> None:
    """The parts of addresses and places, known by their names."""
    for name, row in rows.items():
        stem = re.sub(r"Address$|__c$", "", name)
        if row["type"] == "address":
            parts = [stem + part for part in _ADDRESS_PARTS]
        elif row["type"] == "location":
            parts = [f"{stem}__Latitude__s", f"{stem}__Longitude__s"]
        else:
            continue
        for part in parts:
            if part in rows:
                rows[part]["compound"] = name
                if rows[part]["type"] == "double":
                    rows[part]["scale"] = 15


def _mark_person(rows: dict[str, Row]) -> None:
    """The name of a person is made of its parts."""
    if {"FirstName", "LastName", "Name"} <= rows.keys():
        rows["Name"]["properties"] = _without(rows["Name"]["properties"], "Create", "Update")
        for part in ("FirstName", "LastName"):
            rows[part]["compound"] = "Name"


def _mark_external(documents: dict[str, Document], external_ids: Collection[str]) -> None:
    for named in external_ids:
        sobject, _, field = named.partition(".")
        row = documents.get(sobject, {}).get("fields", {}).get(field)
        if row is None:
            raise CatalogError(f"no field {named} to be an external id, or it is one every org has")
        row["properties"] = ", ".join(sorted({*row["properties"].split(", "), "External ID", "Unique"}))
