"""SObjects an org has of its own, in the notation of `standard/`, over the standard ones.

A name the standard catalogue does not have is a new SObject: custom (`Book__c`) or standard (Account).
It may leave out what `implied.toml` has, its label and its key prefix. A name the standard catalogue has
adds fields to that SObject and says nothing else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from typing import Any

import tomli

from orgbox.catalog.load import (
    Catalog,
    CatalogError,
    make_fields,
    make_sobject,
    shared_values,
    standard_catalog,
)
from orgbox.catalog.sobject import SObject

Document = dict[str, Any]
"""A parsed TOML text."""

_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9]|__(?=[A-Za-z]))*")
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CUSTOM, _UNKNOWN = "a", "z"
"""First letters of key prefixes made up: of custom objects as the platform does, of others unused by it."""


@lru_cache(maxsize=1)
def implied() -> Mapping[str, Any]:
    """What `implied.toml` has."""
    text = (resources.files("orgbox.catalog") / "implied.toml").read_text("utf-8")
    return tomli.loads(text)


def parse(name: str, text: str) -> Document:
    """The document of a TOML text. Raises CatalogError, naming the line."""
    if not _NAME.fullmatch(name):
        raise CatalogError(f"{name}: no name of an SObject")
    try:
        document = tomli.loads(text)
        make(name, document, standard_catalog())
    except tomli.TOMLDecodeError as error:
        raise CatalogError(f"{name}: {error}") from None
    except CatalogError as error:
        raise CatalogError(f"line {_line_of(text, str(error))}: {error}") from None
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise CatalogError(f"{name}: cannot be understood: {error!r}") from None
    return document


def _line_of(text: str, message: str) -> int:
    """The line of the field a message begins with (`Book__c.Title__c: …`), else of `[fields]`."""
    field = message.partition(":")[0].partition(".")[2] or "fields"
    found = re.search(rf'^\s*\[?(?:fields\.)?"?{re.escape(field)}"?\s*[\]=]', text, re.MULTILINE)
    return text.count("\n", 0, found.end()) + 1 if found else 1


def make(name: str, document: Document, standard: Catalog) -> SObject:
    """The SObject of a document. Raises CatalogError."""
    known = standard.get(name)
    rows = document.get("fields", {})
    for key in rows:
        if not _NAME.fullmatch(key):
            raise CatalogError(f"{name}.{key}: no name of a field")
    if known is None:
        return make_sobject(name, completed(name, document), shared_values())
    if other := document.keys() - {"fields"}:
        raise CatalogError(f"{name}: a standard object takes fields only, not {', '.join(sorted(other))}")
    added = make_fields(known.name, rows, shared_values())
    return replace(known, fields=known.fields + tuple(f for f in added if not known.field(f.name)))


def completed(name: str, document: Document) -> Document:
    """The document with what it leaves out."""
    label = document.get("label") or label_of(name)
    custom = name.endswith("__c")
    full = {"label": label, "label_plural": plural(label), "custom": custom, **document}
    full.setdefault("calls", implied()["calls"])
    full.setdefault("traits", implied()["traits"])
    given = document.get("fields", {})
    present = {key.lower() for key in given}
    named = any("Namefield" in row.get("properties", "") for row in given.values())
    left_out = {"Name"} if named else set()
    if any(row.get("cascade_delete") for row in given.values()):
        left_out.add("OwnerId")  # the owner of the master owns the details
    added = {k: v for k, v in implied()["fields"].items() if k.lower() not in present | left_out}
    if not custom:
        added = {key: row for key, row in added.items() if key == "Id"}
    full["fields"] = added | given
    return full


def label_of(name: str) -> str:
    """What a name reads like: `Annual_Budget__c` is Annual Budget, `OwnerId` is Owner ID."""
    bare = re.sub(r"__\w$", "", name)
    bare = re.sub(r"^[A-Za-z0-9]+__", "", bare)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", bare).replace("_", " ")
    return re.sub(r" Id$", " ID", spaced)


def plural(word: str) -> str:
    """English, near enough."""
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")


def own_catalog(documents: Mapping[str, Document], standard: Catalog, mark: str) -> Catalog:
    """The standard catalogue with these SObjects. Raises CatalogError."""
    return standard.extended((make(n, d, standard) for n, d in documents.items()), mark)


def check(catalog: Catalog, documents: Mapping[str, Document], standard: Catalog) -> None:
    """What the SObjects of a catalogue say of one another must hold. Raises CatalogError."""
    for problem in _problems(catalog, documents, standard):
        raise CatalogError(problem)


def _problems(
    catalog: Catalog, documents: Mapping[str, Document], standard: Catalog
) -> Iterator[str]:
    prefixes: dict[str, str] = {s.key_prefix: s.name for s in standard if s.key_prefix}
    for name, document in documents.items():
        if prefix := document.get("key_prefix"):
            if len(prefix) != 3 or not set(prefix) <= set(_DIGITS):
                yield f"{name}: key_prefix {prefix!r} is not three letters or digits"
            if prefixes.setdefault(prefix, name) != name:
                yield f"{name}: {prefixes[prefix]} has the key prefix {prefix} already"
        for key, row in document.get("fields", {}).items():
            if row["type"] == "reference":
                yield from _reference_problems(catalog, f"{name}.{key}", row)
        known = standard.get(name)
        for key in document.get("fields", {}):
            if known and known.field(key):
                yield f"{name}.{key}: a field that every org has cannot be changed"
    yield from _relationship_problems(catalog, documents)


def _reference_problems(catalog: Catalog, where: str, row: Mapping[str, Any]) -> Iterator[str]:
    targets = row.get("references", ())
    for target in targets:
        if target.endswith("__c") and not catalog.get(target):
            yield f"{where}: there is no SObject {target}"
    if targets and not any(map(catalog.get, targets)):
        yield f"{where}: there is no SObject {' nor '.join(targets)}"


def _relationship_problems(catalog: Catalog, documents: Mapping[str, Document]) -> Iterator[str]:
    for parent, relationships in catalog.child_relationships.items():
        seen: dict[str, str] = {}
        for r in relationships:
            here = f"{r.child}.{r.field}"
            if r.name and seen.setdefault(r.name.lower(), here) != here and r.child in documents:
                yield f"{here}: {parent} has child records named {r.name} already, by {seen[r.name.lower()]}"


def new_prefixes(names: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """A free key prefix for each SObject: a00, a01, … for custom ones, z00, … for others."""
    used = set(taken)
    made: dict[str, str] = {}
    for name in sorted(names):
        letter = _CUSTOM if name.endswith("__c") else _UNKNOWN
        free = (letter + x + y for x in _DIGITS for y in _DIGITS)
        made[name] = next(prefix for prefix in free if prefix not in used)
        used.add(made[name])
    return made
