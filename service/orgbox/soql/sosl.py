"""The grammar of SOSL: what is searched for, and a SELECT for each SObject it is searched in.

    search = FIND "{" term "}" [IN group FIELDS] [RETURNING spec {"," spec}] [LIMIT n]
    spec   = name ["(" item {"," item} [WHERE …] [ORDER BY …] [LIMIT n] [OFFSET n] ")"]

Fields, conditions and order are those of SOQL. Source: SOSL reference.
"""

import re

from orgbox.catalog import Catalog
from orgbox.errors import ApiFault, unknown_type_text
from orgbox.frozen import value
from orgbox.limits import Limits
from orgbox.soql import errors, literals
from orgbox.soql.cursor import Cursor
from orgbox.soql.errors import bare_fault, name_fault, syntax_fault
from orgbox.soql.expressions import conditions
from orgbox.soql.finding import Term, parse_term, phrases
from orgbox.soql.lexer import END, NAMES
from orgbox.soql.nodes import Item, Literal, Name, Select, Source, Values
from orgbox.soql.parser import order_by
from orgbox.soql.sources import begins_clause
from orgbox.soql.terms import selected_field

_FIND = re.compile(r"\s*FIND\s*\{((?:[^\\}]|\\.)*)\}", re.IGNORECASE | re.DOTALL)
_NO_TERM = "No search term found. The search term must be enclosed in braces."
_TOO_SHORT = "search term must be longer than one character: "
_MOST_LETTERS = 10_000

GROUPS = frozenset({"all", "name", "email", "phone", "sidebar"})
"""Search groups of IN … FIELDS."""


@value
class Parsed:
    """A search as written; `term` is None where it is longer than what is ever found."""

    term: Term | None
    group: str
    selects: tuple[Select, ...]
    limit: int
    literals: tuple[Literal | Values, ...]


def parse(text: str, catalog: Catalog, limits: Limits, version: int) -> Parsed:
    """The search a text is. Raises QueryFault and ApiFault."""
    if len(text) > limits.query_characters:
        raise bare_fault(f"SOSL statements can not be longer than {limits.query_characters} characters.")
    found = _FIND.match(text)
    if found is None:
        raise bare_fault(_NO_TERM)
    term = _term(text, found)
    cursor = Cursor(text, version, found.end())
    group = _group(cursor)
    selects = _returning(cursor, catalog) or _everything(catalog)
    limit = _limit(cursor, limits)
    if cursor.kind != END:
        raise _unsupported(cursor)
    return Parsed(term, group, tuple(selects), limit, tuple(cursor.literals))


def _term(text: str, found: re.Match[str]) -> Term | None:
    """The term in braces; None where it is longer than what is ever found."""

    def refuse(message: str, offset: int) -> ApiFault:
        return syntax_fault(text, offset, message)

    if len(found[1]) > _MOST_LETTERS:
        return None
    term = parse_term(found[1], found.start(1), refuse)
    if term is None:
        raise bare_fault(_NO_TERM)
    if max(phrase.letters for phrase in phrases(term)) < 2:
        raise ApiFault("INVALID_SEARCH", _TOO_SHORT + found[1])
    return term


def _group(cursor: Cursor) -> str:
    if not cursor.accept("in"):
        return "all"
    word = cursor.word
    if word not in GROUPS:
        raise cursor.unexpected()
    cursor.advance()
    cursor.expect("fields")
    return word


def _returning(cursor: Cursor, catalog: Catalog) -> list[Select]:
    if cursor.word != "returning":
        return []
    cursor.advance()
    found = [_returned(cursor, catalog)]
    while cursor.accept(","):
        found.append(_returned(cursor, catalog))
    names = [select.sources[0].name for select in found]
    for number, name in enumerate(names):
        if name.text.lower() in [earlier.text.lower() for earlier in names[:number]]:
            raise name_fault("MALFORMED_QUERY", f"duplicate entity: {name.text}", cursor.text, name.offset)
    return found


def _returned(cursor: Cursor, catalog: Catalog) -> Select:
    name = cursor.name()
    sobject = catalog.get(name.text)
    if sobject is None:
        raise name_fault("INVALID_TYPE", unknown_type_text(name.text), cursor.text, name.offset)
    if not sobject.supports("search"):
        text = f"entity type {sobject.name} does not support search"
        raise ApiFault("INVALID_TYPE_FOR_OPERATION", text)
    source = (Source(name.offset, name, None, None),)
    if not cursor.accept("("):
        return Select(name.offset, (_id_item(name.offset),), source)
    selected = _items(cursor)
    where = conditions(cursor) if cursor.accept("where") else None
    order = order_by(cursor) if cursor.kind == "order" else ()
    limit = literals.integer(cursor) if cursor.accept("limit") else None
    skip = literals.integer(cursor) if cursor.accept("offset") else None
    if cursor.kind in ("using", "with"):
        raise _unsupported(cursor)
    cursor.expect(")")
    return Select(name.offset, selected, source, where, order=order, limit=limit, skip=skip)


def _items(cursor: Cursor) -> tuple[Item, ...]:
    found = [_item(cursor)]
    while cursor.accept(","):
        found.append(_item(cursor))
    return tuple(found)


def _item(cursor: Cursor) -> Item:
    offset, value = cursor.offset, selected_field(cursor, None)
    alias = cursor.name() if cursor.kind in NAMES and not begins_clause(cursor) else None
    return Item(offset, value, alias)


def _everything(catalog: Catalog) -> list[Select]:
    """Without RETURNING the Ids of all SObjects that can be searched."""
    return [
        Select(0, (_id_item(0),), (Source(0, Name(0, sobject.name), None, None),))
        for sobject in catalog
        if sobject.supports("search") and sobject.supports("query")
    ]


def _id_item(offset: int) -> Item:
    return Item(offset, Name(offset, "Id"), None)


def _limit(cursor: Cursor, limits: Limits) -> int:
    """How many records at most, over all SObjects."""
    offset = cursor.offset
    if not cursor.accept("limit"):
        return limits.search_records
    number = literals.integer(cursor).value
    assert isinstance(number, int)
    if number < 0:
        raise name_fault("MALFORMED_QUERY", "Limit must be a non-negative value", cursor.text, offset)
    if number > limits.search_records:
        text = f"SOSL LIMIT can not be more than {limits.search_records}"
        raise ApiFault("NUMBER_OUTSIDE_VALID_RANGE", text)
    return number


def _unsupported(cursor: Cursor) -> ApiFault:
    """The fault for a clause: WITH …, UPDATE … and USING LISTVIEW are known, others are not."""
    if cursor.kind not in ("with", "update", "using"):
        return cursor.unexpected()
    offset, first = cursor.offset, cursor.token
    cursor.advance()
    return errors.unsupported_fault(f"{first} {cursor.token}".upper(), cursor.text, offset)
