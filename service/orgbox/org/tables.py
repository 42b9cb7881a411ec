"""The tables of SObjects.

SObjects and fields an org has of its own are in the same tables: a table has the columns of all orgs.
There a column's name says how it stores (`Pages__c$int`), because two orgs may disagree; its key is the
name of the field, by which everybody asks. Such a table knows the columns of one catalogue alone.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock

from sqlalchemy import BigInteger, FromClause, TableClause

from orgbox.catalog.fieldtypes import TEXT_COLUMN
from orgbox.catalog.load import Catalog
from orgbox.catalog.sobject import Field, SObject
from orgbox.org.layout import ColumnLayout, IndexLayout, TableLayout

_NUMBER = BigInteger()
_ALIKE, _ALIKE_PICKLIST = 10, 60_000
"""What SQLite's planner is told of an org's rows with the same value. With so many of a picklist's value, an
ORDER BY with LIMIT follows the index of its own field."""


class Tables(Mapping[str, TableClause]):
    """Tables by name, each made when first asked for, of what `layout` says of that name."""

    def __init__(self, names: Iterable[str], layout: Callable[[str], TableLayout]) -> None:
        self.layout = layout
        self._names = dict.fromkeys(names)
        self._made: dict[str, TableClause] = {}
        self._aliases: dict[tuple[str, str], FromClause] = {}
        self._lock = Lock()

    def __getitem__(self, name: str) -> TableClause:
        made = self._made.get(name)
        if made is None:
            if name not in self._names:
                raise KeyError(name)
            with self._lock:
                made = self._made.get(name)
                if made is None:
                    made = self._made[name] = self._make(name)
        return made

    def _make(self, name: str) -> TableClause:
        return self.layout(name).table()

    def aliased(self, name: str, label: str) -> FromClause:
        """A table under another name, the same each time: making its columns anew would take a statement
        more time and memory than all the rest of it.
        """
        found = self._aliases.get((name, label))
        if found is None:
            found = self[name].alias(label)
            assert found.c  # made now, so that no two threads do
            found = self._aliases.setdefault((name, label), found)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class OwnTables(Tables):
    """The tables of a catalogue with SObjects or fields of an org's own."""

    def __init__(self, standard: Tables, known: Catalog, catalog: Catalog) -> None:
        self._standard = standard
        self._known = known
        self._sobjects = {sobject.name: sobject for sobject in catalog}
        super().__init__(self._sobjects, self._own_layout)

    def _own_layout(self, name: str) -> TableLayout:
        return record_layout(self._sobjects[name], self._known.get(name))

    def _is_standard(self, name: str) -> bool:
        return self._known.get(name) is self._sobjects.get(name)

    def _make(self, name: str) -> TableClause:
        return self._standard[name] if self._is_standard(name) else super()._make(name)

    def aliased(self, name: str, label: str) -> FromClause:
        """See Tables; those of standard tables are made once for all orgs."""
        if self._is_standard(name):
            return self._standard.aliased(name, label)
        return super().aliased(name, label)


def record_layout(sobject: SObject, known: SObject | None) -> TableLayout:
    """The table of an SObject; fields that are not those of the `known` one are an org's own."""
    columns = [ColumnLayout("org", "org", _NUMBER, nullable=False)]
    indexes: list[IndexLayout] = []
    for f in sobject.fields:
        if f.type.column is None:
            continue
        standard = f.name == "Id" or (known is not None and known.field(f.name) is f)
        name = f.name if standard else _own_name(f)
        columns.append(ColumnLayout(name, f.name, f.type.column, nullable=f.name != "Id"))
        if f.shadow:
            columns.append(ColumnLayout(f"{name}_ci", f.shadow, TEXT_COLUMN))
        if _is_indexed(f):
            alike = _ALIKE_PICKLIST if f.type.name == "picklist" else _ALIKE
            column = columns[-1].name
            indexes.append(
                IndexLayout(_fitting(f"ix_{sobject.name}_{column}"), ("org", column, "Id"), alike)
            )
    key_name = _fitting(f"pk_{sobject.name}")
    return TableLayout(sobject.name, tuple(columns), ("org", "Id"), key_name, tuple(indexes))


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
