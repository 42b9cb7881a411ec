"""TOML to SObjects. The loader refuses what it does not know, naming file and key: a typo in a catalogue
file must not silently become "not filterable".

A field is a line in the words of the Object Reference:

    OptionalMessage = { type = "string", label = "Optional Message", properties = "Create, Filter" }
"""

import hashlib
from collections.abc import Container, Iterable, Mapping
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

import tomli

from orgbox.catalog.fieldtypes import TYPES
from orgbox.catalog.sobject import Field, PicklistEntry, Relationship, SObject

FIRST_VERSION = 21
"""The API version that brought CollaborationInvitation; the oldest one served."""

_PROPERTIES = {
    "Autonumber": "auto_number",
    "Case sensitive": "case_sensitive",
    "Create": "createable",
    "Defaulted on create": "defaulted_on_create",
    "External ID": "external_id",
    "Filter": "filterable",
    "Group": "groupable",
    "idLookup": "id_lookup",
    "Namefield": "name_field",
    "Nillable": "nillable",
    "Restricted picklist": "restricted_picklist",
    "Sort": "sortable",
    "Unique": "unique",
    "Update": "updateable",
}
_FIELD_KEYS = {
    "label", "length", "precision", "scale", "digits", "relationship_order", "children", "compound",
    "extra_type_info", "default", "since", "until", "permissionable", "cascade_delete", "aggregatable",
    "indexed",
}  # fmt: skip
_ROW_KEYS = _FIELD_KEYS | {"type", "properties", "values", "value_set", "references", "relationship"}
_SOBJECT_KEYS = {
    "label", "label_plural", "key_prefix", "since", "calls", "traits", "fields", "custom", "scopes",
    "permissions", "permission_properties", "chatter", "edit_permission",
}  # fmt: skip
TRAITS = frozenset(
    "activateable compactLayoutable customSetting deprecatedAndHidden feedEnabled idEnabled layoutable "
    "mergeable mruEnabled searchLayoutable triggerable".split()
)


class CatalogError(ValueError):
    """A catalogue file says something the loader does not understand."""


