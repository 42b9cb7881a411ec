"""What is kept between queries: the parse of a text, the plan of a shape. Both are bounded.

Parsing costs some 40 microseconds, compiling a thousand: queries that differ only in their literals
share a plan.
"""

from datetime import datetime

from orgbox.catalog import Catalog
from orgbox.errors import OrgboxError
from orgbox.frozen import value
from orgbox.limits import Limits
from orgbox.soql.binder import bind
from orgbox.soql.compile import Plan, RowFilter, Tables, compile
from orgbox.soql.kept import Kept
from orgbox.soql.nodes import Query
from orgbox.soql.search import Search
from orgbox.soql.search import prepare as prepare_search
from orgbox.soql.texts import Texts, exactly
from orgbox.soql.viewer import Viewer

_LONGEST_SHAPE = 10_000
"""Characters of a shape whose plan is kept; longer ones would fill the memory before they come again."""


@value
class Prepared:
    """A plan with the literals of one text. A `query` that is not `exact` has no more of it: see `texts`."""

    plan: Plan
    query: Query
    catalog: Catalog
    viewer: Viewer
    exact: bool = True

    def values(self, org: int, now: datetime) -> dict[str, object]:
        """Parameters for the plan's statements.

        Raises the fault that binding this text meets where a literal does not suit the kept plan,
        such as a malformed Id.
        """
        try:
            return self.plan.values(org, now, self.viewer, self.query.literals)
        except ValueError:
            query = self.query if self.exact else exactly(self.query, self.viewer.version)
            bind(query, self.catalog, self.viewer)
            raise


@value
class PreparedSearch:
    """A search with one prepared query for each SObject; `first` as in search.Specification."""

    search: Search
    queries: tuple[tuple[Prepared, int], ...]


class Plans:
    """The plans for one set of tables."""

    def __init__(self, tables: Tables, limits: Limits, *, texts: int = 2_000, plans: int = 250) -> None:
        self._tables = tables
        self._limits = limits
        self._texts = Texts(limits, texts)
        self._plans: Kept[Plan] = Kept(plans)

    def prepare(
        self,
        text: str,
        catalog: Catalog,
        viewer: Viewer,
        *,
        all_rows: bool = False,
        row_filter: RowFilter | None = None,
    ) -> Prepared:
        """What executes the text. Raises QueryFault or ApiFault.

        Plans are kept by the identity of `catalog` and `row_filter`: hand in the same objects
        again.
        """
        query, exact = self._texts.query(text, viewer.version)

        def compiled() -> Plan:
            whole = query if exact else exactly(query, viewer.version)
            bound = bind(whole, catalog, viewer, all_rows=all_rows)
            return compile(bound, self._tables, row_filter)

        key = (query.shape, catalog, viewer.kind, all_rows, row_filter)
        try:
            plan = self._plans.get(key, compiled) if len(query.shape) <= _LONGEST_SHAPE else compiled()
        except OrgboxError:
            self._texts.forget(text)
            raise
        return Prepared(plan, query, catalog, viewer, exact)

    def prepare_search(
        self, text: str, catalog: Catalog, viewer: Viewer, row_filter: RowFilter | None = None
    ) -> PreparedSearch:
        """What executes a search. Raises QueryFault or ApiFault. Nothing of it is kept."""
        search = prepare_search(text, catalog, viewer, self._limits)
        queries = []
        for found in search.specifications:
            plan = compile(found.query, self._tables, row_filter)
            query = Query(text, found.source, "", found.query.literals, self._limits)
            queries.append((Prepared(plan, query, catalog, viewer), found.first))
        return PreparedSearch(search, tuple(queries))
