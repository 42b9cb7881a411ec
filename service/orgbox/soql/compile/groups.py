"""Aggregate queries: an inner SELECT of what is grouped and aggregated, an outer one per set of
groups.

Text is grouped without regard to case and shown in one of the forms it has. ROLLUP and CUBE are the
sets put together by UNION ALL, so that both databases answer alike.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Select,
    Subquery,
    cast,
    column,
    func,
    literal_column,
    null,
    select,
    union_all,
)

from orgbox.soql.bound import BoundSelect, Groups
from orgbox.soql.compile.operands import Environment, Reading
from orgbox.soql.compile.order import directed
from orgbox.soql.compile.where import Parameters, Where
from orgbox.soql.operands import Aggregate, Column, GroupFlag, Label, Operand, TypeColumn

Element = ColumnElement[Any]


class GroupElements:
    """Operands over groups: columns of the inner SELECT, grouped or aggregated.

    `present` are the numbers of the operands that count in this set; the others are null.
    """

    def __init__(self, groups: Groups, reading: Reading, inner: dict[str, Element]) -> None:
        self._groups = groups
        self._reading = reading
        self._inner = inner
        self.present: frozenset[int] = groups.sets[0]

    def _column(self, operand: Operand, form: str) -> Element:
        """The inner column with the value, or the form that is compared or sorted by."""
        name = f"{form}{id(operand)}"
        if name not in self._inner:
            element = _FORMS[form](self._reading, operand)
            self._inner[name] = element.label(f"{form}{len(self._inner)}")
        label = self._inner[name]
        return column(label.key or "", label.type)

    def _key(self, operand: Operand) -> Element:
        return self._column(operand, "k")

    def keys(self) -> list[Element]:
        """What the set is grouped by."""
        operands = self._groups.operands
        return [self._key(operands[number]) for number in sorted(self.present)]

    def value(self, operand: Operand) -> Element:
        """What is selected."""
        if isinstance(operand, Aggregate):
            return self._aggregate(operand)
        if isinstance(operand, GroupFlag):
            return literal_column("0" if self._counts(operand.operand) else "1", BigInteger())
        if not self._counts(operand):
            return null()
        return func.min(self._column(operand, "v")) if _is_folded(operand) else self._key(operand)

    def _counts(self, operand: Operand) -> bool:
        return any(self._groups.operands[number] is operand for number in self.present)

    def compared(self, operand: Operand) -> Element:
        """What is compared in HAVING."""
        if isinstance(operand, Label):
            operand = operand.operand
        if isinstance(operand, Aggregate):
            if operand.function in ("MIN", "MAX"):
                return _AGGREGATES[operand.function](self._column(operand.operand, "k"))
            return self._aggregate(operand)
        if isinstance(operand, GroupFlag):
            return self.value(operand)
        return self._key(operand) if self._counts(operand) else null()

    def matched(self, operand: Operand) -> Element:
        """What LIKE is compared with in HAVING."""
        if isinstance(operand, Column) and operand.field.restricted_picklist:
            return func.upper(self._key(operand)) if self._counts(operand) else null()
        return self.compared(operand)

    def prefix(self, operand: TypeColumn) -> Element:
        """The key prefix of a grouped polymorphic reference."""
        return self._column(operand, "p") if self._counts(operand) else null()

    def sorted(self, operand: Operand) -> Element:
        """What is sorted by."""
        if isinstance(operand, Aggregate) and operand.function in ("MIN", "MAX"):
            return _AGGREGATES[operand.function](self._column(operand.operand, "s"))
        if isinstance(operand, Aggregate | GroupFlag):
            return self.value(operand)
        if not self._counts(operand):
            return null()
        ranked = isinstance(operand, Column) and operand.field.picklist
        return func.min(self._column(operand, "s")) if ranked else self._key(operand)

    def _aggregate(self, operand: Aggregate) -> Element:
        if operand.function == "COUNT":
            return func.count(self._column(operand.operand, "v"))
        if operand.function == "COUNT_DISTINCT":
            return func.count(self._column(operand.operand, "k").distinct())
        if operand.function == "AVG":
            return func.avg(cast(self._column(operand.operand, "v"), Float(53)))
        if operand.function == "SUM":
            whole = operand.type.name == "int"
            result = func.sum(self._column(operand.operand, "v"))
            return cast(result, BigInteger) if whole else result
        return _AGGREGATES[operand.function](self._column(operand.operand, _extreme(operand)))


_FORMS: dict[str, Callable[[Reading, Any], Element]] = {
    "v": Reading.value,
    "k": Reading.compared,
    "s": Reading.sorted,
    "p": Reading.prefix,
    "x": Reading.folded_first,
    "r": Reading.ranked_first,
}
"""Columns of the inner SELECT by the first letter of their names."""

_AGGREGATES: dict[str, Callable[[Element], Element]] = {"MIN": func.min, "MAX": func.max}


def _is_folded(operand: Operand) -> bool:
    return operand.type.folded


def _extreme(operand: Aggregate) -> str:
    """Which form of the argument is least or greatest: text carries what it is shown as."""
    inner = operand.operand
    if isinstance(inner, Column) and inner.field.picklist:
        return "r"
    return "x" if _is_folded(inner) else "v"


def repairs(query: BoundSelect) -> tuple[int, ...]:
    """Places in a row where MIN or MAX of text has its sort form before the separator."""
    return tuple(
        number
        for number, operand in enumerate(query.columns)
        if isinstance(operand, Aggregate) and operand.function in ("MIN", "MAX") and _extreme(operand) != "v"
    )


def grouped(
    query: BoundSelect, reading: Reading, parameters: Parameters, env: Environment, where: Any
) -> Select[Any]:
    """The rows of an aggregate query in their order."""
    assert query.groups is not None
    inner: dict[str, Element] = {}
    elements = GroupElements(query.groups, reading, inner)
    parts = []
    for present in query.groups.sets:
        elements.present = present
        parts.append(_part(query, elements, Where(elements, parameters, env)))
    source = select(*inner.values(), literal_column("1").label("one"))
    subquery = source.select_from(reading.source()).where(where).subquery("g")
    parts = [part.select_from(subquery) for part in parts]
    together: Subquery = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery("u")
    return _ordered(query, together)


def _part(query: BoundSelect, elements: GroupElements, where: Where) -> Select[Any]:
    """The rows of one set, with their sort keys behind them."""
    assert query.groups is not None
    columns = [elements.value(o).label(f"c{n}") for n, o in enumerate(query.columns)]
    keys = [elements.sorted(sort.operand).label(f"o{n}") for n, sort in enumerate(query.order)]
    last: list[Element] = []
    for number, operand in enumerate(query.groups.operands):
        total = literal_column("0" if number in elements.present else "1", BigInteger())
        last += [total.label(f"t{number}"), elements.sorted(operand).label(f"g{number}")]
    if len(query.groups.sets) > 1:  # an aggregate makes one row of all records where there is no key
        last.append((literal_column("0", BigInteger()) if elements.present else func.count()).label("all"))
    part = select(*columns, *keys, *last).group_by(*elements.keys())
    if query.groups.having is not None:
        part = part.having(where.condition(query.groups.having))
    return part


def _ordered(query: BoundSelect, together: Subquery) -> Select[Any]:
    assert query.groups is not None
    keys = []
    for number, sort in enumerate(query.order):
        keys.append(directed(together.c[f"o{number}"], sort, nullable=True))
    for number in range(len(query.groups.operands)):
        keys += [together.c[f"t{number}"], together.c[f"g{number}"].asc().nulls_first()]
    shown = [together.c[f"c{number}"] for number in range(len(query.columns))]
    return select(*shown).order_by(*keys)
