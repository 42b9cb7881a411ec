"""From describe results to documents: of REST, jsforce or the sf command in JSON, of describeSObjects() in a
SOAP answer. They say everything, so nothing is guessed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from orgbox.catalog.fieldtypes import TYPES
from orgbox.catalog.importing.drafts import Imported
from orgbox.catalog.load import Catalog, CatalogError
from orgbox.catalog.own import Document

Described = Mapping[str, Any]

_PROPERTIES = {
    "autoNumber": "Autonumber", "caseSensitive": "Case sensitive", "createable": "Create",
    "defaultedOnCreate": "Defaulted on create", "externalId": "External ID", "filterable": "Filter",
    "groupable": "Group", "idLookup": "idLookup", "nameField": "Namefield", "nillable": "Nillable",
    "restrictedPicklist": "Restricted picklist", "sortable": "Sort", "unique": "Unique",
    "updateable": "Update",
}  # fmt: skip
_VALUES = {
    "length": "length", "precision": "precision", "scale": "scale", "digits": "digits",
    "relationshipOrder": "relationship_order", "relationshipName": "relationship",
    "compoundFieldName": "compound", "extraTypeInfo": "extra_type_info", "permissionable": "permissionable",
}  # fmt: skip
_CALLS = {
    "createable": "create", "deletable": "delete", "queryable": "query",
    "replicateable": "getDeleted, getUpdated", "retrieveable": "retrieve", "searchable": "search",
    "undeletable": "undelete", "updateable": "update", "mergeable": "merge",
}  # fmt: skip
_TRAITS = (
    "activateable", "compactLayoutable", "customSetting", "deprecatedAndHidden", "feedEnabled", "idEnabled",
    "layoutable", "mruEnabled", "searchLayoutable", "triggerable",
)  # fmt: skip
_OTHER_TYPES = {"long": "double", "masterrecord": "reference", "json": "textarea"}
_LISTS = (
    "childRelationships", "fields", "picklistValues", "recordTypeInfos", "referenceTo", "supportedScopes",
)  # fmt: skip


def describes_in_json(value: Any) -> list[Described]:
    """Every DescribeSObjectResult within a JSON value, however it is wrapped."""
    if isinstance(value, list):
        return [found for item in value for found in describes_in_json(item)]
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("fields"), list) and isinstance(value.get("name"), str):
        return [value]
    return [found for item in value.values() for found in describes_in_json(item)]


def describes_in_xml(root: Element) -> list[Described]:
    """Every DescribeSObjectResult of a SOAP answer."""
    results = [e for e in root.iter() if _local(e) == "result" and any(_local(c) == "fields" for c in e)]
    return [_mapping(result) for result in results]


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _mapping(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        name = _local(child)
        value = _mapping(child) if len(child) else _plain(child.text)
        if name in _LISTS:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _plain(text: str | None) -> Any:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text and text.isdigit() and not text.startswith("0") else text


def documents_of(describes: Sequence[Described], standard: Catalog) -> Imported:
    """Documents of the SObjects and fields the standard catalogue does not have. Raises CatalogError."""
    if not describes:
        raise CatalogError("no describe of an SObject in it: an object with `name` and `fields`")
    imported = Imported({})
    for described in describes:
        _check_shape(described)
        name = described["name"]
        known = standard.get(name)
        rows: dict[str, Any] = {}
        for field in described["fields"]:
            if not (known and known.field(field["name"])):
                rows |= _row(name, field, imported.notes)
        document = {} if known else _head(described)
        if rows:
            imported.documents[name] = document | {"fields": rows}
    for described in describes:
        _mark_children(described, imported.documents)
    return imported


def _check_shape(described: Described) -> None:
    """Raises CatalogError where something is not what a describe has in its place."""
    if not isinstance(described.get("name"), str):
        raise CatalogError("a describe has no name of its object")
    _check_lists(described["name"], described)
    for number, field in enumerate(described["fields"]):
        if not isinstance(field.get("name"), str):
            raise CatalogError(f"{described['name']}.fields[{number}] has no name")
        _check_lists(f"{described['name']}.{field['name']}", field)


def _check_lists(where: str, described: Described) -> None:
    for name in _LISTS:
        items, kind = described.get(name) or [], str if name == "referenceTo" else Mapping
        if not isinstance(items, list) or not all(isinstance(item, kind) for item in items):
            raise CatalogError(f"{where}: {name} is no list of what belongs there")


def _head(described: Described) -> Document:
    calls = [call for flag, call in _CALLS.items() if described.get(flag)]
    calls += ["describeSObjects"] + ["upsert"] * bool(described.get("createable"))
    traits = [trait for trait in _TRAITS if described.get(trait)]
    head: Document = {
        "label": str(described.get("label") or described["name"]),
        "label_plural": str(described.get("labelPlural") or described["name"]),
        "key_prefix": str(described.get("keyPrefix") or ""),
        "calls": ", ".join(sorted(calls)),
        "traits": ", ".join(sorted(traits)),
    }
    if described.get("custom"):
        head["custom"] = True
    listed = described.get("supportedScopes") or ()
    scopes = {str(scope.get("name")): str(scope["label"]) for scope in listed if scope.get("label")}
    return head | ({"scopes": scopes} if scopes else {})


def _row(sobject: str, field: Described, notes: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    type_ = _OTHER_TYPES.get(str(field.get("type")), str(field.get("type")))
    if type_ not in TYPES:
        notes.append(f"{sobject}.{field['name']} has the type {type_}: left out")
        return
    row: dict[str, Any] = {"type": type_, "label": str(field.get("label") or field["name"])}
    row |= {key: field[flag] for flag, key in _VALUES.items() if field.get(flag)}
    row["properties"] = ", ".join(word for flag, word in _PROPERTIES.items() if field.get(flag))
    if "aggregatable" in field and field["aggregatable"] != TYPES[type_].aggregatable:
        row["aggregatable"] = field["aggregatable"]
    if field.get("referenceTo"):
        row["references"] = list(field["referenceTo"])
    if isinstance(field.get("defaultValue"), bool):
        row["default"] = field["defaultValue"]
    row |= _picklist(field.get("picklistValues") or ())
    yield field["name"], row


def _picklist(entries: Sequence[Described]) -> dict[str, Any]:
    active = [e for e in entries if e.get("active", True) and e.get("value") not in (None, "")]
    if not active:
        return {}
    found: dict[str, Any] = {"values": {str(e["value"]): str(e.get("label") or "") for e in active}}
    default = next((str(e["value"]) for e in active if e.get("defaultValue")), None)
    return found | ({"default": default} if default else {})


def _mark_children(described: Described, documents: dict[str, Document]) -> None:
    """What the parent says of a child relationship stands at the child's field."""
    for relationship in described.get("childRelationships") or ():
        child = documents.get(str(relationship.get("childSObject")), {"fields": {}})
        row = child["fields"].get(str(relationship.get("field")))
        if row and relationship.get("relationshipName"):
            row["children"] = relationship["relationshipName"]
        if row and relationship.get("cascadeDelete"):
            row["cascade_delete"] = True
