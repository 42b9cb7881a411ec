"""The grammar of what can be selected, compared and sorted by: paths, functions, DISTANCE, sums.

    field    = path | name "(" path ")" | name "(" name "(" path ")" ")"
    distance = DISTANCE "(" path "," GEOLOCATION "(" number "," number ")" "," string ")"

Functions take one argument, which is a path or one more function; there are no literals in them.
"""

from orgbox.soql import literals
from orgbox.soql.cursor import Cursor
from orgbox.soql.nodes import Call, Distance, Expression, Name, Sum


def expression(cursor: Cursor) -> Expression:
    """The left side of a test or an ORDER BY key."""
    if cursor.word == "distance" and cursor.next_kind() == "(":
        return distance(cursor)
    name = cursor.name()
    if cursor.kind == "(":
        return call(cursor, name)
    if cursor.kind in ("+", "-"):
        operator = cursor.token
        cursor.advance()
        return Sum(name.offset, name, operator, cursor.name())
    return name


def field(cursor: Cursor) -> Name | Call:
    """A path or a function of one."""
    name = cursor.name()
    return call(cursor, name) if cursor.kind == "(" else name


def call(cursor: Cursor, function: Name) -> Call:
    """A function whose name was read, the position at its opening bracket."""
    cursor.advance()
    inner: Name | Call = cursor.name()
    if cursor.kind == "(":
        cursor.advance()
        argument = cursor.name()
        cursor.expect(")")
        text = cursor.text[inner.offset : cursor.end_of_last]
        inner = Call(inner.offset, inner.text, argument, text)
    cursor.expect(")")
    text = cursor.text[function.offset : cursor.end_of_last]
    return Call(function.offset, function.text, inner, text)


def distance(cursor: Cursor) -> Distance:
    """A DISTANCE, the position at that word."""
    offset = cursor.offset
    cursor.advance()
    cursor.expect("(")
    location = cursor.name()
    cursor.expect(",")
    cursor.expect_word("geolocation")
    cursor.expect("(")
    latitude = literals.number(cursor)
    cursor.expect(",")
    longitude = literals.number(cursor)
    cursor.expect(")")
    cursor.expect(",")
    unit = literals.string(cursor)
    cursor.expect(")")
    return Distance(offset, location, latitude, longitude, unit)
