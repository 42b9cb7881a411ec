"""The grammar of WHERE and HAVING.

    conditions = NOT condition | condition {AND condition} | condition {OR condition}
    condition  = "(" conditions ")" | field operator value | field [NOT] IN … | field INCLUDES …

AND, OR and NOT do not mix without brackets. Source: Salesforce's published SOQL parser.
"""

from orgbox.soql import literals
from orgbox.soql.cursor import Cursor
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

_COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


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
        _close(cursor)
        cursor.leave()
        return inner
    start = cursor.offset
    left = expression(cursor)
    return _test(cursor, left, start)


def _close(cursor: Cursor) -> None:
    if cursor.kind == "end":
        raise cursor.missing()
    cursor.expect(")")


def _test(cursor: Cursor, left: Expression, start: int) -> Condition:
    kind = cursor.kind
    if kind in _COMPARISONS:
        cursor.advance()
        return Compare(start, left, _COMPARISONS[kind], literals.value(cursor))
    if isinstance(left, Distance | Sum):
        raise cursor.unexpected()
    if kind == "like":
        cursor.advance()
        return Compare(start, left, "LIKE", literals.value(cursor, like=True))
    if kind in ("includes", "excludes"):
        cursor.advance()
        cursor.expect("(")
        found = literals.values(cursor)
        cursor.expect(")")
        return Within(start, left, kind.upper(), found)
    if kind in ("in", "not"):
        return _in(cursor, left, start)
    raise cursor.unexpected(start)


def _in(cursor: Cursor, left: Name | Call, start: int) -> Condition:
    negated = cursor.accept("not")
    cursor.expect("in", start)
    if cursor.kind != "(":
        raise cursor.unexpected(start)
    cursor.advance()
    if cursor.kind == "select":
        inner = _join_select(cursor)
        cursor.expect(")")
        return Join(start, left, negated, inner)
    if cursor.kind == ")":
        raise cursor.unexpected(start)
    found = literals.values(cursor)
    cursor.expect(")")
    return Within(start, left, "NOT IN" if negated else "IN", found)


def _join_select(cursor: Cursor) -> Select:
    """The inner side of a semi-join: one field, FROM, WHERE, WITH and nothing else."""
    start = cursor.offset
    cursor.enter()
    cursor.advance()
    item = Item(cursor.offset, field(cursor), None)
    cursor.expect("from")
    found = sources(cursor)
    where = conditions(cursor) if cursor.accept("where") else None
    result = Select(start, (item,), found, where, withs(cursor))
    cursor.leave()
    return result
