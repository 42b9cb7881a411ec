"""Which reader a file needs."""

import json
from collections.abc import Collection
from pathlib import Path
from xml.etree import ElementTree

from orgbox.catalog.importing.describe import describes_in_json, describes_in_xml, documents_of
from orgbox.catalog.importing.drafts import Imported
from orgbox.catalog.importing.guess import guessed
from orgbox.catalog.importing.wsdl import read_wsdl, version_of
from orgbox.catalog.load import Catalog, CatalogError
from orgbox.catalog.own import parse


def read_file(path: Path, standard: Catalog, external_ids: Collection[str] = ()) -> Imported:
    """The SObjects a file or a folder of TOML files tells of.

    `external_ids` are fields as `Book__c.ISBN__c`, which a WSDL cannot tell. Raises CatalogError, naming
    file and line, and OSError.
    """
    if path.is_dir() or path.suffix == ".toml":
        return _toml(sorted(path.glob("*.toml")) if path.is_dir() else [path])
    data = path.read_bytes()
    try:
        return _foreign(data, standard, external_ids)
    except CatalogError as error:
        raise CatalogError(f"{path.name}: {error}") from None
    except RecursionError:
        raise CatalogError(f"{path.name}: nested too deeply") from None


def _foreign(data: bytes, standard: Catalog, external_ids: Collection[str]) -> Imported:
    head = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if head in (b"{", b"["):
        try:
            found = describes_in_json(json.loads(data))
        except ValueError as error:
            raise CatalogError(f"no JSON: {error}") from None
    elif head != b"<":
        raise CatalogError("line 1: neither a WSDL, nor a describe result, nor TOML")
    elif b"describeSObject" in data and b"complexType" not in data:
        try:
            found = describes_in_xml(ElementTree.fromstring(data))
        except ElementTree.ParseError as error:
            raise CatalogError(f"line {error.position[0]}: no XML: {error}") from None
    else:
        imported = guessed(read_wsdl(data), standard, external_ids)
        imported.version = version_of(data)
        return imported
    return documents_of(found, standard)


def _toml(paths: list[Path]) -> Imported:
    imported = Imported({})
    for path in paths:
        name = path.name.removesuffix(".toml")
        try:
            text = path.read_text("utf-8")
            imported.documents[name] = parse(name, text)
        except (CatalogError, UnicodeDecodeError) as error:
            raise CatalogError(f"{path.name}: {error}") from None
        imported.texts[name] = text
    if not imported.documents:
        raise CatalogError("no TOML files there")
    return imported
