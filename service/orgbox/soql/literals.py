"""The values a query can name: strings with their escapes, numbers, dates, TRUE, FALSE, NULL, date
words.

Source: SOQL reference, Quoted String Escape Sequences, Date Formats and Date Literals; the
published parser.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from orgbox.catalog.fieldtypes import TYPES
from orgbox.soql import errors
from orgbox.soql.cursor import AFTER_TEST, Cursor
from orgbox.soql.dates import WORDS
from orgbox.soql.lexer import DATE, DECIMAL, INTEGER, MOMENT, NAME, OPEN_STRING, STRING, TIME
from orgbox.soql.nodes import Literal, LiteralValue, Values

_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL | re.IGNORECASE)
_ESCAPED: Final = {
    "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\",
}  # fmt: skip
_INVALID_STRING = "Invalid string literal {literal}. Illegal character sequence '{escape}' in string literal"
_EARLIEST, _LATEST = "1700-01-01", "4000-12-31"
MANY = 200
"""Length of a list of Ids up to which FIELDS(ALL) needs no LIMIT; the shape tells longer ones apart."""
_DIGITS = 12
"""Digits read of a whole number that is limited anyway: longer ones are too large all the same."""
NUMBERS = frozenset({"-", "+", INTEGER, DECIMAL})
"""Kinds of tokens that begin a number."""
_AFTER_VALUE = AFTER_TEST | {","}
_TIMES = {DATE: ("date", "date"), MOMENT: ("datetime", "datetime"), TIME: ("time", "time")}


def value(cursor: Cursor, *, like: bool = False) -> Literal:
    """The literal here; it has an index if its value may differ within the shape."""
    first = cursor.index
    literal = _read(cursor, like, len(cursor.literals))
    if literal.index is not None:
        cursor.keep(literal, _marker(literal, like), first)
    return literal


def choices(cursor: Cursor) -> Values:
    """The list of INCLUDES or EXCLUDES: each literal a parameter, its parts counted in the shape."""
    offset, found = cursor.offset, [_choice(cursor)]
    while cursor.accept(","):
        found.append(_choice(cursor))
    return Values(offset, tuple(found))


def _choice(cursor: Cursor) -> Literal:
    first = cursor.index
    if cursor.kind != STRING or cursor.token == "''":
        return _read(cursor)
    literal = _read(cursor, index=len(cursor.literals))
    cursor.keep(literal, "?" + CHOICE * len(chosen(literal)), first)
    return literal


CHOICE = ";"
"""Stands between the values of a multi-select picklist."""


def chosen(literal: Literal) -> list[str]:
    """The values a literal of INCLUDES names together."""
    return [value for part in str(literal.value).split(CHOICE) if (value := part.strip())] or [""]


def values(cursor: Cursor) -> Values:
    """A bracketed list, the position behind its opening bracket; one parameter if neither a date word
    nor a boolean is in it.
    """
    offset, first = cursor.offset, cursor.index
    found = _plain_strings(cursor) or _list(cursor, _read)
    kinds = {"null" if literal.value == "" else literal.kind for literal in found}
    if "word" in kinds or "boolean" in kinds:
        cursor.go_to(first)
        return Values(offset, tuple(_list(cursor, value)))
    result = Values(offset, tuple(found), len(cursor.literals))
    many = "+" if len(found) > MANY else ""
    cursor.keep(result, f"?[{','.join(sorted(kinds))}{many}", first)
    return result


def _plain_strings(cursor: Cursor) -> list[Literal]:
    """The list here if it is of strings without escapes alone, as lists of many Ids are; else nothing."""
    start, first = cursor.offset, cursor.index
    run = cursor.run(STRING)
    if "\\" in cursor.text[start : cursor.offset]:
        cursor.go_to(first)
        return []
    return [Literal(offset, "string", text[1:-1], text) for offset, text in run]


def _list(cursor: Cursor, read: Callable[[Cursor], Literal]) -> list[Literal]:
    found = [read(cursor)]
    while cursor.accept(","):
        found.append(read(cursor))
    return found


def integer(cursor: Cursor) -> Literal:
    """The signed integer of LIMIT and OFFSET."""
    first, offset = cursor.index, cursor.offset
    sign = cursor.token if cursor.kind in ("-", "+") else ""
    if sign:
        cursor.advance()
    token = cursor.token
    cursor.expect(INTEGER)
    literal = Literal(offset, "integer", int(sign + token[:_DIGITS]), sign + token, len(cursor.literals))
    cursor.keep(literal, "?i", first)
    return literal


def number(cursor: Cursor) -> float:
    """A signed number of a GEOLOCATION; it stays part of the shape."""
    if cursor.kind not in NUMBERS:
        raise cursor.unexpected()
    return float(_number(cursor, None).text)


def string(cursor: Cursor) -> str:
    """A string that stays part of the shape."""
    if cursor.kind != STRING:
        raise cursor.unexpected()
    return str(_read(cursor).value)


def _read(cursor: Cursor, like: bool = False, index: int | None = None) -> Literal:
    """The literal here; it gets the index if its value may differ within the shape."""
    kind = cursor.kind
    if kind == STRING:
        offset, token = cursor.take()
        body = token[1:-1]
        if "\\" in body:
            body = _decode(cursor, offset, token, like)
        return Literal(offset, "string", body, token, index)
    if kind in NUMBERS:
        return _number(cursor, index)
    if kind in _TIMES:
        offset, token = cursor.take()
        return Literal(offset, *_moment(cursor, offset, kind, token), token, index)
    if kind in ("true", "false"):
        offset, token = cursor.take()
        return Literal(offset, "boolean", kind == "true", token)
    if kind == "null":
        offset, token = cursor.take()
        return Literal(offset, "null", None, token)
    if kind == NAME and cursor.token.upper() in WORDS:
        return _word(cursor, index)
    if kind == OPEN_STRING:
        raise _open_string(cursor)
    raise _no_literal(cursor)


def _open_string(cursor: Cursor) -> Exception:
    """For a string without its closing quote: refused at the line break in it, or at the end."""
    line_break = cursor.text.find("\n", cursor.offset)
    if line_break >= 0:
        text = "Line breaks not allowed in string literals"
        return errors.syntax_fault(cursor.text, line_break + 1, text)
    end = len(cursor.text)
    row, column = errors.place(cursor.text, end)
    return errors.syntax_fault(cursor.text, end, errors.open_string(row, column, cursor.version))


def _no_literal(cursor: Cursor) -> Exception:
    """Over the API nothing can be bound: `:name` and bare names are refused as values."""
    if cursor.version < errors.OLD_TEXTS_BEFORE and cursor.kind in (":", NAME):
        return errors.syntax_fault(cursor.text, cursor.offset, "Bind variables only allowed in Apex code")
    return cursor.unexpected()


def _number(cursor: Cursor, index: int | None) -> Literal:
    offset = cursor.offset
    sign = cursor.token if cursor.kind in ("-", "+") else ""
    if sign:
        cursor.advance()
    token = sign + cursor.token
    if cursor.kind not in (INTEGER, DECIMAL):
        raise cursor.unexpected(offset)
    whole = cursor.kind == INTEGER and len(token) < 19
    cursor.advance()
    if whole:
        return Literal(offset, "integer", int(token), token, index)
    return Literal(offset, "decimal", float(token), token, index)


def _word(cursor: Cursor, index: int | None) -> Literal:
    offset, token = cursor.take()
    name = token.upper()
    if not cursor.accept(":"):
        return Literal(offset, "word", None, name)
    digits = cursor.token
    cursor.expect(INTEGER, before=_AFTER_VALUE)
    return Literal(offset, "word", int(digits[:_DIGITS]), name, index)


def _moment(cursor: Cursor, offset: int, kind: str, token: str) -> tuple[str, LiteralValue]:
    """Kind and stored form of a date, a moment or a time of day."""
    name, type_name = _TIMES[kind]
    try:
        stored = TYPES[type_name].decode(_utc(token) if kind == TIME else token.upper())
    except (ValueError, OverflowError):
        stored = None
    if stored is None or (kind != TIME and not _EARLIEST <= str(stored)[:10] <= _LATEST):
        raise errors.syntax_fault(cursor.text, offset, f"Invalid {name}: {token}")
    return name, stored


def _utc(token: str) -> str:
    """The time of day in UTC, without its zone."""
    moment = datetime.fromisoformat("2000-01-02T" + token.upper()).astimezone(UTC)
    return f"{moment:%H:%M:%S.%f}"


def _decode(cursor: Cursor, offset: int, token: str, like: bool) -> str:
    """The characters a literal stands for, or with `like` its pattern with `\\` before plain `% _
    \\`.
    """

    def replaced(match: re.Match[str]) -> str:
        escape = match[1].lower()
        if len(escape) == 5:
            decoded = chr(int(escape[1:], 16))
        elif like and escape in ("%", "_"):
            return match[0]
        elif escape in _ESCAPED:
            decoded = _ESCAPED[escape]
        else:
            text = _INVALID_STRING.format(literal=token, escape=match[0])
            raise errors.syntax_fault(cursor.text, offset + match.end() + 1, text)
        return "\\" + decoded if like and decoded in "\\%_" else decoded

    return _ESCAPE.sub(replaced, token[1:-1])


def _marker(literal: Literal, like: bool) -> str:
    """What stands for the literal in the shape: its kind, and what makes a difference to the
    statement.
    """
    if literal.kind == "word":
        return f"{literal.text}:?"
    if literal.kind != "string":
        return f"?{literal.kind[0]}{literal.kind[-1]}"
    if not literal.value:
        return "?empty"
    return f"?{like_class(str(literal.value))}" if like else "?s"


_WILDCARD = re.compile(r"[^\\%_]*(?:\\.[^\\%_]*)*(.*)", re.DOTALL)
_QUOTED = re.compile(r"\\(.)", re.DOTALL)


def _wild_from(pattern: str) -> int:
    """Where the first wildcard stands; the pattern's length if there is none."""
    match = _WILDCARD.match(pattern)
    return match.start(1) if match else 0


def like_prefix(pattern: str) -> tuple[str, str]:
    """A pattern as its plain beginning, unescaped, and the rest from the first wildcard on."""
    length = _wild_from(pattern)
    return _QUOTED.sub(r"\1", pattern[:length]), pattern[length:]


def like_class(pattern: str) -> str:
    """`=` no wildcard, `^` a plain beginning and one `%`, `^~` a beginning and more, `~` none."""
    length = _wild_from(pattern)
    if length == len(pattern):
        return "like="
    if not length:
        return "like~"
    return "like^" if pattern[length:] == "%" else "like^~"
