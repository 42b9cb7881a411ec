"""A compiled query: SQL texts kept per dialect, and how the literals of a text become their
parameters.

    plan = compile(bound, tables) values = plan.values(org, now, query.literals, viewer)
    connection.exec_driver_sql(*plan.rows.on(connection.dialect.name, values | {"limit": 201,
    "offset": 0}))

A plan holds no literal: queries of one shape share it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from orgbox.frozen import entity, value
from orgbox.soql.bound import Given
from orgbox.soql.compile.attached import Attached, Children, Locate, Run, attach, batch
from orgbox.soql.compile.statement import UNLIMITED, Statement
from orgbox.soql.dates import WORDS, moment_of, today_in
from orgbox.soql.nodes import Literal, Values
from orgbox.soql.shape import Shape
from orgbox.soql.viewer import Viewer

SEPARATOR = "\x1f"
"""Stands between the sort form and the stored form of a text whose least or greatest is sought."""

def repaired(row: tuple[object, ...], places: tuple[int, ...]) -> tuple[object, ...]:
    """The row with the stored form of the text in those places."""
    values = list(row)
    for place in places:
        if isinstance(value := values[place], str):
            values[place] = value.partition(SEPARATOR)[2]
    return tuple(values)


@value
class Edge:
    """A parameter made of a date word: the first day of its range, or with `after` the day behind
    it.

    `index` is the literal with n; with `moment` the value is midnight in the viewer's time zone.
    """

    word: str
    index: int | None
    after: bool
    moment: bool


@entity
class Plan:
    """What executes a query of one shape.

    `rows` selects the columns of `shape` in the query's order, limited by the values `limit` and
    `offset`; `ids` the Ids of all of them in that order, as one text; `page` the same columns for the list of
    Ids in the value `ids`, in no order; `count` how many there are. `root_id` is the place of the
    Id in a row. An aggregate query (`grouped`) has neither Ids nor pages. Rows of every statement
    pass through `complete`. `mark` is that of the bound query.
    """

    shape: Shape
    root_id: int
    counts: bool
    grouped: bool
    rows: Statement
    ids: Statement
    page: Statement
    count: Statement
    attachments: tuple[Attached, ...]
    repairs: tuple[int, ...]
    givens: Mapping[Given, str]
    edges: Mapping[Edge, str]
    limit: Given | None
    skip: Given | None
    zone: ZoneInfo
    mark: str = ""

    def complete(
        self, rows: Sequence[tuple[object, ...]], values: Mapping[str, object], run: Run
    ) -> list[tuple[object, ...]]:
        """The rows of a page as `shape` describes them, with children and TYPEOF records attached.

        Executes a number of statements that depends on the query alone, not on the number of rows.
        """
        if not (self.repairs or self.attachments):
            return list(rows)
        complete = [repaired(tuple(row), self.repairs) for row in rows]
        return attach(complete, self.attachments, values, run)

    def batch(
        self,
        rows: Sequence[tuple[object, ...]],
        values: Mapping[str, object],
        run: Run,
        most: int,
        locate: Locate,
    ) -> list[tuple[object, ...]]:
        """The first of the rows as `shape` describes them, as `attached.batch` cuts and completes them."""
        return batch(list(rows), self.attachments, values, run, most, locate)

    def at(self, path: str) -> "Plan | Children":
        """What makes pages of children: the numbers of the attachments that lead to them, with points
        between; of nothing, the plan.
        """
        found: Plan | Children = self
        for number in filter(None, path.split(".")):
            attached = found.attachments[int(number)]
            assert isinstance(attached, Children)
            found = attached
        return found

    def values(
        self,
        org: int,
        now: datetime,
        viewer: Viewer,
        literals: Sequence[Literal | Values],
    ) -> dict[str, object]:
        """Parameters of all statements. Raises ValueError where a literal is none that the query
        can take.
        """
        values: dict[str, object] = {"org": org, "user": viewer.user_id}
        for given, name in self.givens.items():
            values[name] = _value(given, literals[given.index])
        values["limit"] = UNLIMITED if self.limit is None else _value(self.limit, literals[self.limit.index])
        values["offset"] = 0 if self.skip is None else _value(self.skip, literals[self.skip.index])
        for edge, name in self.edges.items():
            values[name] = self._edge(edge, now, viewer, literals)
        return values

    def _edge(self, edge: Edge, now: datetime, viewer: Viewer, literals: Sequence[Literal | Values]) -> str:
        literal = literals[edge.index] if edge.index is not None else None
        number = int(literal.value or 0) if isinstance(literal, Literal) else 0
        today = viewer.today(today_in(now, self.zone))
        day = WORDS[edge.word].range(today, number)[edge.after]
        return moment_of(day, self.zone) if edge.moment else day.isoformat()


def _value(given: Given, literal: Literal | Values) -> object:
    if isinstance(literal, Literal):
        return given.convert(literal)
    return [given.convert(item) for item in literal.items if item.value not in ("", None)]
