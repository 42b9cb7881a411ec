"""GROUP BY, HAVING and the SELECT list of an aggregate query.

Source: SOQL reference, GROUP BY, GROUP BY ROLLUP, GROUP BY CUBE, HAVING, Considerations When Using
GROUP BY, Aggregate Functions; recorded answers of the service for the texts.
"""

from itertools import combinations

from orgbox.catalog.fieldtypes import FieldType
from orgbox.errors import ApiFault
from orgbox.soql import functions
from orgbox.soql.bound import Groups
from orgbox.soql.calls import function_of, misplaced, operand_of, shown
from orgbox.soql.conditions import Conditions
from orgbox.soql.errors import bare_fault, too_complicated
from orgbox.soql.formats import WRITING, written
from orgbox.soql.functions import FUNCTIONS
from orgbox.soql.layout import MOST_COLUMNS
from orgbox.soql.names import Names
from orgbox.soql.nodes import Call, Expression, Item, Name, Select
from orgbox.soql.operands import Aggregate, Applied, Column, GroupFlag, Label, Operand
from orgbox.soql.shape import Shape, Value
from orgbox.soql.viewer import Viewer

_MOST_ROLLED_UP = 3


def aggregates(select: Select) -> bool:
    """Whether the query gives AggregateResults: it groups, or its SELECT list has an aggregate."""
    if select.group or select.counts:
        return select.group is not None
    return any(_has_aggregate(item.value) for item in select.items)


def _has_aggregate(value: object) -> bool:
    while isinstance(value, Call):
        row = FUNCTIONS.get(value.function.upper())
        if row is not None and row.kind in (functions.AGGREGATE, functions.GROUPING):
            return True
        value = value.argument
    return False


class Grouping:
    """Binds what an aggregate query groups by, selects, and requires of its groups."""

    def __init__(self, select: Select, names: Names, viewer: Viewer) -> None:
        self._select = select
        self._names = names
        self._viewer = viewer
        self._operands = self._grouped()
        self._columns: list[Operand] = []
        self._values: dict[str, Value] = {}

    def _grouped(self) -> tuple[Operand, ...]:
        group = self._select.group
        if group is None:
            return ()
        if group.kind and len(group.fields) > _MOST_ROLLED_UP:
            text = f"GROUP BY {group.kind.upper()} takes at most {_MOST_ROLLED_UP} fields"
            raise self._names.fault("MALFORMED_QUERY", text, group.offset)
        operands: list[Operand] = []
        for field in group.fields:
            operand = operand_of(self._names, field)
            self._check_groupable(operand, field)
            if operand in operands:
                raise bare_fault(f"duplicate grouping expression: {shown(operand)}")
            operands.append(operand)
        return tuple(operands)

    def _check_groupable(self, operand: Operand, node: Name | Call) -> None:
        if isinstance(operand, Aggregate | GroupFlag | Label):
            assert isinstance(node, Call)
            raise misplaced(self._names, node)
        if isinstance(operand, Column) and not operand.field.groupable:
            text = f"field '{operand.field.name}' can not be grouped in a query call"
            raise self._names.fault("INVALID_FIELD", text, node.offset)

    def groups(self) -> Groups:
        """The groups, with HAVING."""
        having = None
        if self._select.having:
            conditions = Conditions(self._names, None, check=self.check)
            having = conditions.bind(self._select.having)
        kind = self._select.group.kind if self._select.group else ""
        return Groups(self._operands, _sets(kind, len(self._operands)), having)

    def check(self, operand: Operand, expression: Expression) -> None:
        """Raise unless the operand is aggregated or grouped."""
        if isinstance(operand, GroupFlag):
            self._check_flag(operand, expression)
        elif not isinstance(operand, Aggregate) and not self._is_grouped(operand):
            raise bare_fault(f"Field must be grouped or aggregated: {shown(operand)}")

    def _is_grouped(self, operand: Operand) -> bool:
        return (operand.operand if isinstance(operand, Label) else operand) in self._operands

    def _check_flag(self, flag: GroupFlag, expression: Expression) -> None:
        rolled_up = self._select.group is not None and self._select.group.kind
        if not rolled_up or flag.operand not in self._operands:
            assert isinstance(expression, Call)
            raise misplaced(self._names, expression)

    def row(self) -> tuple[tuple[Operand, ...], Shape]:
        """The columns of a row and the shape of an AggregateResult."""
        if len(self._select.items) > MOST_COLUMNS:
            raise too_complicated()
        for item in self._select.items:
            self._add(item)
        return tuple(self._columns), Shape(None, tuple(self._values.values()))

    def _add(self, item: Item) -> None:
        if not isinstance(item.value, Name | Call):
            raise bare_fault("TYPEOF and subqueries are not allowed in aggregate queries")
        if isinstance(item.value, Call) and item.value.argument is None:
            raise misplaced(self._names, item.value)
        operand, type_ = self._written(item.value)
        self.check(operand, item.value)
        if isinstance(operand, Aggregate) and operand.operand in self._operands:
            raise self._aggregated_twice(operand, item)
        name = item.alias.text if item.alias else self._name(operand, item.value)
        if name.lower() in self._values:
            raise bare_fault(f"duplicate alias: {name}")
        self._values[name.lower()] = Value(name, type_ or operand.type, len(self._columns))
        self._columns.append(operand)

    def _written(self, value: Name | Call) -> tuple[Operand, FieldType | None]:
        if isinstance(value, Call) and function_of(self._names, value).kind in WRITING:
            return written(self._names, value, self._viewer)
        return operand_of(self._names, value), None

    def _aggregated_twice(self, operand: Aggregate, item: Item) -> ApiFault:
        text = f"Grouped field should not be aggregated: {shown(operand.operand)}"
        return self._names.fault("MALFORMED_QUERY", text, item.offset)

    def _name(self, operand: Operand, value: Name | Call) -> str:
        if isinstance(value, Name) and not isinstance(operand, Aggregate | Applied):
            return shown(operand)
        taken = sum(1 for name in self._values if name.startswith("expr") and name[4:].isdigit())
        return f"expr{taken}"


def _sets(kind: str, count: int) -> tuple[frozenset[int], ...]:
    """Which operands count in each part of the answer, the one with all of them first."""
    everything = range(count)
    if kind == "rollup":
        return tuple(frozenset(everything[:size]) for size in range(count, -1, -1))
    if kind == "cube":
        return tuple(
            frozenset(chosen) for size in range(count, -1, -1) for chosen in combinations(everything, size)
        )
    return (frozenset(everything),)
