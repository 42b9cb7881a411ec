"""Statements for what is not in the row itself: children, and the records of TYPEOF.

Each is one statement for a whole page of rows, given their Ids as the list `keys`; the last column
of its rows is the key they belong to. Depth costs statements, the number of rows does not.
"""

from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.types import BigInteger

from orgbox.soql.bound import Attachment, BoundSelect, ChildRecords
from orgbox.soql.compile.dialect import InList
from orgbox.soql.compile.operands import Element, Environment, Reading
from orgbox.soql.compile.order import order_keys
from orgbox.soql.compile.plan import Attached, Records
from orgbox.soql.compile.statement import statements
from orgbox.soql.compile.where import Parameters, Where
from orgbox.soql.operands import Column


def attachments(
    query: BoundSelect, parameters: Parameters, env: Environment, *, all_rows: bool
) -> tuple[Attached, ...]:
    """What is to be attached to the rows of a SELECT."""

    def made(attachment: Attachment) -> Attached:
        if isinstance(attachment, ChildRecords):
            source = query.columns.index(query.root.id)
            inner = _records(attachment.select, attachment.reference, parameters, env, all_rows)
            return Attached(source, (("", inner),), children=True)
        source = query.columns.index(attachment.reference)
        chosen = tuple(
            (prefix, _records(inner, inner.root.id, parameters, env, True))
            for prefix, inner in attachment.selects
        )
        return Attached(source, chosen, children=False)

    return tuple(made(attachment) for attachment in query.attachments)


def _records(
    query: BoundSelect, key: Column, parameters: Parameters, env: Environment, all_rows: bool
) -> Records:
    (statement,) = statements(lambda: (_select(query, key, parameters, env, all_rows),))
    inner = attachments(query, parameters, env, all_rows=all_rows)
    return Records(statement, query.shape, inner)


def _select(
    query: BoundSelect, key: Column, parameters: Parameters, env: Environment, all_rows: bool
) -> Select[Any]:
    reading = Reading(query, env, "t", all_rows=all_rows)
    columns = [reading.value(operand).label(f"c{n}") for n, operand in enumerate(query.columns)]
    owner = reading.value(key)
    conditions = [*reading.conditions(), InList(owner, "keys")]
    if query.where is not None:
        conditions.append(Where(reading, parameters, env).condition(query.where))
    found = select(*columns, owner.label("key")).select_from(reading.source()).where(*conditions)
    keys = order_keys(query, reading)
    if query.limit is None and query.skip is None:
        return found.order_by(*keys)
    return _limited(found, owner, keys, query, parameters)


def _limited(
    found: Select[Any],
    owner: Element,
    keys: list[Element],
    query: BoundSelect,
    parameters: Parameters,
) -> Select[Any]:
    """At most so many records for each owner, numbered in the query's order."""
    number = func.row_number().over(partition_by=owner, order_by=keys).label("number")
    numbered = found.add_columns(number).subquery()
    conditions = []
    first: Any = 0
    if query.skip is not None:
        first = bindparam(parameters.given(query.skip), type_=BigInteger())
        conditions.append(numbered.c.number > first)
    if query.limit is not None:
        most = bindparam(parameters.given(query.limit), type_=BigInteger())
        conditions.append(numbered.c.number <= most + first)
    shown = [c for c in numbered.c if c.name != "number"]
    return select(*shown).where(*conditions).order_by(numbered.c.number)
