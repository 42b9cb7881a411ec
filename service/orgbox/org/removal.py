"""delete(), undelete(), emptyRecycleBin(), and what deleting takes with it.

A record of an SObject with an IsDeleted field goes to the recycle bin: the row stays, marked. Any other
row is removed. Both are remembered, so that a later call answers ENTITY_IS_DELETED and getDeleted()
knows. What is in the recycle bin is brought back or removed for good by who deleted it, or with Modify All
Data (SOAP API guide, emptyRecycleBin).
"""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import select

from orgbox import ids
from orgbox.catalog.sobject import SObject
from orgbox.errors import RecordError
from orgbox.org import uniqueness
from orgbox.org.dml import ROLLED_BACK, Result, check_size, existing
from orgbox.org.rulebook import Batch, Record, good_ones
from orgbox.org.session import Session
from orgbox.org.visibility import may_edit

Handler = Callable[[Session, SObject, list[Record]], None]


def delete(session: Session, keys: Sequence[str], *, all_or_none: bool = False) -> list[Result]:
    """Delete records of any SObjects by Id; one result each, in order."""
    return _each(session, keys, _delete_chunk, all_or_none)


def undelete(session: Session, keys: Sequence[str], *, all_or_none: bool = False) -> list[Result]:
    """Bring records back from the recycle bin; one result each, in order."""
    return _each(session, keys, _undelete_chunk, all_or_none)


def empty_recycle_bin(session: Session, keys: Sequence[str]) -> list[Result]:
    """Remove records from the recycle bin for good; one result each, in order."""
    return _each(session, keys, _purge_chunk, False)


def _each(
    session: Session, keys: Sequence[str], handler: Handler, all_or_none: bool
) -> list[Result]:
    check_size(session, len(keys))
    records: list[Record | RecordError] = [_named(session, key) for key in keys]
    groups: dict[str, list[Record]] = {}
    for record in records:
        if isinstance(record, Record):
            groups.setdefault(record.sobject.name, []).append(record)
    with session.org.store.database.savepoint(session.connection, all_or_none) as undo:
        for group in groups.values():
            handler(session, group[0].sobject, group)
        failed = any(isinstance(r, RecordError) or r.errors for r in records)
        if undo and failed:
            undo()
    return [_result(record, rolled_back=all_or_none and failed) for record in records]


def _named(session: Session, key: str) -> Record | RecordError:
    normal = ids.normalize(key)
    if normal is None:
        return RecordError("MALFORMED_ID", f"bad id {key}")
    visible = session.catalog.of_id(normal)
    if visible is None:
        return RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return Record(session.org.catalog[visible.name], {"Id": normal})


def _result(record: Record | RecordError, *, rolled_back: bool) -> Result:
    if isinstance(record, RecordError):
        return Result(None, (record,))
    if record.errors:
        return Result(None, tuple(record.errors))
    return Result(None, (ROLLED_BACK,)) if rolled_back else Result(record.id)


def _delete_chunk(session: Session, sobject: SObject, records: list[Record]) -> None:
    if not sobject.supports("delete"):
        text = f"entity type cannot be deleted: {sobject.label}"
        _refuse(records, RecordError("DELETE_NOT_ALLOWED", text))
        return
    if not may_edit(session.user, sobject):
        text = "insufficient access rights on object id"
        _refuse(records, RecordError("INSUFFICIENT_ACCESS_OR_READONLY", text))
        return
    rules = session.org.rules_of(sobject.name)
    _load(session, sobject, records)
    batch = Batch(session, sobject, good_ones(records))
    batch.facts = rules.facts(batch) if rules.facts and batch.records else None
    for record in batch.records:
        try:
            for rule in rules.before_delete:
                rule(record, batch)
        except RecordError as error:
            record.errors.append(error)
    good = good_ones(records)
    if not good:
        return
    if rules.instead_of_delete:
        rules.instead_of_delete(good, batch)
        return
    remove(session, sobject, list(dict.fromkeys(str(r.id) for r in good)))
    for effect in rules.after_delete:
        effect(good, batch)


def _load(session: Session, sobject: SObject, records: list[Record]) -> None:
    rows = existing(session, sobject, [str(r.id) for r in records])
    seen: set[str] = set()
    for record in records:
        row = rows[str(record.id)]
        if isinstance(row, RecordError):
            record.errors.append(row)
        elif record.id in seen:
            record.errors.append(RecordError("ENTITY_IS_DELETED", "entity is deleted"))
        else:
            record.before = row
        seen.add(str(record.id))


