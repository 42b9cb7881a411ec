"""The query as written: one frozen value per construct, each with its place in the text.

Nothing is resolved here. Names are as typed; literals are decoded. A literal that may differ
between two queries of the same shape has an `index` into `Query.literals`, the others have None.
"""

from typing import Union

from orgbox.frozen import value
from orgbox.limits import Limits
from orgbox.soql.errors import place

LiteralValue = str | int | float | bool | None


@value
class Node:
    """Something that begins at `offset` of the query text (`errors.place` turns it into row and
    column).
    """

    offset: int

    def place(self, text: str) -> tuple[int, int]:
        """Row from 1 and column from 0 in the query's text."""
        return place(text, self.offset)


@value
class Name(Node):
    """A name or dotted path, one token."""

    text: str


@value
class Call(Node):
    """A function of one argument; None for `COUNT()`."""

    function: str
    argument: Union["Name", "Call", None]
    text: str

    @property
    def innermost(self) -> Name | None:
        """The field at the bottom of nested calls."""
        return self.argument.innermost if isinstance(self.argument, Call) else self.argument


@value
class Distance(Node):
    """`DISTANCE(field, GEOLOCATION(latitude, longitude), unit)`."""

    field: Name
    latitude: float
    longitude: float
    unit: str


@value
class Sum(Node):
    """`left + right` or `left - right`: in the grammar, documented nowhere."""

    left: Name
    operator: str
    right: Name


Expression = Name | Call | Distance | Sum


@value
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


@value
class Values(Node):
    """The list of IN, INCLUDES or EXCLUDES. With an index it is one parameter of any length."""

    items: tuple[Literal, ...]
    index: int | None = None


@value
class And(Node):
    """All of the parts."""

    parts: tuple["Condition", ...]


@value
class Or(Node):
    """Any of the parts."""

    parts: tuple["Condition", ...]


@value
class Not(Node):
    """Not the part."""

    part: "Condition"


@value
class Compare(Node):
    """`left operator value`; the operator is one of = != < <= > >= LIKE."""

    left: Expression
    operator: str
    value: Literal


@value
class Within(Node):
    """`left IN (values)`, NOT IN, INCLUDES or EXCLUDES, told apart by the upper-case operator."""

    left: Expression
    operator: str
    values: Values


@value
class Join(Node):
    """`left IN (SELECT …)` or NOT IN: a semi-join or anti-join."""

    left: Expression
    negated: bool
    select: "Select"


Condition = And | Or | Not | Compare | Within | Join


@value
class When(Node):
    """`WHEN type THEN fields` of a TYPEOF."""

    type: Name
    fields: tuple[Name, ...]


@value
class TypeOf(Node):
    """`TYPEOF field WHEN … ELSE … END`."""

    field: Name
    whens: tuple[When, ...]
    otherwise: tuple[Name, ...]


@value
class Item(Node):
    """One entry of a SELECT list."""

    value: Union[Expression, TypeOf, "Select"]
    alias: Name | None


@value
class Source(Node):
    """One entry of a FROM list; `scope` is the word after USING SCOPE."""

    name: Name
    alias: Name | None
    scope: Name | None


@value
class With(Node):
    """A WITH clause: `what` is "data category", "=", "word" or "tuple"."""

    what: str
    name: str


@value
class Group(Node):
    """GROUP BY; `kind` is "", "rollup" or "cube"."""

    kind: str
    fields: tuple[Name | Call, ...]


@value
class Order(Node):
    """One key of ORDER BY; `nulls` is "first", "last" or "" where nothing was said."""

    value: Expression
    descending: bool
    nulls: str


@value
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


@value
class Query:
    """A parsed text. `shape` is the text without its literals: equal shapes compile to the same
    plan.
    """

    text: str
    select: Select
    shape: str
    literals: tuple[Literal | Values, ...]
    limits: Limits
