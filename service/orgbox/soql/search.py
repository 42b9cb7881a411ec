"""SOSL: a search to one plan for each SObject it returns.

Names are resolved as in SOQL and refused alike, as MALFORMED_SEARCH. SQL narrows the records to those
that hold the letters searched for; which ones match is `finding`'s affair. Source: SOSL reference;
SObjects that can be searched are those whose page lists search().
"""

from collections.abc import Callable
from dataclasses import replace

from orgbox.catalog import Catalog, Field, SObject
from orgbox.errors import QueryFault
from orgbox.frozen import value
from orgbox.limits import Limits
from orgbox.soql import bound, sosl
from orgbox.soql.binder import bind
from orgbox.soql.bound import BoundQuery
from orgbox.soql.errors import name_fault
from orgbox.soql.finding import Matches, matcher
from orgbox.soql.grouping import aggregates
from orgbox.soql.narrowing import Narrowing
from orgbox.soql.nodes import Query, Select
from orgbox.soql.parser import check_strings
from orgbox.soql.viewer import Viewer

_GROUPS: dict[str, Callable[[Field], bool]] = {
    "all": lambda field: True,
    "name": lambda field: field.name_field or field.name in ("FirstName", "LastName"),
    "email": lambda field: field.type.name == "email",
    "phone": lambda field: field.type.name == "phone",
    "sidebar": lambda field: True,
}
"""Which of the fields searched belong to a group of IN … FIELDS."""


@value
class Specification:
    """One entry of RETURNING; `first` is the index of its first searched column in a row."""

    source: Select
    query: BoundQuery
    first: int


@value
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
    parsed = sosl.parse(text, catalog, limits, viewer.version)
    narrow = Narrowing(parsed.term, len(parsed.literals))
    known = (*parsed.literals, *narrow.literals)
    specifications = tuple(
        _specification(Query(text, select, "", known, limits), catalog, viewer, parsed.group, narrow)
        for select in parsed.selects
    )
    return Search(specifications, matcher(parsed.term) if parsed.term else None, parsed.limit)


def _specification(
    query: Query, catalog: Catalog, viewer: Viewer, group: str, narrow: Narrowing
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
    return [field for field in texts if _GROUPS[group](field)]
