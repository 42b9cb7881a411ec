"""References by a unique field of the parent instead of its Id, resolved before a record is checked.

Source: SOAP API guide, "foreign keys and external ids"; the texts are those the service is seen to give.
"""

from collections.abc import Iterable, Sequence

from orgbox.catalog.fieldtypes import fold
from orgbox.catalog.sobject import SObject
from orgbox.errors import QueryFault, RecordError
from orgbox.frozen import value
from orgbox.org.rulebook import Record
from orgbox.org.session import Session


@value
class Lookup:
    """The record of an SObject whose field `key` has this value; the client calls it `relationship`."""

    sobject: SObject
    key: str
    value: object
    relationship: str


def check_key(sobject: SObject, key: str) -> str:
    """The written form of a field by which records are found. Raises QueryFault INVALID_FIELD for others."""
    f = sobject.field(key)
    if f is None or not (f.external_id or f.id_lookup or f.name == "Id"):
        text = f"Field name provided, {key} does not match an External ID for {sobject.name}"
        raise QueryFault("INVALID_FIELD", text)
    return f.name


def find(session: Session, sobject: SObject, key: str, values: Iterable[object]) -> dict[str, list[str]]:
    """Ids of the records whose field `key` has one of these values, by the folded text of the value."""
    org, f = session.org, sobject.by_name[key.lower()]
    sought = {fold(str(value)) if f.shadow else str(value) for value in values}
    deleted = [f.name for f in sobject.fields if f.name == "IsDeleted"]
    rows = org.store.where(
        session.connection, org.number, sobject, f.shadow or key, sought, ("Id", key, *deleted)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        if not row.get("IsDeleted"):
            found.setdefault(fold(str(row[key])), []).append(row["Id"])
    return found


def resolve(session: Session, records: Sequence[Record]) -> None:
    """Put Ids in the place of Lookups: one query for each field by which parents are named.

    Raises QueryFault INVALID_FIELD for a field that is no external id.
    """
    named = [
        (record, name, value)
        for record in records
        for name, value in record.values.items()
        if isinstance(value, Lookup)
    ]
    groups: dict[tuple[str, str], list[Lookup]] = {}
    for _, _, lookup in named:
        check_key(lookup.sobject, lookup.key)
        groups.setdefault((lookup.sobject.name, lookup.key), []).append(lookup)
    found = {
        group: find(session, lookups[0].sobject, group[1], [lookup.value for lookup in lookups])
        for group, lookups in groups.items()
    }
    for record, name, lookup in named:
        ids = found[lookup.sobject.name, lookup.key].get(fold(str(lookup.value)), [])
        record.values[name] = ids[0] if ids else None
        if len(ids) != 1:
            record.errors.append(_not_one(lookup, ids))


def _not_one(lookup: Lookup, ids: list[str]) -> RecordError:
    if ids:
        text = f"{lookup.key}: more than one record found for external id field: [{', '.join(ids)}]"
        return RecordError("DUPLICATE_EXTERNAL_ID", text, [lookup.relationship])
    text = (
        f"Foreign key external ID: {lookup.value} not found for field {lookup.key} "
        f"in entity {lookup.sobject.name}"
    )
    return RecordError("INVALID_FIELD", text, [lookup.relationship])
