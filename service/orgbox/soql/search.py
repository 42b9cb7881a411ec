"""SOSL: a search to one plan for each SObject it returns.

    search = FIND "{" term "}" [IN group FIELDS] [RETURNING spec {"," spec}] [LIMIT n]
    spec   = name ["(" item {"," item} [WHERE …] [ORDER BY …] [LIMIT n] [OFFSET n] ")"]

Fields, conditions and order are those of SOQL and refused alike, as MALFORMED_SEARCH. SQL narrows the
records to those that hold the letters searched for; which ones match is `finding`'s affair. Source:
SOSL reference; SObjects that can be searched are those whose page lists search().
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from orgbox.catalog import Catalog, Field, SObject
from orgbox.errors import ApiFault, QueryFault, unknown_type_text
from orgbox.limits import Limits
from orgbox.soql import bound, errors, literals
from orgbox.soql.binder import bind
from orgbox.soql.bound import BoundQuery, Branch, Given, Test, Viewer
from orgbox.soql.cursor import Cursor
from orgbox.soql.errors import bare_fault, name_fault, syntax_fault
from orgbox.soql.expressions import conditions
from orgbox.soql.finding import Either, Matches, Phrase, Term, matcher, parse_term, phrases
from orgbox.soql.grouping import aggregates
from orgbox.soql.lexer import END, NAMES
from orgbox.soql.nodes import Item, Literal, Name, Query, Select, Source, Values
from orgbox.soql.parser import check_strings, order_by
from orgbox.soql.sources import begins_clause
from orgbox.soql.terms import selected_field
from orgbox.soql.values import converter

_FIND = re.compile(r"\s*FIND\s*\{((?:[^\\}]|\\.)*)\}", re.IGNORECASE | re.DOTALL)
_NO_TERM = "No search term found. The search term must be enclosed in braces."
_TOO_SHORT = "search term must be longer than one character: "
_MOST_LETTERS = 10_000
_LETTERS = re.compile(r"[^*?]+")

GROUPS: dict[str, Callable[[Field], bool]] = {
    "all": lambda field: True,
    "name": lambda field: field.name_field or field.name in ("FirstName", "LastName"),
    "email": lambda field: field.type.name == "email",
    "phone": lambda field: field.type.name == "phone",
    "sidebar": lambda field: True,
}
"""Search groups of IN … FIELDS: which of the fields searched belong to them."""


@dataclass(frozen=True, slots=True)
class Specification:
    """One entry of RETURNING; `first` is the index of its first searched column in a row."""

    source: Select
    query: BoundQuery
    first: int


@dataclass(frozen=True, slots=True)
class Search:
    """A search, ready to be compiled. It finds nothing where `matches` is None."""

    specifications: tuple[Specification, ...]
    matches: Matches | None
    limit: int


def prepare(text: str, catalog: Catalog, viewer: Viewer, limits: Limits) -> Search:
    """The search a text stands for. Raises QueryFault and ApiFault as search() does."""
    try:
        return _prepare(text, catalog, viewer, limits)
    except QueryFault as fault:
        if fault.code != "MALFORMED_QUERY":
            raise
        raise QueryFault("MALFORMED_SEARCH", fault.message, row=fault.row, column=fault.column) from None


def _prepare(text: str, catalog: Catalog, viewer: Viewer, limits: Limits) -> Search:
    if len(text) > limits.query_characters:
        raise bare_fault(f"SOSL statements can not be longer than {limits.query_characters} characters.")
    found = _FIND.match(text)
    if found is None:
        raise bare_fault(_NO_TERM)
    term = _term(text, found)
    cursor = Cursor(text, viewer.version, found.end())
    group = _group(cursor)
    selects = _returning(cursor, catalog) or _everything(catalog)
    limit = _limit(cursor, limits)
    if cursor.kind != END:
        raise _unsupported(cursor)
    tail = tuple(cursor.literals)
    narrow = _Narrowing(term, len(tail))
    known = (*tail, *narrow.literals)
    specifications = tuple(
        _specification(Query(text, select, "", known, limits), catalog, viewer, group, narrow)
        for select in selects
    )
    return Search(specifications, matcher(term) if term else None, limit)


def _term(text: str, found: re.Match[str]) -> Term | None:
    """The term in braces; None where it is longer than what is ever found."""

    def refuse(message: str, offset: int) -> ApiFault:
        return syntax_fault(text, offset, message)

    if len(found[1]) > _MOST_LETTERS:
        return None
    term = parse_term(found[1], found.start(1), refuse)
    if term is None:
        raise bare_fault(_NO_TERM)
    every = list(phrases(term))
    if max(len("".join(_LETTERS.findall("".join(phrase.words)))) for phrase in every) < 2:
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


@dataclass(slots=True)
class _Narrowing:
    """The term as tests that every match meets, their patterns literals from number `first` on."""

    term: Term | None
    first: int
    literals: tuple[Literal | Values, ...] = ()

    def __post_init__(self) -> None:
        letters = [_longest(word) for phrase in self._phrases() for word in phrase.words]
        self.literals = tuple(
            Literal(0, "string", f"%{text}%", text, self.first + number)
            for number, text in enumerate(letters)
        )

    def _phrases(self) -> Iterator[Phrase]:
        return phrases(self.term) if self.term else iter(())

    def test(self, root: Branch, fields: list[Field]) -> Test:
        """What a record of the root must meet, so that one of the fields can match."""
        if self.term is None or not fields:
            return bound.Any(())
        numbers = iter(range(self.first, self.first + len(self.literals)))
        columns = [root.column(field) for field in fields]

        def word() -> Test:
            number = next(numbers)
            return bound.Any(
                tuple(bound.Like(c, "like~", Given(number, converter(c, "LIKE"))) for c in columns)
            )

        def test(term: Term) -> Test:
            if isinstance(term, Phrase):
                return bound.All(tuple(word() for _ in term.words))
            first, second = test(term.first), test(term.second)
            if isinstance(term, Either):
                return bound.Any((first, second))
            return first if term.negated else bound.All((first, second))

        return test(self.term)


def _longest(word: str) -> str:
    """The longest run of letters of a word with wildcards."""
    return max(_LETTERS.findall(word), key=len, default="")


def _specification(
    query: Query, catalog: Catalog, viewer: Viewer, group: str, narrow: _Narrowing
) -> Specification:
    if aggregates(query.select) or query.select.counts:
        text = "aggregate expressions are not allowed in a search"
        raise name_fault("MALFORMED_QUERY", text, query.text, query.select.items[0].offset)
    check_strings(query, query.limits)
    found = bind(query, catalog, viewer)
    select = found.select
    fields = searched(select.root.sobject, group)
    test = narrow.test(select.root, fields)
    columns = (*select.columns, *(select.root.column(field) for field in fields))
    where = bound.All((select.where, test)) if select.where else test
    narrowed = replace(found, select=replace(select, columns=columns, where=where))
    return Specification(query.select, narrowed, len(select.columns))


def searched(sobject: SObject, group: str) -> list[Field]:
    """The fields of an SObject in which a group searches: its short texts that are no picklists."""
    texts = [field for field in sobject.fields if field.shadow and not field.picklist]
    return [field for field in texts if GROUPS[group](field)]