class Catalog:
    """All SObjects an org knows, immutable. Names are looked up without regard to case.

    `mark` stands for the content where working out its hash would take long.
    """

    def __init__(self, sobjects: Iterable[SObject], mark: str = "") -> None:
        self._mark = mark
        self._by_name = {s.name.lower(): s for s in sobjects}
        self._by_prefix = {s.key_prefix: s for s in self._by_name.values() if s.key_prefix}
        self._versions: dict[int, Catalog] = {}

    def __iter__(self) -> Any:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str) -> SObject | None:
        """The SObject of that name, or None."""
        return self._by_name.get(name.lower())

    def __getitem__(self, name: str) -> SObject:
        return self._by_name[name.lower()]

    def of_id(self, id_: str) -> SObject | None:
        """The SObject whose key prefix the id begins with, or None."""
        return self._by_prefix.get(id_[:3])

    def as_of(self, version: int) -> "Catalog":
        """What that API version knows of it; the same object each time for the same version."""
        if version not in self._versions:
            known = [s.as_of(version) for s in self if s.since <= version]
            self._versions[version] = Catalog(known, self._mark and f"{self._mark}@{version}")
        return self._versions[version]

    @cached_property
    def for_chatter(self) -> "Catalog":
        """What users with nothing but Chatter see: no data and no setup."""
        return Catalog((s for s in self if s.chatter), self._mark and f"{self._mark}/chatter")

    def extended(self, sobjects: Iterable[SObject], mark: str = "") -> "Catalog":
        """This catalogue with SObjects added or replaced."""
        return Catalog([*{**self._by_name, **{s.name.lower(): s for s in sobjects}}.values()], mark)

    @cached_property
    def child_relationships(self) -> dict[str, tuple[Relationship, ...]]:
        """By SObject name: who refers to it, ordered by child and field as describe lists them."""
        found: dict[str, list[Relationship]] = {s.name: [] for s in self}
        for child in sorted(self, key=lambda s: s.name):
            for f in sorted(child.fields, key=lambda f: f.name):
                for parent in f.reference_to:
                    if parent in found:
                        found[parent].append(
                            Relationship(child.name, f.name, f.children, f.cascade_delete)
                        )
        return {name: tuple(children) for name, children in found.items()}

    @cached_property
    def content_hash(self) -> str:
        """Changes whenever anything in the catalogue does; answers made from it are kept under this key."""
        if self._mark:
            return self._mark
        return hashlib.sha256(repr(sorted(self, key=lambda s: s.name)).encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def standard_catalog() -> Catalog:
    """The SObjects every org has, from `catalog/standard/`."""
    folder = resources.files("orgbox.catalog") / "standard"
    shared = shared_values()
    files = sorted(f.name for f in folder.iterdir() if f.name.endswith(".toml"))
    return Catalog(
        parse_sobject(name.removesuffix(".toml"), (folder / name).read_text("utf-8"), shared)
        for name in files
        if name != "shared.toml"
    )


@lru_cache(maxsize=1)
def shared_values() -> Mapping[str, Any]:
    """The value sets and permissions that catalogue files may name."""
    folder = resources.files("orgbox.catalog") / "standard"
    return tomli.loads((folder / "shared.toml").read_text("utf-8"))


def parse_sobject(name: str, text: str, shared: Mapping[str, Any]) -> SObject:
    """The SObject a TOML text describes; `shared` holds the value sets and permissions it may name.

    Raises CatalogError, naming the SObject and the key.
    """
    return make_sobject(name, tomli.loads(text), shared)


def make_sobject(name: str, data: Mapping[str, Any], shared: Mapping[str, Any]) -> SObject:
    """The SObject of a parsed TOML text. Raises as `parse_sobject`."""
    _refuse_unknown(name, data, _SOBJECT_KEYS)
    traits = frozenset(_list(data.get("traits", "")))
    _refuse_unknown(f"{name}.traits", traits, TRAITS)
    fields = make_fields(name, data["fields"], shared)
    if data.get("permissions"):
        fields += _permission_fields(name, data["permission_properties"], shared)
    return SObject(
        name=name,
        label=data["label"],
        label_plural=data["label_plural"],
        key_prefix=data.get("key_prefix") or None,
        since=data.get("since", FIRST_VERSION),
        calls=frozenset(_list(data["calls"])),
        traits=traits,
        fields=tuple(fields),
        custom=data.get("custom", False),
        scopes=tuple((scope, label) for scope, label in data.get("scopes", {}).items()),
        chatter=data.get("chatter", False),
        edit_permission=data.get("edit_permission"),
    )


def make_fields(name: str, rows: Mapping[str, Any], shared: Mapping[str, Any]) -> list[Field]:
    """The fields of an SObject's table `[fields]`. Raises as `parse_sobject`."""
    return [_field(f"{name}.{key}", key, row, shared) for key, row in rows.items()]


def _field(where: str, name: str, row: Mapping[str, Any], shared: Mapping[str, Any]) -> Field:
    _refuse_unknown(where, row, _ROW_KEYS)
    field_type = TYPES.get(row["type"])
    if field_type is None:
        raise CatalogError(f"{where}: no field type {row['type']!r}")
    properties = _list(row.get("properties", ""))
    _refuse_unknown(where, properties, _PROPERTIES)
    attributes: dict[str, Any] = {"label": name, "aggregatable": field_type.aggregatable}
    if field_type.family == "id":
        attributes["length"] = 18
    attributes |= {key: value for key, value in row.items() if key in _FIELD_KEYS}
    attributes |= {_PROPERTIES[p]: True for p in properties}
    return Field(
        name=name,
        type=field_type,
        picklist=_entries(where, row, shared),
        reference_to=tuple(row.get("references", ())),
        relationship_name=row.get("relationship"),
        custom=name.endswith("__c"),
        **attributes,
    )


def _entries(
    where: str, row: Mapping[str, Any], shared: Mapping[str, Any]
) -> tuple[PicklistEntry, ...]:
    values: object = row.get("values", ())
    if "value_set" in row:
        if row["value_set"] == "time_zones":
            values = _time_zones()
        elif row["value_set"] in shared["value_sets"]:
            values = shared["value_sets"][row["value_set"]]
        else:
            raise CatalogError(f"{where}: no value set {row['value_set']!r}")
    labels: dict[str, str | None]
    if isinstance(values, Mapping):
        labels = {value: label or None for value, label in values.items()}
    else:
        labels = {value: value for value in values}  # type: ignore[attr-defined]
    default = row.get("default")
    return tuple(
        PicklistEntry(value, label, default=value == default) for value, label in labels.items()
    )


@lru_cache(maxsize=1)
def _time_zones() -> list[str]:
    """The zones of the distribution tzdata, which are there on every machine."""
    zones = resources.files("tzdata").joinpath("zones").read_text("ascii").split()
    return sorted(zone for zone in zones if "/" in zone)


def _permission_fields(name: str, properties: str, shared: Mapping[str, Any]) -> list[Field]:
    """The Permissions* fields that Profile and PermissionSet share."""
    row = {"type": "boolean", "properties": properties, "default": False}
    return [_field(f"{name}.{key}", key, row | about, shared) for key, about in shared["permissions"].items()]


@lru_cache(maxsize=256)
def _list(text: str) -> tuple[str, ...]:
    """The words between commas. Most fields have the properties of others."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _refuse_unknown(where: str, found: Iterable[str], known: Container[str]) -> None:
    if unknown := [name for name in found if name not in known]:
        raise CatalogError(f"{where}: unknown {', '.join(sorted(unknown))}")
