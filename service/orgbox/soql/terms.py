"""The grammar of what can be selected, compared and sorted by: paths, functions, DISTANCE, sums.

    field    = path | name "(" path ")" | name "(" name "(" path ")" ")"
    distance = DISTANCE "(" path "," GEOLOCATION "(" number "," number ")" "," string ")"

Functions take one argument, which is a path or one more function; there are no literals in them.
"""

from collections.abc import Set

from orgbox.errors import ApiFault
from orgbox.soql import literals
from orgbox.soql.cursor import AFTER_ITEM, AFTER_KEY, NOTHING, Cursor
from orgbox.soql.lexer import NAMES, STRING, UNKNOWN
from orgbox.soql.nodes import Call, Distance, Expression, Name, Sum

_AFTER_SORTED = AFTER_KEY | {"asc", "desc", "nulls"}
_AFTER_DISTANCE = AFTER_ITEM | _AFTER_SORTED | {"=", "!=", "<>", "<", ">"}


def expression(cursor: Cursor, *, compared: bool = False) -> Expression:
    """The left side of a test (`compared`) or an ORDER BY key."""
    if cursor.kind == "distance" and is_distance(cursor):
        return distance(cursor)
    name = cursor.name()
    if cursor.kind == "(":
        return _call(cursor, name, NOTHING if compared else _AFTER_SORTED, undecided=compared)
    if compared and cursor.kind in ("+", "-"):
        operator = cursor.token
        cursor.advance()
        return Sum(name.offset, name, operator, cursor.name())
    return name


def field(cursor: Cursor, before: Set[str]) -> Name | Call:
    """A path or a function of one, behind which those kinds of tokens can stand."""
    name = cursor.name()
    return _call(cursor, name, before) if cursor.kind == "(" else name


def selected_field(cursor: Cursor, since: int | None) -> Name | Call:
    """A path or a function in a SELECT list, where a wrong function is refused at its bracket."""
    kind = cursor.kind
    name = cursor.name(since)
    if cursor.kind != "(":
        return name
    if not _begins_call(cursor.next_kind(), cursor.next_kind(2)):
        raise _wrong_distance(cursor, name) if kind == "distance" else _wrong_call(cursor)
    return _call(cursor, name, AFTER_ITEM)


def _begins_call(argument: str, end: str) -> bool:
    return argument in NAMES and end in ("(", ")")


def _wrong_distance(cursor: Cursor, name: Name) -> ApiFault:
    """Told where it is wrong, with all that was read since the word."""
    cursor.advance()
    if cursor.kind in NAMES:
        cursor.advance()
    return cursor.unexpected(name.offset)


def _wrong_call(cursor: Cursor) -> ApiFault:
    """Told of the bracket, or of a character that begins no token if nothing else is wrong."""
    ahead = [cursor.next_kind(further) for further in (1, 2, 3)]
    known = [kind for kind in ahead if kind != UNKNOWN]
    if len(known) == 2 and _begins_call(*known):
        for _ in range(ahead.index(UNKNOWN) + 1):
            cursor.advance()
    return cursor.unexpected()


def _call(cursor: Cursor, function: Name, before: Set[str], *, undecided: bool = False) -> Call:
    """A function whose name was read, the position at its opening bracket.

    What is wrong is told with all that was read since the name, behind the second bracket only if
    what is being read is `undecided`; if not, tokens of the kinds `before` can follow.
    """
    since: int | None = function.offset
    cursor.advance()
    inner: Name | Call = cursor.name(since)
    if cursor.kind == "(":
        cursor.advance()
        since = since if undecided else None
        argument = cursor.name(since)
        cursor.expect(")", since=since)
        text = cursor.text[inner.offset : cursor.end_of_last]
        inner = Call(inner.offset, inner.text, argument, text)
    cursor.expect(")", before=before if since is None else NOTHING, since=since)
    text = cursor.text[function.offset : cursor.end_of_last]
    return Call(function.offset, function.text, inner, text)


def is_distance(cursor: Cursor) -> bool:
    """Whether the word DISTANCE here begins one of two and more arguments."""
    return cursor.next_kind() == "(" and cursor.next_kind(3) == ","


def distance(cursor: Cursor) -> Distance:
    """A DISTANCE, the position at that word."""
    offset = cursor.offset
    cursor.advance()
    cursor.expect("(")
    location = cursor.name(offset)
    cursor.expect(",")
    cursor.expect("geolocation")
    cursor.expect("(", before=literals.NUMBERS)
    latitude = literals.number(cursor)
    cursor.expect(",", before=literals.NUMBERS)
    longitude = literals.number(cursor)
    cursor.expect(")", before={","})
    cursor.expect(",", before={STRING})
    unit = literals.string(cursor)
    cursor.expect(")", before=_AFTER_DISTANCE)
    return Distance(offset, location, latitude, longitude, unit)
