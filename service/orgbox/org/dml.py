"""create() and update(): the one door by which records come in.

The order for the records of one SObject in a call (a chunk): catalogue checks; one look-up per SObject
that references point to; the facts of the rules; `fill` and the refusing rules, record by record; unique
values, decided by the database; one insert; the rules with effects. A refused record keeps its errors
and its place among the results; the others go on, unless the call says all or none.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from orgbox import ids
from orgbox.catalog.sobject import SObject
from orgbox.errors import ApiFault, RecordError
from orgbox.frozen import value
from orgbox.org import checks, lookups, naming, uniqueness
from orgbox.org.rulebook import Batch, Record, RecordRule, good_ones, refuse
from orgbox.org.session import Session
from orgbox.org.visibility import may_edit

ROLLED_BACK = RecordError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
CROSS_REFERENCE = RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")


@value
class SaveOptions:
    """What the headers of a call say about saving (AllOrNoneHeader, AllowFieldTruncationHeader)."""

    all_or_none: bool = False
    truncate: bool = False


@value
class Result:
    """SaveResult, UpsertResult, DeleteResult and their like: an Id, or errors."""

    id: str | None
    errors: tuple[RecordError, ...] = ()
    created: bool = False

    @property
    def success(self) -> bool:
        """Whether the record was saved."""
        return not self.errors


def create(session: Session, records: Sequence[Record], options: SaveOptions) -> list[Result]:
    """Create records; one result each, in order. Raises ApiFault when the call as a whole is too large."""
    return save(session, records, options, create_chunk)


def update(session: Session, records: Sequence[Record], options: SaveOptions) -> list[Result]:
    """Update records by Id; one result each, in order. Raises as `create`."""
    return save(session, records, options, update_chunk)


Chunk = Callable[[Session, list[Record], SaveOptions], None]


def save(
    session: Session, records: Sequence[Record], options: SaveOptions, chunk: Chunk
) -> list[Result]:
    check_size(session, len(records))
    chunks = [list(group) for _, group in groupby(records, key=lambda r: r.sobject.name)]
    if len(chunks) > session.org.limits.chunks_per_call:
        raise ApiFault(
            "LIMIT_EXCEEDED",
            f"Cannot have more than {session.org.limits.chunks_per_call} chunks in a single operation. "
            "Please rearrange the data to reduce chunking.",
        )
    existed = [r.values.get("Id") is not None for r in records]
    with session.org.store.database.savepoint(session.connection, options.all_or_none) as undo:
        for group in chunks:
            chunk(session, group, options)
        if undo and any(r.errors for r in records):
            undo()
            for record in records:
                record.errors = record.errors or [ROLLED_BACK]
    return [
        Result(None, tuple(r.errors)) if r.errors else Result(r.id, created=not (old or r.before))
        for r, old in zip(records, existed, strict=True)
    ]


def check_size(session: Session, count: int) -> None:
    """Raises ApiFault EXCEEDED_ID_LIMIT when a call brings too many records or ids."""
    limit = session.org.limits.records_per_call
    if count > limit:
        text = f"record limit reached. cannot submit more than {limit} records into this call"
        raise ApiFault("EXCEEDED_ID_LIMIT", text)


def create_chunk(session: Session, records: list[Record], options: SaveOptions) -> None:
    sobject = records[0].sobject
    if not (sobject.supports("create") and may_edit(session.user, sobject)):
        refuse(records, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
               f"entity type cannot be inserted: {sobject.label}")  # fmt: skip
        return
    lookups.resolve(session, records)
    for record in good_ones(records):
        checks.normalize_picklists(record)
        record.errors.extend(checks.check_create(record, truncate=options.truncate))
    insert_checked(session, sobject, records)


def insert_checked(session: Session, sobject: SObject, records: list[Record]) -> None:
    """Insert records whose own values are in order: references, rules, uniqueness, rows, effects."""
    org, rules = session.org, session.org.rules_of(sobject.name)
    _check_references(session, records)
    naming.name_people(sobject, good_ones(records))
    batch = _batch(session, sobject, records, rules.facts)
    stamps = _stamps(session, sobject, _CREATED + _MODIFIED)
    checked = (*rules.fill, *rules.before_create)
    for record in good_ones(records):
        _set_defaults(record, stamps)
        _apply(record, batch, checked)
    good = good_ones(records)
    if not good:
        return
    new_ids = org.next_ids(session.connection, sobject.key_prefix or "000", len(good))
    for record, id_ in zip(good, new_ids, strict=True):
        record.values["Id"] = id_
    naming.number(session, sobject, good)
    naming.name_by_id(sobject, good)
    uniqueness.claim(session, sobject, good)
    good = good_ones(good)
    org.store.insert(session.connection, org.number, sobject, [r.values for r in good])
    if good:
        for effect in rules.after_create:
            effect(good, batch)


def _set_defaults(record: Record, stamps: Mapping[str, str]) -> None:
    values = record.values
    for name, initial in record.sobject.initial.items():
        if values.get(name) is None:
            values[name] = initial
    values.update(stamps)
    if "OwnerId" in record.sobject.named and values.get("OwnerId") is None:
        values["OwnerId"] = stamps["CreatedById"]


_CREATED = ("CreatedDate", "CreatedById")
_MODIFIED = ("LastModifiedDate", "LastModifiedById", "SystemModstamp")


def _stamps(session: Session, sobject: SObject, names: Sequence[str]) -> dict[str, str]:
    """Who and when, for those of the system fields that the SObject has."""
    now, user = session.now, session.user.id
    return {n: user if n.endswith("Id") else now for n in names if n in sobject.named}


def update_chunk(session: Session, records: list[Record], options: SaveOptions) -> None:
    sobject = records[0].sobject
    if not sobject.supports("update"):
        refuse(records, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
               f"entity type cannot be updated: {sobject.label}")  # fmt: skip
        return
    if not may_edit(session.user, sobject):
        text = "insufficient access rights on object id"
        refuse(records, "INSUFFICIENT_ACCESS_OR_READONLY", text)
        return
    lookups.resolve(session, records)
    _load_before(session, sobject, records)
    for record in good_ones(records):
        checks.normalize_picklists(record)
        record.errors.extend(checks.check_update(record, truncate=options.truncate))
    update_checked(session, sobject, records)


def update_checked(session: Session, sobject: SObject, records: list[Record]) -> None:
    """Store changes whose own values are in order: references, rules, uniqueness, rows, effects."""
    org, rules = session.org, session.org.rules_of(sobject.name)
    _check_references(session, records)
    naming.name_people(sobject, good_ones(records))
    batch = _batch(session, sobject, records, rules.facts)
    for record in good_ones(records):
        _apply(record, batch, (*rules.before_update, *rules.fill))
    good = good_ones(records)
    uniqueness.reclaim(session, sobject, good)
    good = good_ones(good)
    stamps = _stamps(session, sobject, _MODIFIED)
    for record in good:
        record.values.update(stamps)
    org.store.update(
        session.connection, org.number, sobject,
        [(str(r.id), {k: v for k, v in r.values.items() if k != "Id"}) for r in good],
    )  # fmt: skip
    if good:
        for effect in rules.after_update:
            effect(good, batch)


def _load_before(session: Session, sobject: SObject, records: list[Record]) -> None:
    """Check the Ids of an update and read the rows they name."""
    _check_ids(sobject, records)
    good = good_ones(records)
    rows = existing(session, sobject, [r.values["Id"] for r in good])
    for record in good:
        row = rows[record.values["Id"]]
        if isinstance(row, RecordError):
            record.errors.append(row)
        else:
            record.before = row


def _check_ids(sobject: SObject, records: list[Record]) -> None:
    """Bring the Ids of an update to 18 characters; every record of an Id that is there twice fails."""
    label = sobject.by_name["id"].label
    times = Counter(ids.normalize(r.values.get("Id") or "") for r in records)
    for record in records:
        sent = record.values.get("Id")
        if sent is None:
            refuse([record], "MISSING_ARGUMENT", "Id not specified in an update call")
            continue
        normal = ids.normalize(sent)
        if normal is None or normal[:3] != sobject.key_prefix:
            text = f"{label}: id value of incorrect type: {sent}"
            refuse([record], "MALFORMED_ID", text, ["Id"])
            continue
        record.values["Id"] = normal
        if times[normal] > 1:
            refuse([record], "DUPLICATE_VALUE", f"Duplicate id specified: {normal}")


def existing(
    session: Session, sobject: SObject, keys: Iterable[str], columns: Sequence[str] | None = None
) -> dict[str, dict[str, Any] | RecordError]:
    """Rows by Id; for an Id without a row the error that says why: never was, or deleted.

    `columns` are those of `Store.fetch`, with IsDeleted where the SObject has it.
    """
    wanted = list(keys)
    org = session.org
    rows = org.store.fetch(session.connection, org.number, sobject, wanted, columns)
    found: dict[str, dict[str, Any] | RecordError] = {
        key: row for key, row in rows.items() if not row.get("IsDeleted")
    }
    absent = [key for key in wanted if key not in found]
    deleted = session.org.store.deleted(session.connection, org.number, sobject.name, absent)
    for key in absent:
        gone = RecordError("ENTITY_IS_DELETED", "entity is deleted")
        found[key] = gone if key in deleted else CROSS_REFERENCE
    return found


def _check_references(session: Session, records: list[Record]) -> None:
    """Every reference must lead to a record of the org: one look-up per SObject pointed to.

    The caller is there: the session was joined with its user.
    """
    sought: dict[str, dict[str, list[Record]]] = {}
    for record in good_ones(records):
        for target, id_ in checks.normalize_references(record, session.org):
            if id_ != session.user.id:
                sought.setdefault(target, {}).setdefault(id_, []).append(record)
    for name, by_id in sought.items():
        sobject = session.org.catalog[name]
        deletable = ["IsDeleted"] if "IsDeleted" in sobject.named else []
        found = existing(session, sobject, by_id, ["Id", *deletable])
        for id_, pointing in by_id.items():
            error = found[id_]
            if isinstance(error, RecordError):
                for record in pointing:
                    record.errors.append(error)


def _batch(session: Session, sobject: SObject, records: list[Record], facts: Any) -> Batch:
    batch = Batch(session, sobject, good_ones(records))
    batch.facts = facts(batch) if facts and batch.records else None
    return batch


def _apply(record: Record, batch: Batch, rules: Iterable[RecordRule]) -> None:
    try:
        for rule in rules:
            rule(record, batch)
    except RecordError as error:
        record.errors.append(error)
