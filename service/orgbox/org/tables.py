"""The tables of SObjects.

SObjects and fields an org has of its own are in the same tables: a table has the columns of all orgs.
There a column's name says how it stores (`Pages__c$int`), because two orgs may disagree; its key is the
name of the field, by which everybody asks. Such a Table knows the columns of one catalogue alone.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Index, MetaData, PrimaryKeyConstraint, Table

from orgbox.catalog.fieldtypes import TEXT_COLUMN
from orgbox.catalog.load import Catalog
from orgbox.catalog.sobject import Field, SObject

_ALIKE, _ALIKE_PICKLIST = 10, 60_000
"""What SQLite's planner is told of an org's rows with the same value. With so many of a picklist's value, an
ORDER BY with LIMIT follows the index of its own field."""


class OwnTables(Mapping[str, Table]):
    """The tables of a catalogue with SObjects or fields of an org's own, each made when first asked for."""

    def __init__(self, standard: Mapping[str, Table], known: Catalog, catalog: Catalog) -> None:
        self._standard = standard
        self._known = known
        self._sobjects = {sobject.name: sobject for sobject in catalog}
        self._made: dict[str, Table] = {}

    def __getitem__(self, name: str) -> Table:
        if name not in self._made:
            sobject, known = self._sobjects[name], self._known.get(name)
            same = known is sobject
            table = self._standard[name] if same else record_table(MetaData(), sobject, known)
            self._made[name] = table
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sobjects)

    def __len__(self) -> int:
        return len(self._sobjects)


def record_table(metadata: MetaData, sobject: SObject, known: SObject | None) -> Table:
    """The table of an SObject; fields that are not those of the `known` one are an org's own."""
    columns: list[Column[Any]] = [Column("org", BigInteger, nullable=False)]
    indexes: dict[str, int] = {}
    for f in sobject.fields:
        if f.type.column is None:
            continue
        standard = f.name == "Id" or (known is not None and known.field(f.name) is f)
        name = f.name if standard else _own_name(f)
        columns.append(Column(name, f.type.column, key=f.name, nullable=f.name != "Id"))
        if f.shadow:
            columns.append(Column(f"{name}_ci", TEXT_COLUMN, key=f.shadow))
        if _is_indexed(f):
            indexes[f.shadow or f.name] = _ALIKE_PICKLIST if f.type.name == "picklist" else _ALIKE
    table = Table(
        sobject.name, metadata, *columns,
        PrimaryKeyConstraint("org", "Id", name=_fitting(f"pk_{sobject.name}")), sqlite_with_rowid=False,
    )  # fmt: skip
    for column, alike in indexes.items():
        name = _fitting(f"ix_{sobject.name}_{table.c[column].name}")
        Index(name, table.c.org, table.c[column], table.c.Id, info={"alike": alike})
    return table


_LONGEST = 63
"""Characters of a name in PostgreSQL; three are left for the shadow's ending."""


def _own_name(f: Field) -> str:
    """The column of a field an org has of its own: two orgs share it if they store alike."""
    stored = "int" if f.type.name == "int" else f.type.family
    return _fitting(f"{f.name}${stored}", _LONGEST - 3)


def _fitting(name: str, longest: int = _LONGEST) -> str:
    if len(name) <= longest:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    return f"{name[: longest - 11]}${digest}"


def _is_indexed(f: Field) -> bool:
    """The platform's own choice: names, lookups, unique and external ids, the created date."""
    if f.name in ("Id", "CreatedById", "LastModifiedById"):
        return False
    lookup = f.type.name == "reference" and (f.createable or f.children is not None)
    marked = f.unique or f.external_id or f.id_lookup or f.name_field or f.indexed
    return marked or lookup or f.name == "CreatedDate"
