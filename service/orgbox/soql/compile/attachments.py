"""Statements for what is not in the row itself: children, and the records of TYPEOF.

Each is one statement for a whole page of rows, given their Ids as the list `keys`; the last column
of its rows is the key they belong to. Depth costs statements, the number of rows does not.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.types import BigInteger

from orgbox.frozen import value
from orgbox.soql.bound import Attachment, BoundSelect, ChildRecords, Given
from orgbox.soql.compile.attached import Attached, Children, ChosenRecords, Records
from orgbox.soql.compile.dialect import InEach, InList, end_to_end
from orgbox.soql.compile.operands import Environment, Reading
from orgbox.soql.compile.order import order_keys
from orgbox.soql.compile.statement import UNLIMITED, Selects, Statement, statements
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


@value
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
        """All records of the list `keys`, in their order."""
        reading = self._reading("t")
        owner = reading.value(self.key)
        if self.query.limit is None and self.query.skip is None:
            conditions = self._conditions(reading, InList(owner, "keys"))
        else:
            wanted = InEach(reading.value(self.query.root.id), "keys", self._each())
            conditions = [*reading.conditions(), wanted]
        columns = [*self._columns(reading), owner.label("key")]
        found = select(*columns).select_from(reading.source()).where(*conditions)
        return found.order_by(*order_keys(self.query, reading))

    def _each(self) -> Select[Any]:
        """The Ids of the records of one key, which the enclosing statement names, within LIMIT and OFFSET."""
        reading = self._reading("x")
        conditions = self._conditions(reading, reading.value(self.key) == InEach.KEY)
        found = select(reading.value(self.query.root.id).label("id")).select_from(reading.source())
        limit, skip = self._parameter(self.query.limit), self._parameter(self.query.skip)
        ordered = found.where(*conditions).order_by(*order_keys(self.query, reading))
        return ordered.limit(UNLIMITED if limit is None else limit).offset(skip)

    def _parameter(self, given: Given | None) -> Any:
        return None if given is None else bindparam(self.parameters.given(given), type_=BigInteger())

    def _conditions(self, reading: Reading, mine: ColumnElement[bool]) -> list[Any]:
        conditions = [*reading.conditions(), mine]
        if self.query.where is not None:
            conditions.append(Where(reading, self.parameters, self.env).condition(self.query.where))
        return conditions

    def _page(self) -> Select[Any]:
        reading = self._reading("t")
        found = select(*self._columns(reading)).select_from(reading.source())
        wanted = InList(reading.value(self.query.root.id), "ids")
        return found.where(*reading.conditions(), wanted)

    def _reading(self, prefix: str) -> Reading:
        return Reading(self.query, self.env, prefix, all_rows=self.all_rows)

    def _columns(self, reading: Reading) -> list[Any]:
        return [reading.value(operand).label(f"c{n}") for n, operand in enumerate(self.query.columns)]


def _limit(ordered: Select[Any]) -> Select[Any]:
    return ordered.limit(bindparam("most", type_=BigInteger()))
