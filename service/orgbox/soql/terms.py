"""The grammar of what can be selected, compared and sorted by: paths, functions, DISTANCE, sums.

    field    = path | name "(" path ")" | name "(" name "(" path ")" ")"
    distance = DISTANCE "(" path "," GEOLOCATION "(" number "," number ")" "," string ")"

Functions take one argument, which is a path or one more function; there are no literals in them.
"""

from orgbox.soql import literals
from orgbox.soql.cursor import Cursor
from orgbox.soql.lexer import NAMES, UNKNOWN
from orgbox.soql.nodes import Call, Distance, Expression, Name, Sum


def expression(cursor: Cursor, *, compared: bool = False) -> Expression:
    """The left side of a test (`compared`) or an ORDER BY key."""
    if cursor.kind == "distance" and is_distance(cursor):
        return distance(cursor)
    name = cursor.name()
    if cursor.kind == "(":
        return _call(cursor, name, undecided=compared)
    if compared and cursor.kind in ("+", "-"):
        operator = cursor.token
        cursor.advance()
        return Sum(name.offset, name, operator, cursor.name())
    return name


def field(cursor: Cursor) -> Name | Call:
    """A path or a function of one."""
    name = cursor.name()
    return _call(cursor, name, undecided=False) if cursor.kind == "(" else name


def selected_field(cursor: Cursor, since: int | None) -> Name | Call:
    """A path or a function in a SELECT list, where a wrong function is refused at its bracket."""
    name = cursor.name(since)
    if cursor.kind != "(":
        return name
    kinds = cursor.next_kind(), cursor.next_kind(2)
    if kinds[0] not in NAMES or kinds[1] not in ("(", ")"):
        for _ in range(kinds.index(UNKNOWN) + 1 if UNKNOWN in kinds else 0):
            cursor.advance()
        raise cursor.unexpected()
    return _call(cursor, name, undecided=False)


def _call(cursor: Cursor, function: Name, *, undecided: bool) -> Call:
    """A function whose name was read, the position at its opening bracket.

    What is wrong is told with all that was read since the name, behind the second bracket only if
    what is being read is `undecided`.
    """
    since: int | None = function.offset
    cursor.advance()
    inner: Name | Call = cursor.name(since)
    if cursor.kind == "(":
        cursor.advance()
        since = since if undecided else None
        argument = cursor.name(since)
        _close(cursor, since)
        text = cursor.text[inner.offset : cursor.end_of_last]
        inner = Call(inner.offset, inner.text, argument, text)
    _close(cursor, since)
    text = cursor.text[function.offset : cursor.end_of_last]
    return Call(function.offset, function.text, inner, text)


def _close(cursor: Cursor, since: int | None) -> None:
    if since is None:
        cursor.close()
    else:
        cursor.expect(")", since)


def is_distance(cursor: Cursor) -> bool:
    """Whether the word DISTANCE here begins one of two and more arguments."""
    return cursor.next_kind() == "(" and cursor.next_kind(3) == ","


def distance(cursor: Cursor) -> Distance:
    """A DISTANCE, the position at that word."""
    offset = cursor.offset
    cursor.advance()
    cursor.expect("(")
    location = cursor.name()
    cursor.expect(",")
    cursor.expect("geolocation")
    cursor.expect("(")
    latitude = literals.number(cursor)
    cursor.expect(",")
    longitude = literals.number(cursor)
    cursor.expect(")")
    cursor.expect(",")
    unit = literals.string(cursor)
    cursor.expect(")")
    return Distance(offset, location, latitude, longitude, unit)
