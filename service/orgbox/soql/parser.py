"""The grammar of a whole query: the SELECT list and the clauses in their order.

    query = SELECT (COUNT "(" ")" | item {"," item}) FROM … [WHERE] [WITH] [GROUP BY [HAVING]]
            [ORDER BY] [LIMIT] [OFFSET] [FOR VIEW] [FOR REFERENCE] [UPDATE …]

One function per rule, written by hand: its faults are placed and worded as the service's. Source:
SOQL reference, SELECT; Salesforce's published SOQL parser for what the reference leaves open.
"""

from orgbox.limits import Limits
from orgbox.soql import errors, literals
from orgbox.soql.cursor import AFTER_GROUP, AFTER_ITEM, AFTER_KEY, NOTHING, Cursor
from orgbox.soql.expressions import conditions
from orgbox.soql.lexer import END, NAMES
from orgbox.soql.nodes import (
    Call,
    Distance,
    Group,
    Item,
    Literal,
    Name,
    Order,
    Query,
    Select,
    TypeOf,
    When,
)
from orgbox.soql.sources import sources, withs
from orgbox.soql.terms import distance, expression, field, is_distance, selected_field


def parse(text: str, limits: Limits, *, version: int = errors.OLD_TEXTS_BEFORE) -> Query:
    """The parsed query. `version` is the API version, by which faults are worded.

    Raises QueryFault MALFORMED_QUERY with row and column, or ApiFault QUERY_TOO_COMPLICATED.
    """
    if len(text) > limits.query_characters:
        raise errors.bare_fault(
            f"SOQL statements can not be longer than {limits.query_characters} characters."
        )
    cursor = Cursor(text, version)
    start = cursor.offset
    cursor.expect("select")
    select = _select(cursor, start)
    if cursor.kind != END:
        raise cursor.unexpected()
    query = Query(text, select, cursor.shape, tuple(cursor.literals), limits)
    if len(text) > limits.query_string_characters:
        check_strings(query, limits)
    return query


def check_strings(query: Query, limits: Limits) -> None:
    """Raise for a string literal that is too long."""
    for literal in query.literals:
        items = (literal,) if isinstance(literal, Literal) else literal.items
        for item in items:
            if item.kind == "string" and len(str(item.value)) > limits.query_string_characters:
                raise errors.syntax_fault(query.text, item.offset, _TOO_LONG.format(limits))


_GROUPS = NAMES | {"rollup", "cube"}
_PLACES = frozenset({"first", "last"})
_TOO_LONG = "SOQL string literals can not be longer than {0.query_string_characters} characters."


def _select(cursor: Cursor, offset: int) -> Select:
    """Everything behind the word SELECT."""
    items = _count(cursor, offset) or _items(cursor, offset)
    cursor.expect("from", before=NAMES)
    found = sources(cursor)
    where = conditions(cursor) if cursor.accept("where") else None
    with_ = withs(cursor) if cursor.kind == "with" else ()
    group = having = None
    order: tuple[Order, ...] = ()
    if cursor.kind == "group":
        group = _group(cursor)
        having = conditions(cursor) if cursor.accept("having") else None
    if cursor.kind == "order":
        order = order_by(cursor)
    limit = literals.integer(cursor) if cursor.accept("limit") else None
    skip = literals.integer(cursor) if cursor.accept("offset") else None
    marks = _marks(cursor) if cursor.kind == "for" else ()
    updates = _updates(cursor) if cursor.accept("update") else ()
    return Select(offset, items, found, where, with_, group, having, order, limit, skip, marks, updates)


def _count(cursor: Cursor, start: int) -> tuple[Item, ...]:
    """`COUNT()`, or nothing if the list is another."""
    if cursor.kind != "count" or cursor.next_kind() != "(":
        return ()
    if cursor.next_kind(2) != ")":
        if cursor.next_kind(2) not in NAMES:
            cursor.advance()
            cursor.advance()
            raise cursor.unexpected(start)
        return ()
    offset, text = cursor.offset, cursor.token
    for _ in range(3):
        cursor.advance()
    return (Item(offset, Call(offset, text, None, f"{text}()"), None),)


