"""What an org has of its own, put together with what is imported.

TOML counts as written. A describe knows better than the org, a WSDL does not: it adds, and changes a field
only where it stores something else. Nothing is taken away. Key prefixes stay, because Ids begin with them.
"""

from collections.abc import Mapping

import tomli

from orgbox.catalog.fieldtypes import TYPES
from orgbox.catalog.importing import Imported
from orgbox.catalog.load import Catalog, CatalogError
from orgbox.catalog.notation import to_toml
from orgbox.catalog.own import Document, new_prefixes


def merged(old: Mapping[str, str], imported: Imported, standard: Catalog) -> dict[str, str]:
    """The texts that change, by SObject. Raises CatalogError for two files of one name."""
    before = {name: tomli.loads(text) for name, text in old.items()}
    written = {name.lower(): name for name in old} | {s.name.lower(): s.name for s in standard}
    documents: dict[str, Document] = {}
    texts: dict[str, str] = {}
    for name, document in imported.documents.items():
        proper = written.setdefault(name.lower(), name)
        if proper in documents:
            raise CatalogError(f"{name}: there twice, as {proper}")
        known = before.get(proper)
        documents[proper] = _together(known, document, imported.exact) if known else dict(document)
        if name in imported.texts:
            documents[proper], texts[proper] = dict(document), imported.texts[name]
    _give_prefixes(documents, texts, before, standard)
    made = {name: texts.get(name) or to_toml(document) for name, document in documents.items()}
    return {
        name: text for name, text in made.items()
        if name not in old or (text != old[name] and tomli.loads(text) != before[name])
    }  # fmt: skip


def _together(old: Document, new: Document, exact: bool) -> Document:
    fields = dict(old.get("fields", {}))
    for name, row in new.get("fields", {}).items():
        if name not in fields or exact or _soap_type(fields[name]) != _soap_type(row):
            fields[name] = row
    head = {**old, **new} if exact else {**new, **old}
    return {k: v for k, v in head.items() if k != "fields"} | {"fields": fields}


def _soap_type(row: Mapping[str, str]) -> str:
    return TYPES[row["type"]].soap_type


def _give_prefixes(
    documents: dict[str, Document], texts: dict[str, str], before: Mapping[str, Document], standard: Catalog
) -> None:
    """Every SObject gets a key prefix that no other one has; `""` says that it has none."""
    given = {d["key_prefix"]: name for name, d in before.items() if d.get("key_prefix")}
    given |= {s.key_prefix: s.name for s in standard if s.key_prefix}
    lacking = []
    for name, document in documents.items():
        if standard.get(name):
            continue
        kept = before.get(name, {}).get("key_prefix")
        prefix = document.get("key_prefix") if name in texts else kept or document.get("key_prefix")
        prefix = kept if prefix is None else prefix
        if prefix is None or (prefix and given.get(prefix, name) != name and name not in texts):
            lacking.append(name)
        else:
            _set_prefix(name, prefix, documents, texts)
            given[prefix] = name
    for name, prefix in new_prefixes(lacking, given).items():
        _set_prefix(name, prefix, documents, texts)


def _set_prefix(name: str, prefix: str, documents: dict[str, Document], texts: dict[str, str]) -> None:
    if name in texts and "key_prefix" not in documents[name]:
        texts[name] = f'key_prefix = "{prefix}"\n{texts[name]}'
    documents[name]["key_prefix"] = prefix
