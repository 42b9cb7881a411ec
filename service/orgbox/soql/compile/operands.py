"""Operands as SQL: which column holds a field, which one it is compared and sorted by."""

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
)

from orgbox.catalog import SObject
from orgbox.catalog.fieldtypes import fold
from orgbox.frozen import value
from orgbox.soql.bound import BoundSelect
from orgbox.soql.compile.dates import date_part, local
from orgbox.soql.compile.distance import great_circle
from orgbox.soql.compile.plan import SEPARATOR
from orgbox.soql.compile.views import COLUMNS, seen
from orgbox.soql.functions import UNITS
from orgbox.soql.operands import Applied, Branch, Column, Distance, Label, NameColumn, Operand, TypeColumn
from orgbox.soql.viewer import Viewer

Element = ColumnElement[Any]


class RowFilter(Protocol):
    """What users of a kind read; what it returns may use the parameters `org` and `user`."""

    def __call__(self, sobject: SObject, rows: FromClause) -> ColumnElement[bool] | None:
        """A condition every record read must meet, or None."""

    def shown(self, sobject: SObject, rows: FromClause, name: str) -> Element | None:
        """What is shown of a column that some records hide, None for any other."""


_RANK = 1_000
"""Added to ranks of picklist values, so that as text they sort as numbers."""


class Tables(Protocol):
    """The tables of an org."""

    def aliased(self, name: str, label: str) -> FromClause:
        """The table of an SObject under another name, the same object each time."""


@value
class Environment:
    """What all statements of a plan share."""

    tables: Tables
    viewer: Viewer
    row_filter: RowFilter | None


class Elements(Protocol):
    """Operands as SQL, over records or over groups of them."""

    def value(self, operand: Operand) -> Element:
        """What is selected: the text as stored."""

    def compared(self, operand: Operand) -> Element:
        """What is compared: folded text, canonical picklist values, ids."""

    def matched(self, operand: Operand) -> Element:
        """What LIKE and < are compared with."""

    def prefix(self, operand: TypeColumn) -> Element:
        """The key prefix of a polymorphic reference."""


