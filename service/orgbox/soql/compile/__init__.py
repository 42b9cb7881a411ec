"""A bound query to SQL, by SQLAlchemy Core, identically for SQLite and PostgreSQL.

`compile` makes the statements of a plan once per shape; `plan.Plan` says how they are executed.
"""

from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.types import BigInteger

from orgbox.soql.bound import BoundQuery, BoundSelect, Sort
from orgbox.soql.compile.dialect import InList
from orgbox.soql.compile.operands import Element, Reading, RowFilter, Tables
from orgbox.soql.compile.plan import Plan, Statement
from orgbox.soql.compile.where import Parameters, Where


def compile(bound: BoundQuery, tables: Tables, row_filter: RowFilter | None = None) -> Plan:
    """The plan of a query. `tables` are the org's by SObject name; see `RowFilter` for what hides
    rows.
    """
    query, parameters = bound.select, Parameters()
    reading = Reading(query, tables, "t", row_filter)
    where = Where(reading, parameters, tables, row_filter)
    conditions = reading.conditions(bound.all_rows)
    filters = [where.condition(query.where)] if query.where is not None else []
    root_id = reading.value(query.root.id)
    columns = [reading.value(operand).label(f"c{n}") for n, operand in enumerate(query.columns)]
    matching = select(*columns).select_from(reading.source()).where(and_(*conditions, *filters))
    page = (
        select(*columns)
        .select_from(reading.source())
        .where(and_(*conditions, InList(root_id, "ids")))
    )
    ordered = _ordered(matching, query, reading)
    return Plan(
        shape=query.shape,
        root_id=query.columns.index(query.root.id),
        counts=query.counts,
        rows=Statement(_limited(ordered)),
        ids=Statement(_limited(ordered.with_only_columns(root_id))),
        page=Statement(page),
        count=Statement(_count(matching, query, root_id)),
        givens=tuple(parameters.givens),
        edges=tuple(parameters.edges),
        limit=query.limit,
        skip=query.skip,
        zone=bound.viewer.zone,
    )


def _ordered(statement: Select[Any], query: BoundSelect, reading: Reading) -> Select[Any]:
    """In the query's order, at last by Id, so that pages are stable."""
    keys = [_key(sort, reading) for sort in query.order]
    return statement.order_by(*keys, reading.value(query.root.id))


def _key(sort: Sort, reading: Reading) -> Element:
    element = reading.sorted(sort.operand)
    key: Element = element.desc() if sort.descending else element.asc()
    if not sort.operand.nullable:
        return key
    return key.nulls_last() if sort.nulls_last else key.nulls_first()


def _limited(statement: Select[Any]) -> Select[Any]:
    return statement.limit(bindparam("limit", type_=BigInteger())).offset(
        bindparam("offset", type_=BigInteger())
    )


def _count(matching: Select[Any], query: BoundSelect, root_id: Element) -> Select[Any]:
    """How many records match, within LIMIT and OFFSET where the query has them."""
    if query.limit is None and query.skip is None:
        return matching.with_only_columns(func.count())
    return select(func.count()).select_from(
        _limited(matching.with_only_columns(root_id)).subquery()
    )


__all__ = ["Plan", "RowFilter", "Statement", "Tables", "compile"]
