"""Which values of a record only one may have, and taking and giving them back in the course of a call."""

from collections.abc import Sequence

from orgbox.catalog.fieldtypes import fold
from orgbox.catalog.sobject import SObject
from orgbox.errors import RecordError
from orgbox.org import unique
from orgbox.org.org import Org
from orgbox.org.rulebook import Record, Unique, good_ones
from orgbox.org.session import Session


def claim(session: Session, sobject: SObject, records: list[Record]) -> None:
    """Take the unique values of records; those whose value is taken get the rule's error."""
    org = session.org
    for rule in uniques(session, sobject):
        claims: dict[str, str] = {}
        holder_of: dict[str, str] = {}
        for record in good_ones(records):
            text = rule.value(record, session)
            if text is None:
                continue
            first = holder_of.setdefault(fold(text), str(record.id))
            if first != record.id:
                record.errors.append(rule.error(record, first))
            else:
                claims[text] = first
        if not claims:
            continue
        scope = scope_of(org, rule)
        taken = unique.claim(org.store, session.connection, scope, rule.kind, claims, org.number)
        for record in good_ones(records):
            text = rule.value(record, session)
            if text in taken:
                record.errors.append(rule.error(record, taken[text]))
    _release(session, sobject, [r for r in records if r.errors])


def reclaim(session: Session, sobject: SObject, records: list[Record]) -> None:
    """Unique values that an update changes: the old one is given back, the new one taken."""
    rules = uniques(session, sobject)
    if not rules:
        return
    moved = [
        r for r in records
        if any(rule.value(r, session) != rule.value(_old(r), session) for rule in rules)
    ]  # fmt: skip
    _release(session, sobject, moved)
    claim(session, sobject, moved)
    refused = [r for r in moved if r.errors]
    claim(session, sobject, [_old(r) for r in refused])


def _old(record: Record) -> Record:
    return Record(record.sobject, dict(record.before))


def _release(session: Session, sobject: SObject, records: list[Record]) -> None:
    org = session.org
    holders = [str(r.id) for r in records]
    if not holders:
        return
    for rule in uniques(session, sobject):
        scope = scope_of(org, rule)
        unique.release(org.store, session.connection, scope, rule.kind, holders)


def release_unique(session: Session, sobject: SObject, keys: list[str]) -> None:
    """Give back the unique values of records that go away."""
    _release(session, sobject, [Record(sobject, {"Id": key}) for key in keys])


def uniques(session: Session, sobject: SObject) -> list[Unique]:
    """What must be unique: the rules' own and the catalogue's unique fields."""
    ruled = list(session.org.rules_of(sobject.name).unique)
    return ruled + [_unique_field(sobject, f.name) for f in sobject.fields if f.unique]


def _unique_field(sobject: SObject, name: str) -> Unique:
    def value(record: Record, _: Session) -> str | None:
        return None if record[name] is None else str(record[name])

    return Unique(f"{sobject.name}.{name}", value, lambda _, id_: duplicate(name, id_))


def duplicate(name: str, id_: str, fields: Sequence[str] = ()) -> RecordError:
    """The refusal of a value that another record has."""
    text = f"duplicate value found: {name} duplicates value on record with id: {id_[:15]}"
    return RecordError("DUPLICATE_VALUE", text, fields)


def scope_of(org: Org, rule: Unique) -> int:
    """Within what a value may be taken once: an org's number, or EVERYWHERE."""
    return unique.EVERYWHERE if rule.everywhere and not org.isolated else org.number
