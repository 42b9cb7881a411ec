"""Things with a value in each row: fields of the root and of parents, functions of them, aggregates.

They are made once per SELECT, so identity is equality.
"""

from dataclasses import field

from orgbox.catalog.fieldtypes import FieldType
from orgbox.catalog.sobject import Field, SObject
from orgbox.frozen import entity


@entity
class Branch:
    """An SObject read by a SELECT: the root (no parent), or reached from a parent through `via`."""

    sobject: SObject
    parent: "Branch | None" = None
    via: Field | None = None
    columns: dict[str, "Column"] = field(default_factory=dict)

    def column(self, field_: Field) -> "Column":
        """The operand for a field, the same each time."""
        if field_.name not in self.columns:
            self.columns[field_.name] = Column(self, field_)
        return self.columns[field_.name]

    @property
    def id(self) -> "Column":
        """The operand for the Id."""
        return self.column(self.sobject.by_name["id"])


@entity
class Column:
    """A field of the root or of a parent."""

    branch: Branch
    field: Field

    @property
    def type(self) -> FieldType:
        """The field's type."""
        return self.field.type

    @property
    def nullable(self) -> bool:
        """Whether some row can have no value here."""
        return self.branch.parent is not None or self.field.nillable


@entity
class NameColumn:
    """A field of the Name pseudo-object behind a polymorphic reference: from whichever parent is
    there.

    `present` is the operand that has a value where a parent is there; None in that operand itself.
    """

    reference: Column
    name: str
    type: FieldType
    options: tuple[Column, ...]
    present: "NameColumn | None" = None
    nullable: bool = True


@entity
class TypeColumn:
    """`Parent.Type`: the SObject a polymorphic reference points to; prefixes give its name."""

    reference: Column
    present: NameColumn
    type: FieldType
    prefixes: tuple[tuple[str, str], ...]
    nullable: bool = True


@entity
class Applied:
    """A date function; with `zone`, of the moment in the viewer's time zone instead of UTC."""

    function: str
    operand: "Operand"
    zone: bool
    type: FieldType
    nullable: bool = True


@entity
class Distance:
    """How far a place, given by two columns, is from a point, in a unit of `functions.UNITS`."""

    latitude: Column
    longitude: Column
    point: tuple[float, float]
    unit: str
    type: FieldType
    nullable: bool = True


@entity
class Aggregate:
    """An aggregate function over a group."""

    function: str
    operand: "Operand"
    type: FieldType
    nullable: bool = True


@entity
class GroupFlag:
    """`GROUPING(field)`: 1 in the subtotals over the field, else 0."""

    operand: "Operand"
    type: FieldType
    nullable: bool = False


@entity
class Label:
    """`toLabel(field)` where it is compared; selected, it is a way of writing the field."""

    operand: Column
    type: FieldType
    nullable: bool = True


Operand = Column | NameColumn | TypeColumn | Applied | Distance | Aggregate | GroupFlag | Label