def remove(session: Session, sobject: SObject, keys: list[str]) -> None:
    """Delete rows and what hangs on them: children that cascade go too, other lookups are cleared."""
    if not keys:
        return
    org, connection = session.org, session.connection
    _remove_children(session, sobject, keys)
    uniqueness.release_unique(session, sobject, keys)
    if sobject.field("IsDeleted"):
        changes = {"IsDeleted": True, "SystemModstamp": session.now}
        known = {k: v for k, v in changes.items() if sobject.field(k)}
        org.store.update(connection, org.number, sobject, [(key, known) for key in keys])
    else:
        org.store.delete(connection, org.number, sobject, keys)
    org.store.mark_deleted(
        connection, org.number, sobject.name, keys, session.now, session.user.id
    )


def _remove_children(session: Session, sobject: SObject, keys: list[str]) -> None:
    org = session.org
    for relationship in org.catalog.child_relationships[sobject.name]:
        child = org.catalog[relationship.child]
        f = child.by_name[relationship.field.lower()]
        if f.name in ("CreatedById", "LastModifiedById"):
            continue
        rows = org.store.where(session.connection, org.number, child, f.name, keys, ("Id",))
        found = [row["Id"] for row in rows]
        if relationship.cascade_delete:
            remove(session, child, _alive(session, child, found))
        elif f.nillable and found:
            org.store.update(
                session.connection, org.number, child, [(key, {f.name: None}) for key in found]
            )


def _alive(session: Session, child: SObject, keys: list[str]) -> list[str]:
    """Rows that are not in the recycle bin already."""
    if not child.field("IsDeleted"):
        return keys
    rows = session.org.store.fetch(
        session.connection, session.org.number, child, keys, ("IsDeleted",)
    )
    return [key for key, row in rows.items() if not row["IsDeleted"]]


def _undelete_chunk(session: Session, sobject: SObject, records: list[Record]) -> None:
    if not sobject.supports("undelete"):
        text = f"entity type {sobject.name} does not support undelete"
        _refuse(records, RecordError("INVALID_TYPE_FOR_OPERATION", text))
        return
    _refuse_all_but_binned(session, sobject, records)
    uniqueness.claim(session, sobject, good_ones(records))
    back, org = [str(r.id) for r in good_ones(records)], session.org
    org.store.update(session.connection, org.number, sobject, [(key, {"IsDeleted": False}) for key in back])
    org.store.forget_deleted(session.connection, org.number, sobject.name, back)


def _purge_chunk(session: Session, sobject: SObject, records: list[Record]) -> None:
    _refuse_all_but_binned(session, sobject, records)
    gone = [str(r.id) for r in good_ones(records)]
    session.org.store.delete(session.connection, session.org.number, sobject, gone)


def _refuse_all_but_binned(session: Session, sobject: SObject, records: list[Record]) -> None:
    """Refuse records that are not in the recycle bin, or in somebody else's."""
    org, binned = session.org, set()
    if sobject.field("IsDeleted"):
        keys = [str(r.id) for r in records]
        rows = org.store.fetch(session.connection, org.number, sobject, keys)
        binned = {key for key, row in rows.items() if row["IsDeleted"]}
        for record in records:
            record.before = rows.get(str(record.id), {})
    absent = [r for r in records if r.id not in binned]
    _refuse(absent, RecordError("UNDELETE_FAILED", "entity is not in the recycle bin"))
    if not session.user.may("ModifyAllData"):
        others = _deleted_by_others(session, sobject, binned)
        text = "insufficient access rights on object id"
        _refuse([r for r in records if r.id in others], RecordError("INSUFFICIENT_ACCESS_OR_READONLY", text))


def _deleted_by_others(session: Session, sobject: SObject, keys: Iterable[str]) -> set[str]:
    """Which of these deleted records somebody else than the caller has deleted."""
    org, table = session.org, session.org.store.schema.system["orgbox_deleted"]
    statement = (
        select(table.c.id)
        .where(table.c.org == org.number, table.c.sobject == sobject.name)
        .where(org.store.is_one_of(table.c.id, "values"), table.c.deleted_by != session.user.id)
    )
    return set(session.connection.scalars(statement, {"values": org.store.array(keys)}))


def _refuse(records: list[Record], error: RecordError) -> None:
    for record in records:
        record.errors.append(error)
