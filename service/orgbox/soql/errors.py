"""Faults with a place in the query text: excerpt, caret, row and column as the service writes them.

Rows are counted by line feed from 1. Syntax errors count columns from 0, errors about a name from
1; the caret stands at column - 1 in both, so under a name but one to the left of a wrong token. The
excerpt is up to 30 characters to either side, widened to whole words. The rule reproduces every
recorded answer of the service that was found.
"""

from orgbox.errors import ApiFault, QueryFault
from orgbox.soql.lexer import RESERVED

OLD_TEXTS_BEFORE = 61
"""API version from which syntax errors are worded as announced in the Summer '24 release notes."""

_TOO_COMPLICATED = (
    "Query is either selecting too many fields or the filter conditions are too complicated."
)
_REACH = 30
_BREAKS = " \t,"
_PLACED = frozenset({"MALFORMED_QUERY", "INVALID_FIELD", "INVALID_TYPE", "MALFORMED_SEARCH"})


def place(text: str, offset: int) -> tuple[int, int]:
    """Row from 1 and column from 0 of a place in the text."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1)


def block(text: str, row: int, column: int, message: str) -> str:
    """The message with its excerpt, caret and place before it."""
    line = text.split("\n")[row - 1]
    start, end = max(0, column - 1 - _REACH), min(len(line), column + _REACH)
    while start > 0 and line[start - 1] not in _BREAKS:
        start -= 1
    while end < len(line) and line[end] not in _BREAKS:
        end += 1
    blanks = " " * (column - 1 - start)
    return f"\n{line[start:end]}\n{blanks}^\nERROR at Row:{row}:Column:{column}\n{message}"


def name_fault(code: str, message: str, text: str, offset: int) -> ApiFault:
    """A fault about the name that begins at `offset`."""
    row, column = place(text, offset)
    return _fault(code, block(text, row, column + 1, message), row, column + 1)


def syntax_fault(text: str, offset: int, message: str) -> ApiFault:
    """A MALFORMED_QUERY at the token that begins at `offset`; bare if it is the first."""
    row, column = place(text, offset)
    if not text[:offset].strip():
        return QueryFault("MALFORMED_QUERY", message, row=row, column=column)
    return _fault("MALFORMED_QUERY", block(text, row, column, message), row, column)


def bare_fault(message: str, code: str = "MALFORMED_QUERY") -> ApiFault:
    """A fault about the statement as a whole: no excerpt, row and column -1."""
    return QueryFault(code, message) if code in _PLACED else ApiFault(code, message)


def unsupported_fault(what: str, text: str, offset: int) -> ApiFault:
    """For what the service understands and the emulator does not: said aloud, never ignored."""
    message = f"{what} is not supported by this emulator"
    return name_fault("MALFORMED_QUERY", message, text, offset)


def too_complicated() -> ApiFault:
    """The fault for a query that would take too much to compile: too many fields, conditions, brackets."""
    return ApiFault("QUERY_TOO_COMPLICATED", _TOO_COMPLICATED)


def _fault(code: str, message: str, row: int, column: int) -> ApiFault:
    if code in _PLACED:
        return QueryFault(code, message, row=row, column=column)
    return ApiFault(code, message)


def unexpected_token(token: str, construct: str, version: int) -> str:
    """The text for a token that cannot stand where it does.

    `construct` is the source from the beginning of the undecided construct to the token, often the
    token alone.
    """
    if version >= OLD_TEXTS_BEFORE:
        escaped = construct.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
        return f"unexpected token: '{escaped}'"
    return f"unexpected token: {token if token.lower() in RESERVED else repr_token(token)}"


def repr_token(token: str) -> str:
    """A token in single quotes, which the service does not escape."""
    return f"'{token}'"


def unknown_character(character: str, row: int, column: int, version: int) -> str:
    """The text for a character that begins no token."""
    if version >= OLD_TEXTS_BEFORE:
        return f"line {row}:{column} unexpected token: '{character}'"
    return f"line {row}:{column} no viable alternative at character '{character}'"


def open_string(row: int, column: int, version: int) -> str:
    """The text for a string literal without its closing quote."""
    if version >= OLD_TEXTS_BEFORE:
        return "unexpected token: '<EOF>'"
    return f"line {row}:{column} mismatched character '<EOF>' expecting '''"
