"""The grammar of WHERE and HAVING.

    conditions = NOT condition | condition {AND condition} | condition {OR condition}
    condition  = "(" conditions ")" | field operator value | field [NOT] IN … | field INCLUDES …

AND, OR and NOT do not mix without brackets. Source: Salesforce's published SOQL parser.
"""

from orgbox.soql import literals
from orgbox.soql.cursor import AFTER_TEST, Cursor
from orgbox.soql.lexer import (
    DATE,
    DECIMAL,
    INTEGER,
    MOMENT,
    NAME,
    NAMES,
    OPEN_STRING,
    STRING,
    TIME,
    UNKNOWN,
)
from orgbox.soql.nodes import (
    And,
    Call,
    Compare,
    Condition,
    Distance,
    Expression,
    Item,
    Join,
    Name,
    Not,
    Or,
    Select,
    Sum,
    Within,
)
from orgbox.soql.sources import sources, withs
from orgbox.soql.terms import expression, field

_COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", ">": ">"}

_LITERALS = frozenset({STRING, INTEGER, DECIMAL, DATE, MOMENT, TIME, "+", "-", "true", "false", "null"})
_VALUES = _LITERALS | {NAME, ":", OPEN_STRING, UNKNOWN}


def conditions(cursor: Cursor) -> Condition:
    """One level of conditions, joined by AND or by OR."""
    offset = cursor.offset
    if cursor.accept("not"):
        return Not(offset, _condition(cursor))
    parts = [_condition(cursor)]
    joiner = cursor.kind
    if joiner not in ("and", "or"):
        return parts[0]
    while cursor.accept(joiner):
        parts.append(_condition(cursor))
    return And(offset, tuple(parts)) if joiner == "and" else Or(offset, tuple(parts))


def _condition(cursor: Cursor) -> Condition:
    if cursor.kind == "(":
        cursor.enter()
        cursor.advance()
        inner = conditions(cursor)
        cursor.expect(")", before=AFTER_TEST)
        cursor.leave()
        return inner
    start = cursor.offset
    left = expression(cursor, compared=True)
    return _test(cursor, left, start)


def _test(cursor: Cursor, left: Expression, start: int) -> Condition:
    kind = cursor.kind
    if kind in _COMPARISONS:
        cursor.advance()
        operator = _COMPARISONS[kind]
        if kind in ("<", ">") and cursor.accept("="):
            operator += "="
        return Compare(start, left, operator, literals.value(cursor))
    if isinstance(left, Distance | Sum):
        raise cursor.unexpected()
    if kind == "like":
        cursor.advance()
        return Compare(start, left, "LIKE", literals.value(cursor, like=True))
    if kind in ("includes", "excludes"):
        cursor.advance()
        cursor.expect("(", before=_LITERALS)
        found = literals.choices(cursor)
        cursor.expect(")", before=AFTER_TEST)
        return Within(start, left, kind.upper(), found)
    if kind in ("in", "not"):
        return _in(cursor, left, start)
    raise cursor.unexpected(start)


def _in(cursor: Cursor, left: Name | Call, start: int) -> Condition:
    negated = cursor.accept("not")
    cursor.expect("in", since=start)
    if cursor.kind != "(":
        raise cursor.unexpected(start)
    cursor.advance()
    if cursor.kind == "select":
        inner = _join_select(cursor)
        cursor.expect(")", before=AFTER_TEST)
        return Join(start, left, negated, inner)
    if cursor.kind not in _VALUES:
        raise cursor.unexpected(start)
    found = literals.values(cursor)
    cursor.expect(")", before=AFTER_TEST)
    return Within(start, left, "NOT IN" if negated else "IN", found)


def _join_select(cursor: Cursor) -> Select:
    """The inner side of a semi-join: one field, FROM, WHERE, WITH and nothing else."""
    start = cursor.offset
    cursor.enter()
    cursor.advance()
    item = Item(cursor.offset, field(cursor, NAMES | {"from"}), None)
    cursor.expect("from", before=NAMES)
    found = sources(cursor)
    where = conditions(cursor) if cursor.accept("where") else None
    result = Select(start, (item,), found, where, withs(cursor))
    cursor.leave()
    return result