class Reading:
    """The tables one SELECT reads, each under an alias of its own."""

    def __init__(
        self, select: BoundSelect, env: "Environment", prefix: str, *, all_rows: bool = False
    ) -> None:
        self._row_filter = env.row_filter
        self._viewer = env.viewer
        self._all_rows = all_rows
        tables = env.tables
        self._aliases = {
            branch: tables.aliased(branch.sobject.name, f"{prefix}{number}")
            for number, branch in enumerate(select.branches)
        }
        self.select = select
        self.root = self._aliases[select.root]

    def source(self) -> FromClause:
        """The root and its parents, outer-joined: a hidden parent is like none."""
        joined: FromClause = self.root
        for branch, alias in self._aliases.items():
            if branch.parent is not None and branch.via is not None:
                reference = self._aliases[branch.parent].c[branch.via.name]
                on = and_(alias.c.Id == reference, *self._readable(branch.sobject, alias))
                joined = joined.outerjoin(alias, on)
        return joined

    def conditions(self) -> list[ColumnElement[bool]]:
        """What every record of the root must meet before any WHERE."""
        conditions = self._readable(self.select.root.sobject, self.root)
        if not self._all_rows and "IsDeleted" in self.root.c:
            conditions.append(self.root.c.IsDeleted.is_not(True))
        return conditions

    def _readable(self, sobject: SObject, alias: FromClause) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = [alias.c.org == bindparam("org", type_=alias.c.org.type)]
        visible = self._row_filter(sobject, alias) if self._row_filter else None
        return conditions if visible is None else [*conditions, visible]

    def column(self, branch: Branch, name: str) -> Element:
        """A column of a table read, or what takes its place."""
        alias = self._aliases[branch]
        if name in COLUMNS:
            return seen(name, alias)
        shown = self._row_filter.shown(branch.sobject, alias, name) if self._row_filter else None
        return alias.c[name] if shown is None else shown

    def value(self, operand: Operand) -> Element:
        """What is selected: the text as stored."""
        if isinstance(operand, Column):
            return self.column(operand.branch, operand.field.name)
        if isinstance(operand, NameColumn):
            return _coalesce([self.value(option) for option in operand.options])
        if isinstance(operand, TypeColumn):
            return self._type(operand, lambda name: name)
        return self.compared(operand)

    def compared(self, operand: Operand) -> Element:
        """What is compared and sorted by: folded text, canonical picklist values, ids."""
        if isinstance(operand, Column):
            return self._compared_column(operand)
        if isinstance(operand, NameColumn):
            return _coalesce([self.compared(option) for option in operand.options])
        if isinstance(operand, TypeColumn):
            return self._type(operand, fold)
        if isinstance(operand, Applied):
            return self._date_part(operand)
        if isinstance(operand, Distance):
            return self._distance(operand)
        assert isinstance(operand, Label)
        return self._label(operand)

    def _distance(self, operand: Distance) -> Element:
        numbers: list[Element] = [literal_column(f"({n!r})") for n in (*operand.point, UNITS[operand.unit])]
        return great_circle(self.value(operand.latitude), self.value(operand.longitude), *numbers)

    def matched(self, operand: Operand) -> Element:
        """What LIKE is compared with: as `compared`, but in upper case for any picklist."""
        if isinstance(operand, Column) and operand.field.restricted_picklist:
            return func.upper(self.value(operand))
        return self.compared(operand)

    def _date_part(self, operand: Applied) -> Element:
        text = self.value(operand.operand)
        if operand.zone:
            text = local(text, self._viewer.zone)
        return date_part(operand.function, text, self._viewer.fiscal_month)

    def _label(self, operand: Label) -> Element:
        value = self.value(operand.operand)
        entries = operand.operand.field.picklist
        if not entries:
            return self.compared(operand.operand)
        return case(*((value == e.value, fold(e.label or e.value)) for e in entries), else_=value)

    def _compared_column(self, column: Column) -> Element:
        field = column.field
        if field.type.name == "boolean" and column.branch.parent:  # of no parent it is false
            return func.coalesce(self.column(column.branch, field.name), false())
        if field.case_sensitive or field.restricted_picklist or not field.type.folded:
            return self.column(column.branch, field.name)
        if field.shadow:
            return self.column(column.branch, field.shadow)
        return func.upper(self.column(column.branch, field.name))

    def _type(self, operand: TypeColumn, shown: Callable[[str], str]) -> Element:
        prefix = self.prefix(operand)
        return case(*((prefix == p, shown(name)) for p, name in operand.prefixes))

    def prefix(self, operand: TypeColumn) -> Element:
        """The key prefix of a polymorphic reference."""
        return func.substr(self.value(operand.reference), 1, 3)

    def sorted(self, operand: Operand) -> Element:
        """What is sorted by: picklists by the order of their values."""
        if isinstance(operand, Column) and operand.field.picklist:
            value = self.column(operand.branch, operand.field.name)
            ranks = [(value == e.value, n) for n, e in enumerate(operand.field.picklist)]
            return case(*ranks, (value.is_not(None), len(ranks)))
        return self.compared(operand)

    def folded_first(self, operand: Operand) -> Element:
        """Text with its folded form before it, for the least and greatest of a group."""
        return _joined(self.compared(operand), self.value(operand))

    def ranked_first(self, operand: Operand) -> Element:
        """A picklist value with its rank, in four digits, before it."""
        rank = cast(self.sorted(operand) + _RANK, Text)
        return _joined(rank, self.value(operand))


def _joined(first: Element, second: Element) -> Element:
    return first.concat(literal(SEPARATOR, Text())).concat(second)


def _coalesce(options: list[Element]) -> Element:
    if not options:
        return literal(None)
    return options[0] if len(options) == 1 else func.coalesce(*options)
