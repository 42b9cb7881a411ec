"""A bound query to SQL, by SQLAlchemy Core, identically for SQLite and PostgreSQL.

`compile` makes the statements of a plan once per shape; `plan.Plan` says how they are executed.
"""

from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.types import BigInteger

from orgbox.soql.bound import BoundQuery, BoundSelect
from orgbox.soql.compile.attached import batch
from orgbox.soql.compile.attachments import attachments
from orgbox.soql.compile.dialect import InList, end_to_end
from orgbox.soql.compile.groups import grouped, repairs
from orgbox.soql.compile.operands import Element, Environment, Reading, RowFilter, Tables
from orgbox.soql.compile.order import order_keys
from orgbox.soql.compile.plan import Plan
from orgbox.soql.compile.statement import Selects, Statement, statements
from orgbox.soql.compile.where import Parameters, Where


def compile(bound: BoundQuery, tables: Tables, row_filter: RowFilter | None = None) -> Plan:
    """The plan of a query.

    `tables` are the org's by SObject name; see `RowFilter` for what hides rows.
    """
    query, parameters = bound.select, Parameters()
    env = Environment(tables, bound.viewer, row_filter)
    select = _groups if query.groups is not None else _records

    def make() -> Selects:
        reading = Reading(query, env, "t", all_rows=bound.all_rows)
        return select(query, reading, parameters, env)

    rows, ids, page, count = statements(make)
    attached = attachments(query, parameters, env, all_rows=bound.all_rows)
    return Plan(
        shape=query.shape,
        root_id=0 if query.groups else query.columns.index(query.root.id),
        counts=query.counts,
        grouped=query.groups is not None,
        rows=rows,
        ids=ids,
        page=page,
        count=count,
        attachments=attached,
        repairs=repairs(query),
        givens=parameters.givens,
        edges=parameters.edges,
        limit=query.limit,
        skip=query.skip,
        zone=bound.viewer.zone,
        mark=bound.mark,
    )


def _conditions(query: BoundSelect, reading: Reading, parameters: Parameters, env: Environment) -> list[Any]:
    conditions = reading.conditions()
    if query.where is None:
        return conditions
    return [*conditions, Where(reading, parameters, env).condition(query.where)]


def _records(query: BoundSelect, reading: Reading, parameters: Parameters, env: Environment) -> Selects:
    """Rows, Ids, page and count of a query for records."""
    root_id = reading.value(query.root.id)
    columns = [reading.value(operand).label(f"c{n}") for n, operand in enumerate(query.columns)]
    everything = select(*columns).select_from(reading.source())
    matching = everything.where(*_conditions(query, reading, parameters, env))
    ordered = matching.order_by(*order_keys(query, reading))
    page = everything.where(*reading.conditions(), InList(root_id, "ids"))
    ids = _one_text(_limited(ordered.with_only_columns(root_id)))
    return _limited(ordered), ids, page, _count(matching, query, root_id)


def _groups(query: BoundSelect, reading: Reading, parameters: Parameters, env: Environment) -> Selects:
    """Rows of an aggregate query and how many; it has no Ids and no pages."""
    where = and_(*_conditions(query, reading, parameters, env))
    rows = _limited(grouped(query, reading, parameters, env, where))
    return rows, rows, rows, select(func.count()).select_from(rows.subquery())


def _one_text(ids: Select[Any]) -> Select[Any]:
    """The Ids one behind another: a tenth of the cost of as many rows."""
    found = ids.subquery("i")
    return select(end_to_end(found.c[0]))


def _limited(statement: Select[Any]) -> Select[Any]:
    limit = bindparam("limit", type_=BigInteger())
    return statement.limit(limit).offset(bindparam("offset", type_=BigInteger()))


def _count(matching: Select[Any], query: BoundSelect, root_id: Element) -> Select[Any]:
    """How many records match, within LIMIT and OFFSET where the query has them."""
    if query.limit is None and query.skip is None:
        return matching.with_only_columns(func.count())
    return select(func.count()).select_from(_limited(matching.with_only_columns(root_id)).subquery())


__all__ = ["Plan", "RowFilter", "Statement", "Tables", "batch", "compile"]
