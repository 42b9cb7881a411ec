"""Counting the rows that share a value, for rules that limit how many there may be."""

from collections import Counter

from sqlalchemy import func, select

from orgbox.org.rulebook import Batch


def count_by(batch: Batch, name: str) -> Counter[str]:
    """How many rows of the batch's SObject have each of the values that its records have in a field."""
    org, store = batch.session.org, batch.session.org.store
    table = store.table(batch.sobject)
    statement = (
        select(table.c[name], func.count())
        .where(table.c.org == org.number, store.is_one_of(table.c[name], "values"))
        .group_by(table.c[name])
    )
    if "IsDeleted" in table.c:
        statement = statement.where(table.c.IsDeleted.is_(False))
    values = store.array({str(record[name]) for record in batch.records})
    rows = batch.session.connection.execute(statement, {"values": values})
    return Counter({value: count for value, count in rows})
