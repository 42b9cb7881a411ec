"""Counting the rows that share a value, for rules that limit how many there may be."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import func, select

from orgbox.org.session import Session


def count_by(
    session: Session, sobject: str, name: str, values: Iterable[str], **equal: str
) -> Counter[str]:
    """How many rows of an SObject have each of these values in a field; only those that `equal` others."""
    wanted = set(values)
    if not wanted:
        return Counter()
    org, store = session.org, session.org.store
    table = store.table(org.catalog[sobject])
    statement = (
        select(table.c[name], func.count())
        .where(table.c.org == org.number, store.is_one_of(table.c[name], "values"))
        .where(*(table.c[other] == value for other, value in equal.items()))
        .group_by(table.c[name])
    )
    if "IsDeleted" in table.c:
        statement = statement.where(table.c.IsDeleted.is_(False))
    rows = session.connection.execute(statement, {"values": store.array(wanted)})
    return Counter({value: count for value, count in rows})
