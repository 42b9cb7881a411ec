"""Records: their Ids, what they refer to, their folded text, and the values only one of them may have."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import TableClause, select

from orgbox import ids
from orgbox.catalog.fieldtypes import fold
from orgbox.catalog.sobject import Field, SObject
from orgbox.inspection.view import View, alive, some
from orgbox.org.registry import ORG_PREFIX
from orgbox.org.rulebook import Record, Unique
from orgbox.org.seed import system_session
from orgbox.org.uniqueness import scope_of, uniques


def ids_are_well_formed(view: View) -> Iterator[str]:
    """18 characters with the right checksum and the key prefix of the SObject."""
    for sobject in view.sobjects:
        table = view.table(sobject.name)
        found = (row.Id for row in view.rows(select(table.c.Id).where(table.c.org == view.org.number)))
        prefix = sobject.key_prefix or "000"
        wrong = [id_ for id_ in found if ids.normalize(id_) != id_ or id_[:3] != prefix]
        if wrong:
            yield f"{sobject.name}: Ids that are none of {prefix}: {some(wrong)}"


def ids_are_counted(view: View) -> Iterator[str]:
    """No record has an Id that is still to be given."""
    counters = view.table("orgbox_counter")
    mine = select(counters.c.name, counters.c.value).where(counters.c.org == view.org.number)
    given: dict[str, int] = {row.name: row.value for row in view.rows(mine)}
    for sobject in view.sobjects:
        prefix, table = sobject.key_prefix or "000", view.table(sobject.name)
        if prefix == ORG_PREFIX:
            continue
        next_id = view.org.id_of(prefix, given.get(prefix, 0) + 1)
        ahead = (table.c.org == view.org.number) & (table.c.Id >= next_id)
        if found := [row.Id for row in view.rows(select(table.c.Id).where(ahead))]:
            yield f"{sobject.name}: the counter of Ids is behind {some(found)}"


def references_lead_to_records(view: View) -> Iterator[str]:
    """Every reference leads to a record of the same org, or to one that was deleted."""
    known: dict[str, str] = {}
    for sobject in view.sobjects:
        fields = [f for f in sobject.fields if _leads_somewhere(view, f)]
        rows = list(_references(view, sobject, fields)) if fields else []
        _look_up(view, {value for _, _, value in rows} - known.keys(), known)
        for f in fields:
            values = [(id_, value) for id_, name, value in rows if name == f.name]
            if lost := [id_ for id_, value in values if known[value] not in f.reference_to]:
                yield f"{sobject.name}.{f.name} leads to no record: {some(lost)}"


def _leads_somewhere(view: View, f: Field) -> bool:
    targets = [name for name in f.reference_to if view.org.catalog.get(name)]
    return f.type.name == "reference" and f.stored and bool(targets)


def _references(view: View, sobject: SObject, fields: list[Field]) -> Iterator[tuple[str, str, str]]:
    """Id, field and value, for each value once."""
    table, seen = view.table(sobject.name), set()
    columns = select(table.c.Id, *(table.c[f.name] for f in fields))
    for id_, *values in view.rows(columns.where(alive(table, view.org.number))):
        for f, value in zip(fields, values, strict=True):
            if value is not None and (f.name, value) not in seen:
                seen.add((f.name, value))
                yield id_, f.name, value


def _look_up(view: View, sought: set[str], known: dict[str, str]) -> None:
    """Note of each Id of which SObject it is, be the record deleted; of none it is empty."""
    store, connection, number = view.org.store, view.connection, view.org.number
    known |= dict.fromkeys(sought, "")
    for sobject in view.sobjects:
        keys = [id_ for id_ in sought if id_[:3] == sobject.key_prefix]
        found = set(store.fetch(connection, number, sobject, keys, ("Id",))) if keys else set()
        found |= store.deleted(connection, number, sobject.name, [id_ for id_ in keys if id_ not in found])
        known |= dict.fromkeys(found, sobject.name)


def the_deleted_are_gone(view: View) -> Iterator[str]:
    """A record noted as deleted is not there any more, or is in the recycle bin."""
    deleted = view.table("orgbox_deleted")
    for sobject in view.sobjects:
        table = view.table(sobject.name)
        noted = (deleted.c.org == table.c.org) & (deleted.c.id == table.c.Id)
        statement = select(table.c.Id).join(deleted, noted & (deleted.c.sobject == sobject.name))
        if found := [row.Id for row in view.rows(statement.where(alive(table, view.org.number)))]:
            yield f"{sobject.name}: noted as deleted, but there: {some(found)}"


def folded_text_follows_the_text(view: View) -> Iterator[str]:
    """What is searched without regard to case is the field's own text, folded."""
    for sobject in view.sobjects:
        table = view.table(sobject.name)
        folded = {f.name: f.shadow for f in sobject.fields if f.stored and f.shadow}
        columns = [table.c[name] for pair in folded.items() for name in pair]
        wrong: dict[str, list[str]] = {}
        for id_, *values in view.rows(select(table.c.Id, *columns).where(table.c.org == view.org.number)):
            for name, text, shadow in zip(folded, values[::2], values[1::2], strict=True):
                if shadow != _folded(text):
                    wrong.setdefault(name, []).append(id_)
        for name, found in wrong.items():
            yield f"{sobject.name}.{name}: the folded text differs: {some(found)}"


def _folded(text: str | None) -> str | None:
    return None if text is None else fold(text)


def unique_values_have_their_holders(view: View) -> Iterator[str]:
    """Who has a value that only one may have holds it, and what is held is somebody's value."""
    session = system_session(view.connection, view.org, view.settings)
    for sobject in view.sobjects:
        for rule in uniques(session, sobject):
            had = set(_had(view, sobject, rule, session))
            held = set(_held(view, rule))
            lacking = set() if rule.optional else had - held
            if lacking:
                yield f"{rule.kind}: not held by the record that has it: {_ids(lacking)}"
            if held - had:
                yield f"{rule.kind}: held by a record that has it not: {_ids(held - had)}"


def _ids(pairs: set[tuple[str, str]]) -> str:
    return some(sorted(id_ for _, id_ in pairs))


def _had(view: View, sobject: SObject, rule: Unique, session: Any) -> Iterator[tuple[str, str]]:
    table: TableClause = view.table(sobject.name)
    names = [f.name for f in sobject.fields if f.stored]
    statement = select(*(table.c[name] for name in names)).where(alive(table, view.org.number))
    for row in view.rows(statement):
        record = Record(sobject, dict(zip(names, row, strict=True)))
        text = rule.value(record, session)
        if text is not None:
            yield fold(text), str(record.id)


def _held(view: View, rule: Unique) -> Iterator[tuple[str, str]]:
    table = view.table("orgbox_unique")
    mine = (table.c.org == scope_of(view.org, rule)) & (table.c.owner_org == view.org.number)
    for row in view.rows(select(table.c.value, table.c.id).where(mine, table.c.kind == rule.kind)):
        yield row.value, row.id


