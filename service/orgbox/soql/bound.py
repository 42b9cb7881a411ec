"""The query with every name resolved: what the binder makes and the compiler reads.

Operands are things with a value in each row; they are made once per SELECT, so identity is
equality. Values come as `Given`: which literal of the text, and how it becomes the value to compare
with. Both are kept in the plan, because the next query of the same shape brings other literals.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from orgbox.catalog.fieldtypes import FieldType
from orgbox.catalog.sobject import Field, SObject
from orgbox.soql.dates import Today, week_start
from orgbox.soql.nodes import Literal, Values
from orgbox.soql.shape import Shape


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: an 18-character id, zone and locale keys, whether all data is visible, the API
    version.
    """

    user_id: str
    time_zone: str = "GMT"
    locale: str = "en_US"
    sees_all: bool = True
    version: int = 61
    fiscal_month: int = 1

    @property
    def kind(self) -> tuple[object, ...]:
        """What a plan depends on: all but who it is."""
        return self.time_zone, self.locale, self.sees_all, self.version, self.fiscal_month

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of date words."""
        return ZoneInfo(self.time_zone)

    def today(self, day: date) -> Today:
        """What date words depend on, on that day."""
        return Today(day, week_start(self.locale), self.fiscal_month)


@dataclass(eq=False, slots=True)
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


@dataclass(frozen=True, eq=False, slots=True)
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


@dataclass(frozen=True, eq=False, slots=True)
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


@dataclass(frozen=True, eq=False, slots=True)
class TypeColumn:
    """`Parent.Type`: the SObject a polymorphic reference points to; prefixes give its name."""

    reference: Column
    present: NameColumn
    type: FieldType
    prefixes: tuple[tuple[str, str], ...]
    nullable: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Applied:
    """A date function; with `zone`, of the moment in the viewer's time zone instead of UTC."""

    function: str
    operand: "Operand"
    zone: bool
    type: FieldType
    nullable: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Distance:
    """How far a place, given by two columns, is from a point, in a unit of `functions.UNITS`."""

    latitude: Column
    longitude: Column
    point: tuple[float, float]
    unit: str
    type: FieldType
    nullable: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Aggregate:
    """An aggregate function over a group."""

    function: str
    operand: "Operand"
    type: FieldType
    nullable: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class GroupFlag:
    """`GROUPING(field)`: 1 in the subtotals over the field, else 0."""

    operand: "Operand"
    type: FieldType
    nullable: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Label:
    """`toLabel(field)` where it is compared; selected, it is a way of writing the field."""

    operand: Column
    type: FieldType
    nullable: bool = True


Operand = Column | NameColumn | TypeColumn | Applied | Distance | Aggregate | GroupFlag | Label

Convert = Callable[[Literal], object]
"""A literal to the value it compares with; raises ValueError where the literal cannot be one."""


@dataclass(frozen=True, slots=True)
class Given:
    """The value of literal number `index`, or of a list of them."""

    index: int
    convert: Convert


@dataclass(frozen=True, slots=True)
class UserId:
    """The Id of the viewer."""


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple["Test", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Some part holds."""

    parts: tuple["Test", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Test"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operand operator value`; `value` is TRUE or FALSE, the viewer, or a Given."""

    operand: Operand
    operator: str
    value: Given | bool | UserId


@dataclass(frozen=True, slots=True)
class Empty:
    """The operand has no value."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class Like:
    """The operand matches a pattern; `form` is the class of the pattern (see
    `literals.like_class`).
    """

    operand: Operand
    form: str
    value: Given


@dataclass(frozen=True, slots=True)
class Chosen:
    """A value is among those of a multi-select picklist; `value` is the pattern that finds it."""

    operand: Operand
    value: Given


@dataclass(frozen=True, slots=True)
class OneOf:
    """The operand is one of a list given as one parameter."""

    operand: Operand
    values: Given


@dataclass(frozen=True, slots=True)
class During:
    """`operand operator word`: against a range of days; `index` is the literal with n, if the word
    takes one.
    """

    operand: Operand
    operator: str
    word: str
    index: int | None


@dataclass(frozen=True, slots=True)
class InSelect:
    """The operand is among the values of a column of another SELECT."""

    operand: Column
    select: "BoundSelect"
    column: Column


Test = All | Any | Not | Comparison | Empty | Like | Chosen | OneOf | During | InSelect


@dataclass(frozen=True, slots=True)
class Sort:
    """A key of ORDER BY."""

    operand: Operand
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Groups:
    """GROUP BY: the operands, and which of them count in each of the answers put together.

    Plain grouping has one set with all of them; ROLLUP and CUBE have several, the first of which is
    it.
    """

    operands: tuple[Operand, ...]
    sets: tuple[frozenset[int], ...]
    having: Test | None = None


@dataclass(frozen=True, slots=True)
class BoundSelect:
    """A SELECT resolved: what it reads, which columns its rows have, and what they look like.

    Records of children and of TYPEOF are not in `columns`: each attachment adds one value to the
    row.
    """

    root: Branch
    branches: tuple[Branch, ...]
    columns: tuple[Operand, ...]
    shape: Shape
    where: Test | None = None
    order: tuple[Sort, ...] = ()
    limit: Given | None = None
    skip: Given | None = None
    counts: bool = False
    groups: Groups | None = None
    attachments: tuple["Attachment", ...] = ()


@dataclass(frozen=True, slots=True)
class ChildRecords:
    """A child subquery: records whose `reference` is the Id of the row."""

    select: BoundSelect
    reference: Column


@dataclass(frozen=True, slots=True)
class ChosenRecord:
    """A TYPEOF: the record `reference` points to, selected by its SObject's key prefix."""

    reference: Column
    selects: tuple[tuple[str, BoundSelect], ...]


Attachment = ChildRecords | ChosenRecord


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """A whole query; `all_rows` includes what is in the recycle bin, as queryAll() does.

    `mark` says what is to be noted of the records found: view, reference, or nothing.
    """

    select: BoundSelect
    viewer: Viewer
    literals: tuple[Literal | Values, ...]
    all_rows: bool = False
    mark: str = ""
