"""From a SELECT list to the columns of a row and the shape of a record.

Paths that begin alike become one nested parent, where the first of them stands in the list. The Id
of the root is always among the columns: pages and children are found by it.
"""

from dataclasses import dataclass, field

from orgbox.catalog import SObject
from orgbox.catalog.fieldtypes import FieldType
from orgbox.errors import ApiFault
from orgbox.frozen import value
from orgbox.soql.bound import Attachment
from orgbox.soql.calls import shown
from orgbox.soql.compounds import parts
from orgbox.soql.errors import bare_fault, too_complicated
from orgbox.soql.names import NAME_OBJECT
from orgbox.soql.operands import Branch, Column, NameColumn, Operand, TypeColumn
from orgbox.soql.shape import Children, Choice, Compound, Item, Parent, Shape, Value

MOST_COLUMNS = 1_000
"""Columns of a row; PostgreSQL has 1,664 at most, SQLite 2,000."""


@dataclass(slots=True)
class _Nest:
    """A parent being put together: its SObject, the column that tells whether it is there, its
    items.
    """

    name: str
    sobject: SObject
    present: int
    items: "dict[str, Item | _Nest | _Attached]" = field(default_factory=dict)


@value
class _Attached:
    """The place of an attachment: its name, what the shape calls it, its number."""

    name: str
    kind: type[Children | Choice]
    number: int


class Layout:
    """Columns and items of one SELECT, in the order they are added."""

    def __init__(self, root: Branch) -> None:
        self.columns: list[Operand] = []
        self.attachments: list[Attachment] = []
        self._places: dict[int, int] = {}
        self._top = _Nest("", root.sobject, self.place(root.id))

    def place(self, operand: Operand) -> int:
        """The index of an operand in the row, the same for the same operand."""
        key = id(operand)
        if key not in self._places:
            if len(self.columns) >= MOST_COLUMNS:
                raise too_complicated()
            self._places[key] = len(self.columns)
            self.columns.append(operand)
        return self._places[key]

    def attach(self, name: str, kind: type[Children | Choice], attachment: Attachment) -> None:
        """Add what comes from statements of its own. Raises INVALID_FIELD for a name used twice."""
        if name.lower() in self._top.items:
            raise duplicate(name)
        self._top.items[name.lower()] = _Attached(name, kind, len(self.attachments))
        self.attachments.append(attachment)

    def add(self, operand: Operand, type_: FieldType | None = None, alias: str = "") -> None:
        """Add a selected field, written as `type_` if that is given and named by its alias.

        Raises INVALID_FIELD for a field selected twice.
        """
        if alias:
            nest, name = self._top, alias
            item: Item = Value(alias, type_ or operand.type, self.place(operand))
        else:
            nest = self._nest(operand)
            item = self._item(operand, type_)
            name = item.name
        if name.lower() in nest.items:
            raise duplicate(name)
        nest.items[name.lower()] = item

    def _item(self, operand: Operand, type_: FieldType | None) -> Item:
        if isinstance(operand, Column) and not operand.field.stored:
            return Compound(operand.field.name, operand.type, self._parts(operand))
        return Value(shown(operand), type_ or operand.type, self.place(operand))

    def _parts(self, column: Column) -> tuple[Value, ...]:
        found = parts(column.branch.sobject, column.field)
        return tuple(
            Value(name, field_.type, self.place(column.branch.column(field_)))
            for name, field_ in found.items()
        )

    def _nest(self, operand: Operand) -> _Nest:
        nest = self._top
        for branch, name in _steps(operand):
            found = nest.items.get(name.lower())
            if not isinstance(found, _Nest):
                sobject = branch.sobject if isinstance(branch, Branch) else NAME_OBJECT
                present = self.place(branch.id if isinstance(branch, Branch) else branch)
                found = nest.items[name.lower()] = _Nest(name, sobject, present)
            nest = found
        return nest

    def shape(self) -> Shape:
        """The shape of a record."""
        return _freeze(self._top, len(self.columns))


def _steps(operand: Operand) -> list[tuple[Branch | NameColumn, str]]:
    """The parents on the way to an operand, each with its relationship name."""
    if isinstance(operand, Column):
        return _branch_steps(operand.branch)
    if not isinstance(operand, NameColumn | TypeColumn):
        return []
    reference = operand.reference
    name = reference.field.relationship_name or reference.field.name
    present = operand.present or operand
    assert isinstance(present, NameColumn)
    return [*_branch_steps(reference.branch), (present, name)]


def _branch_steps(branch: Branch) -> list[tuple[Branch | NameColumn, str]]:
    steps: list[tuple[Branch | NameColumn, str]] = []
    while branch.parent is not None and branch.via is not None:
        steps.insert(0, (branch, branch.via.relationship_name or branch.via.name))
        branch = branch.parent
    return steps


def _freeze(nest: _Nest, width: int) -> Shape:
    """The shape of a nest; attachments follow the `width` columns of the row."""
    items: list[Item] = []
    for item in nest.items.values():
        if isinstance(item, _Nest):
            items.append(Parent(item.name, _freeze(item, width), item.present))
        elif isinstance(item, _Attached):
            items.append(item.kind(item.name, width + item.number))
        else:
            items.append(item)
    return Shape(nest.sobject, tuple(items))


def duplicate(name: str) -> ApiFault:
    """The fault for a field selected twice."""
    return bare_fault(f"duplicate field selected: {name}", "INVALID_FIELD")
