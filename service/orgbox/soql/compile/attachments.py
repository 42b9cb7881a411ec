"""Statements for what is not in the row itself: children, and the records of TYPEOF.

Each is one statement for a whole page of rows, given their Ids as the list `keys`; the last column
of its rows is the key they belong to. Depth costs statements, the number of rows does not.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.types import BigInteger

from orgbox.soql.bound import Attachment, BoundSelect, ChildRecords
from orgbox.soql.compile.attached import Attached, Children, ChosenRecords, Records
from orgbox.soql.compile.dialect import InList, end_to_end
from orgbox.soql.compile.operands import Element, Environment, Reading
from orgbox.soql.compile.order import order_keys
from orgbox.soql.compile.statement import Selects, Statement, statements
from orgbox.soql.compile.where import Parameters, Where
from orgbox.soql.operands import Column


def attachments(
    query: BoundSelect, parameters: Parameters, env: Environment, *, all_rows: bool
) -> tuple[Attached, ...]:
    """What is to be attached to the rows of a SELECT."""

    def made(attachment: Attachment) -> Attached:
        if isinstance(attachment, ChildRecords):
            return _children(query, attachment, parameters, env, all_rows)
        chosen = []
        for prefix, inner in attachment.selects:
            making = _Making(inner, inner.root.id, parameters, env, True)
            (statement,) = statements(lambda making=making: (making.limited(),))  # type: ignore[misc]
            chosen.append((prefix, making.records(statement)))
        return ChosenRecords(query.columns.index(attachment.reference), tuple(chosen))

    return tuple(made(attachment) for attachment in query.attachments)


def _children(
    query: BoundSelect, attachment: ChildRecords, parameters: Parameters, env: Environment, all_rows: bool
) -> Children:
    making = _Making(attachment.select, attachment.reference, parameters, env, all_rows)
    rows, count, ids, page = statements(making.all)
    return Children(
        source=query.columns.index(query.root.id),
        records=making.records(rows),
        count=count,
        ids=ids,
        page=page,
        root_id=making.root_id,
    )


@dataclass(frozen=True, slots=True)
class _Making:
    """Makes the SELECTs for records that belong to a list of keys."""

    query: BoundSelect
    key: Column
    parameters: Parameters
    env: Environment
    all_rows: bool

    @property
    def root_id(self) -> int:
        """The place of the Id in a row."""
        return self.query.columns.index(self.query.root.id)

    def records(self, statement: Statement) -> Records:
        """The records of a statement, with what is attached to them."""
        inner = attachments(self.query, self.parameters, self.env, all_rows=self.all_rows)
        return Records(statement, self.query.shape, inner)

    def all(self) -> Selects:
        """Rows, count, Ids and page of a child subquery."""
        ordered = self._ordered()
        found = ordered.subquery("f")
        count = select(found.c.key, func.count()).group_by(found.c.key)
        ids = _limit(ordered.with_only_columns(ordered.selected_columns[self.root_id])).subquery("i")
        return _limit(ordered), count, select(end_to_end(ids.c[0])), self._page()

    def limited(self) -> Select[Any]:
        """The records of the list `keys`, as many as the value `most`."""
        return _limit(self._ordered())

    def _ordered(self) -> Select[Any]:
        reading = self._reading()
        owner = reading.value(self.key)
        conditions = [*reading.conditions(), InList(owner, "keys")]
        if self.query.where is not None:
            conditions.append(Where(reading, self.parameters, self.env).condition(self.query.where))
        columns = [*self._columns(reading), owner.label("key")]
        found = select(*columns).select_from(reading.source()).where(*conditions)
        keys = order_keys(self.query, reading)
        if self.query.limit is None and self.query.skip is None:
            return found.order_by(*keys)
        return _limited(found, owner, keys, self.query, self.parameters)

    def _page(self) -> Select[Any]:
        reading = self._reading()
        found = select(*self._columns(reading)).select_from(reading.source())
        wanted = InList(reading.value(self.query.root.id), "ids")
        return found.where(*reading.conditions(), wanted)

    def _reading(self) -> Reading:
        return Reading(self.query, self.env, "t", all_rows=self.all_rows)

    def _columns(self, reading: Reading) -> list[Any]:
        return [reading.value(operand).label(f"c{n}") for n, operand in enumerate(self.query.columns)]


def _limit(ordered: Select[Any]) -> Select[Any]:
    return ordered.limit(bindparam("most", type_=BigInteger()))


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
