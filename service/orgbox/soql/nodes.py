"""The query as written: one frozen value per construct, each with its place in the text.

Nothing is resolved here. Names are as typed; literals are decoded. A literal that may differ
between two queries of the same shape has an `index` into `Query.literals`, the others have None.
"""

from dataclasses import dataclass
from typing import TypeVar, Union, dataclass_transform

from orgbox.limits import Limits
from orgbox.soql.errors import place

LiteralValue = str | int | float | bool | None
_N = TypeVar("_N")


@dataclass_transform(frozen_default=True)
def _node(cls: type[_N]) -> type[_N]:
    """A dataclass that only the type checker holds frozen: freezing it at run time too would make a
    value cost three times as much, and parsing is mostly making values.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


@_node
class Node:
    """Something that begins at `offset` of the query text (`errors.place` turns it into row and
    column).
    """

    offset: int

    def place(self, text: str) -> tuple[int, int]:
        """Row from 1 and column from 0 in the query's text."""
        return place(text, self.offset)


@_node
class Name(Node):
    """A name or dotted path, one token."""

    text: str


@_node
class Call(Node):
    """A function of one argument; None for `COUNT()`."""

    function: str
    argument: Union["Name", "Call", None]
    text: str

    @property
    def innermost(self) -> Name | None:
        """The field at the bottom of nested calls."""
        return self.argument.innermost if isinstance(self.argument, Call) else self.argument


@_node
class Distance(Node):
    """`DISTANCE(field, GEOLOCATION(latitude, longitude), unit)`."""

    field: Name
    latitude: float
    longitude: float
    unit: str


@_node
class Sum(Node):
    """`left + right` or `left - right`: in the grammar, documented nowhere."""

    left: Name
    operator: str
    right: Name


Expression = Name | Call | Distance | Sum


@_node
class Literal(Node):
    """A value. `kind` is string, integer, decimal, date, datetime, time, boolean, null, word or
    list.

    Dates, times and moments are in stored form, decimals floats. A `word` (TODAY, LAST_N_DAYS:3)
    has its upper-case name in `text` and n, or None, in `value`. The value of a string that follows
    LIKE is a pattern in which backslash escapes what is not a wildcard. `text` is the source.
    """

    kind: str
    value: LiteralValue
    text: str
    index: int | None = None


@_node
class Values(Node):
    """The list of IN, INCLUDES or EXCLUDES. With an index it is one parameter of any length."""

    items: tuple[Literal, ...]
    index: int | None = None


@_node
class And(Node):
    """All of the parts."""

    parts: tuple["Condition", ...]


@_node
class Or(Node):
    """Any of the parts."""

    parts: tuple["Condition", ...]


@_node
class Not(Node):
    """Not the part."""

    part: "Condition"


@_node
class Compare(Node):
    """`left operator value`; the operator is one of = != < <= > >= LIKE."""

    left: Expression
    operator: str
    value: Literal


@_node
class Within(Node):
    """`left IN (values)`, NOT IN, INCLUDES or EXCLUDES, told apart by the upper-case operator."""

    left: Expression
    operator: str
    values: Values


@_node
class Join(Node):
    """`left IN (SELECT …)` or NOT IN: a semi-join or anti-join."""

    left: Expression
    negated: bool
    select: "Select"


Condition = And | Or | Not | Compare | Within | Join


@_node
class When(Node):
    """`WHEN type THEN fields` of a TYPEOF."""

    type: Name
    fields: tuple[Name, ...]


@_node
class TypeOf(Node):
    """`TYPEOF field WHEN … ELSE … END`."""

    field: Name
    whens: tuple[When, ...]
    otherwise: tuple[Name, ...]


@_node
class Item(Node):
    """One entry of a SELECT list."""

    value: Union[Expression, TypeOf, "Select"]
    alias: Name | None


@_node
class Source(Node):
    """One entry of a FROM list; `scope` is the word after USING SCOPE."""

    name: Name
    alias: Name | None
    scope: Name | None


@_node
class With(Node):
    """A WITH clause: `what` is "data category", "=", "word" or "tuple"."""

    what: str
    name: str


@_node
class Group(Node):
    """GROUP BY; `kind` is "", "rollup" or "cube"."""

    kind: str
    fields: tuple[Name | Call, ...]


@_node
class Order(Node):
    """One key of ORDER BY; `nulls` is "first", "last" or "" where nothing was said."""

    value: Expression
    descending: bool
    nulls: str


@_node
class Select(Node):
    """A SELECT: the query itself, a child subquery or the inner side of a semi-join."""

    items: tuple[Item, ...]
    sources: tuple[Source, ...]
    where: Condition | None = None
    withs: tuple[With, ...] = ()
    group: Group | None = None
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: Literal | None = None
    skip: Literal | None = None
    marks: tuple[Name, ...] = ()
    updates: tuple[Name, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether the SELECT list is `COUNT()`."""
        only = self.items[0].value
        return isinstance(only, Call) and only.argument is None


@_node
class Query:
    """A parsed text. `shape` is the text without its literals: equal shapes compile to the same
    plan.
    """

    text: str
    select: Select
    shape: str
    literals: tuple[Literal | Values, ...]
    limits: Limits
