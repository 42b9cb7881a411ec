"""Counting the rows that share a value, for rules that limit how many there may be."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, func, select

from orgbox.org.session import Session
from orgbox.org.store import Store


def count_by(
    session: Session, sobject: str, name: str, values: Iterable[str], **equal: str
) -> Counter[str]:
    """How many rows of an SObject have each of these values in a field; only those that `equal` others."""
    wanted = set(values)
    if not wanted:
        return Counter()
    org, store = session.org, session.org.store
    given = {"org": org.number, "values": store.array(wanted), **equal}
    key = ("count_by", sobject, name, *equal)
    rows = store.rows(session.connection, key, lambda: _counting(store, sobject, name, equal), given)
    return Counter({value: count for value, count in rows})


def _counting(store: Store, sobject: str, name: str, equal: Iterable[str]) -> Any:
    table = store.schema.records[sobject]
    statement = (
        select(table.c[name], func.count())
        .where(table.c.org == bindparam("org"), store.is_one_of(table.c[name], "values"))
        .where(*(table.c[other] == bindparam(other) for other in equal))
        .group_by(table.c[name])
    )
    return statement.where(table.c.IsDeleted.is_(False)) if "IsDeleted" in table.c else statement