def _items(cursor: Cursor, start: int) -> tuple[Item, ...]:
    found = [_item(cursor, start)]
    while cursor.accept(","):
        found.append(_item(cursor, None))
    return tuple(found)


def _item(cursor: Cursor, since: int | None) -> Item:
    offset = cursor.offset
    value: Name | Call | Distance | TypeOf | Select
    if cursor.kind == "(":
        value = _child(cursor)
    elif cursor.kind == "typeof" and cursor.next_kind() in NAMES and cursor.next_kind(2) == "when":
        value = _typeof(cursor)
    elif cursor.kind == "distance" and is_distance(cursor):
        value = distance(cursor)
    else:
        value = selected_field(cursor, since)
    alias = cursor.name() if cursor.kind in NAMES else None
    return Item(offset, value, alias)


def _child(cursor: Cursor) -> Select:
    cursor.enter()
    cursor.advance()
    offset = cursor.offset
    cursor.expect("select")
    inner = _select(cursor, offset)
    cursor.expect(")", before=AFTER_ITEM)
    cursor.leave()
    return inner


def _typeof(cursor: Cursor) -> TypeOf:
    offset = cursor.offset
    cursor.advance()
    subject = cursor.name()
    whens = []
    while cursor.kind == "when":
        whens.append(_when(cursor))
    otherwise = _names(cursor) if cursor.accept("else") else ()
    cursor.expect("end", before=AFTER_ITEM if otherwise else NOTHING)
    return TypeOf(offset, subject, tuple(whens), otherwise)


def _when(cursor: Cursor) -> When:
    offset = cursor.offset
    cursor.advance()
    type_ = cursor.name()
    cursor.expect("then", before=NAMES)
    return When(offset, type_, _names(cursor))


def _names(cursor: Cursor) -> tuple[Name, ...]:
    found = [cursor.name()]
    while cursor.accept(","):
        found.append(cursor.name())
    return tuple(found)


def _group(cursor: Cursor) -> Group:
    offset = cursor.offset
    cursor.advance()
    cursor.expect("by", before=_GROUPS)
    if cursor.kind in ("rollup", "cube"):
        kind = cursor.kind
        cursor.advance()
        cursor.expect("(", before=NAMES)
        fields = _fields(cursor)
        cursor.expect(")", before=AFTER_GROUP)
        return Group(offset, kind, fields)
    return Group(offset, "", _fields(cursor))


def _fields(cursor: Cursor) -> tuple[Name | Call, ...]:
    found = [field(cursor, AFTER_GROUP)]
    while cursor.accept(","):
        found.append(field(cursor, AFTER_GROUP))
    return tuple(found)


def order_by(cursor: Cursor) -> tuple[Order, ...]:
    """ORDER BY, the position at that word."""
    cursor.advance()
    cursor.expect("by", before=NAMES)
    found = [_order(cursor)]
    while cursor.accept(","):
        found.append(_order(cursor))
    return tuple(found)


def _order(cursor: Cursor) -> Order:
    offset, value = cursor.offset, expression(cursor)
    descending = False
    if cursor.kind in ("asc", "desc"):
        descending = cursor.kind == "desc"
        cursor.advance()
    nulls = ""
    if cursor.accept("nulls"):
        if cursor.kind not in _PLACES:
            raise cursor.wrong(_PLACES, before=AFTER_KEY)
        nulls = cursor.kind
        cursor.advance()
    return Order(offset, value, descending, nulls)


def _marks(cursor: Cursor) -> tuple[Name, ...]:
    """FOR VIEW or FOR REFERENCE; FOR UPDATE belongs to Apex."""
    start = cursor.offset
    cursor.advance()
    if cursor.kind not in ("view", "reference"):
        raise cursor.unexpected(start)
    return (cursor.name(),)


def _updates(cursor: Cursor) -> tuple[Name, ...]:
    found = [_update(cursor)]
    while cursor.accept(","):
        found.append(_update(cursor))
    return tuple(found)


def _update(cursor: Cursor) -> Name:
    if cursor.kind == END:
        raise cursor.missing()
    return cursor.plain_name()
