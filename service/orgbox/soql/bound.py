"""The query with every name resolved: what the binder makes and the compiler reads.

Values come as `Given`: which literal of the text, and how it becomes the value to compare with. Both
are kept in the plan, because the next query of the same shape brings other literals.
"""

from collections.abc import Callable

from orgbox.frozen import value
from orgbox.soql.nodes import Literal, Values
from orgbox.soql.operands import Branch, Column, Operand
from orgbox.soql.shape import Shape
from orgbox.soql.viewer import Viewer

Convert = Callable[[Literal], object]
"""A literal to the value it compares with; raises ValueError where the literal cannot be one."""


@value
class Given:
    """The value of literal number `index`, or of a list of them."""

    index: int
    convert: Convert


@value
class UserId:
    """The Id of the viewer."""


@value
class All:
    """Every part holds."""

    parts: tuple["Test", ...]


@value
class Any:
    """Some part holds."""

    parts: tuple["Test", ...]


@value
class Not:
    """The part does not hold."""

    part: "Test"


@value
class Comparison:
    """`operand operator value`; `value` is TRUE or FALSE, the viewer, or a Given."""

    operand: Operand
    operator: str
    value: Given | bool | UserId


@value
class Empty:
    """The operand has no value."""

    operand: Operand


@value
class Like:
    """The operand matches a pattern; `form` is the class of the pattern (see
    `literals.like_class`).
    """

    operand: Operand
    form: str
    value: Given


@value
class Chosen:
    """A value is among those of a multi-select picklist; `value` is the pattern that finds it."""

    operand: Operand
    value: Given


@value
class OneOf:
    """The operand is one of a list given as one parameter."""

    operand: Operand
    values: Given


@value
class During:
    """`operand operator word`: against a range of days; `index` is the literal with n, if the word
    takes one.
    """

    operand: Operand
    operator: str
    word: str
    index: int | None


@value
class InSelect:
    """The operand is among the values of a column of another SELECT."""

    operand: Column
    select: "BoundSelect"
    column: Column


Test = All | Any | Not | Comparison | Empty | Like | Chosen | OneOf | During | InSelect


@value
class Sort:
    """A key of ORDER BY."""

    operand: Operand
    descending: bool
    nulls_last: bool


@value
class Groups:
    """GROUP BY: the operands, and which of them count in each of the answers put together.

    Plain grouping has one set with all of them; ROLLUP and CUBE have several, the first of which is
    it.
    """

    operands: tuple[Operand, ...]
    sets: tuple[frozenset[int], ...]
    having: Test | None = None


@value
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


@value
class ChildRecords:
    """A child subquery: records whose `reference` is the Id of the row."""

    select: BoundSelect
    reference: Column


@value
class ChosenRecord:
    """A TYPEOF: the record `reference` points to, selected by its SObject's key prefix."""

    reference: Column
    selects: tuple[tuple[str, BoundSelect], ...]


Attachment = ChildRecords | ChosenRecord


@value
class BoundQuery:
    """A whole query; `all_rows` includes what is in the recycle bin, as queryAll() does.

    `mark` says what is to be noted of the records found: view, reference, or nothing.
    """

    select: BoundSelect
    viewer: Viewer
    literals: tuple[Literal | Values, ...]
    all_rows: bool = False
    mark: str = ""
