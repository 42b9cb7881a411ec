"""search(): a search of the SOSL engine, executed for one SObject after the other."""

from collections.abc import Iterator
from itertools import islice

from orgbox.catalog.load import Catalog
from orgbox.org.execution import Executor, Row, executing, viewer_of
from orgbox.org.session import Session
from orgbox.soql import Prepared
from orgbox.soql.finding import Matches
from orgbox.soql.shape import Shape

_CANDIDATES = 5_000
"""Rows read at a time, of which some match."""


def search(session: Session, catalog: Catalog, text: str) -> list[tuple[Shape, list[Row]]]:
    """The records found of each SObject, in the order of RETURNING.

    `catalog` is as of the caller's version. Raises QueryFault and ApiFault as search() does.
    """
    visible = session.org.rows.filter_of(session.user)
    prepared = session.org.plans.prepare_search(text, catalog, viewer_of(session), visible)
    matches, left = prepared.search.matches, prepared.search.limit
    found: list[tuple[Shape, list[Row]]] = []
    with executing(session) as execute:
        for query, first in prepared.queries if matches else ():
            assert matches is not None
            rows = _rows(session, query, first, matches, left, execute)
            found.append((query.plan.shape, rows))
            left -= len(rows)
    return found


def _rows(
    session: Session, query: Prepared, first: int, matches: Matches, most: int, execute: Executor
) -> list[Row]:
    """The rows that match, within LIMIT and OFFSET of the query, `most` of them at most."""
    values = query.values(session.org.number, session.org.clock.now())
    skip, limit = (int(values[name]) for name in ("offset", "limit"))  # type: ignore[call-overload]
    found = (row for row in _candidates(query, values, execute) if matches(row[first:]))
    return list(islice(found, skip, skip + min(limit, most)))


def _candidates(query: Prepared, values: dict[str, object], execute: Executor) -> Iterator[Row]:
    """Every row that may match, in order."""
    start = 0
    while True:
        page = execute(query.plan.rows, values | {"limit": _CANDIDATES, "offset": start})
        yield from page
        if len(page) < _CANDIDATES:
            return
        start += _CANDIDATES
