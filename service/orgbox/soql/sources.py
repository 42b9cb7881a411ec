"""The grammar of FROM, USING and WITH.

from = path [[AS] alias] [USING SCOPE name] {"," …} with = WITH DATA CATEGORY … | WITH name "="
string | {WITH name | WITH name "(" name "=" value … ")"}
"""

from orgbox.soql import literals
from orgbox.soql.cursor import Cursor
from orgbox.soql.lexer import INTEGER, NAMES, STRING
from orgbox.soql.nodes import Name, Source, With

_CATEGORY_OPERATORS = frozenset({"at", "above", "below", "above_or_below"})
_CATEGORIES = NAMES | {"("}


def sources(cursor: Cursor) -> tuple[Source, ...]:
    """The list behind FROM."""
    found = [_source(cursor)]
    while cursor.accept(","):
        found.append(_source(cursor))
    return tuple(found)


def _source(cursor: Cursor) -> Source:
    name = cursor.name()
    cursor.accept("as")
    alias = cursor.name() if cursor.kind in NAMES and not begins_clause(cursor) else None
    return Source(name.offset, name, alias, _using(cursor) if cursor.kind == "using" else None)


def begins_clause(cursor: Cursor) -> bool:
    """Whether the name here is the first word of a clause rather than an alias."""
    if cursor.kind in ("group", "order"):
        return cursor.next_kind() == "by"
    return cursor.kind == "offset" and cursor.next_kind() in (INTEGER, "-", "+", ":")


def _using(cursor: Cursor) -> Name:
    """USING SCOPE name; USING LOOKUP and other uses of the word are not for clients."""
    cursor.advance()
    start = cursor.offset
    cursor.expect("scope")
    return cursor.plain_name(start)


def withs(cursor: Cursor) -> tuple[With, ...]:
    """All WITH clauses, perhaps none."""
    found: list[With] = []
    while cursor.kind == "with":
        offset = cursor.offset
        cursor.advance()
        if cursor.kind == "data" and cursor.next_kind() == "category":
            return (*found, _data_category(cursor, offset))
        found.append(_with(cursor, offset))
        if found[-1].what == "=":
            break
    return tuple(found)


def _with(cursor: Cursor, offset: int) -> With:
    name = cursor.name(offset)
    if cursor.accept("="):
        literals.string(cursor)
        return With(offset, "=", name.text)
    if not cursor.accept("("):
        return With(offset, "word", name.text)
    _with_value(cursor)
    while cursor.accept(","):
        _with_value(cursor)
    cursor.expect(")")
    return With(offset, "tuple", name.text)


def _with_value(cursor: Cursor) -> None:
    cursor.name()
    cursor.expect("=")
    if cursor.kind == STRING:
        literals.string(cursor)
    elif cursor.kind in (INTEGER, "true", "false"):
        cursor.advance()
    else:
        raise cursor.unexpected()


def _data_category(cursor: Cursor, offset: int) -> With:
    cursor.advance()
    cursor.advance()
    _category(cursor)
    while cursor.accept("and"):
        _category(cursor)
    return With(offset, "data category", "DATA CATEGORY")


def _category(cursor: Cursor) -> None:
    cursor.name()
    if cursor.kind not in _CATEGORY_OPERATORS:
        raise cursor.wrong(_CATEGORY_OPERATORS, before=_CATEGORIES)
    cursor.advance()
    if not cursor.accept("("):
        cursor.name()
        return
    cursor.name()
    while cursor.accept(","):
        cursor.name()
    cursor.expect(")")
