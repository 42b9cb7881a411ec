"""upsert(): update the record whose key field has the value sent, else create it."""

from collections import Counter
from collections.abc import Sequence

from orgbox import ids
from orgbox.catalog.fieldtypes import fold
from orgbox.catalog.sobject import SObject
from orgbox.org import lookups
from orgbox.org.dml import Result, SaveOptions, create_chunk, save, update_chunk
from orgbox.org.rulebook import Record, good_ones, refuse
from orgbox.org.session import Session


def upsert(
    session: Session, key: str, records: Sequence[Record], options: SaveOptions
) -> list[Result]:
    """Update the record whose field `key` has the value sent, else create it.

    Raises ApiFault INVALID_FIELD when the field is no external id of an SObject that has upsert().
    """
    for sobject in {id(r.sobject): r.sobject for r in records}.values():
        if sobject.supports("upsert"):
            lookups.check_key(sobject, key)

    def chunk(session: Session, group: list[Record], options: SaveOptions) -> None:
        _upsert_chunk(session, key, group, options)

    return save(session, records, options, chunk)


def _upsert_chunk(
    session: Session, key: str, records: list[Record], options: SaveOptions
) -> None:
    sobject = records[0].sobject
    if not sobject.supports("upsert"):
        refuse(records, "INVALID_ENTITY_FOR_UPSERT",
               f"entity type {sobject.name} does not support upsert")  # fmt: skip
        return
    name = sobject.by_name[key.lower()].name
    if name == "Id":
        _prepare_by_id(records)
    else:
        _match(session, sobject, name, records)
    good = good_ones(records)
    if updates := [r for r in good if r.values.get("Id") is not None]:
        update_chunk(session, updates, options)
    if creates := [r for r in good if r.values.get("Id") is None]:
        create_chunk(session, creates, options)


def _prepare_by_id(records: list[Record]) -> None:
    for record in records:
        sent = record.values.get("Id")
        if sent is not None and ids.normalize(sent) is None:
            refuse([record], "MALFORMED_ID", "Id in upsert is not valid")


def _match(session: Session, sobject: SObject, name: str, records: list[Record]) -> None:
    """Find by external id the record each one updates; all of those that share one fail."""
    times = Counter(fold(str(record.values.get(name))) for record in records)
    for record in records:
        value = record.values.get(name)
        record.values.pop("Id", None)
        if value is None:
            refuse([record], "MISSING_ARGUMENT", f"{name} not specified", [name])
        elif times[fold(str(value))] > 1:
            text = f"Duplicate external id specified: {value}"
            refuse([record], "DUPLICATE_VALUE", text, [name])
    good = good_ones(records)
    holders = lookups.find(session, sobject, name, [record.values[name] for record in good])
    for record in good:
        found = holders.get(fold(str(record.values[name])), [])
        if len(found) > 1:
            text = f"{name}: more than one record found for external id field: [{', '.join(found)}]"
            refuse([record], "DUPLICATE_EXTERNAL_ID", text, [name])
        elif found:
            record.values["Id"] = found[0]
