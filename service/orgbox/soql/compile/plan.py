"""A compiled query: SQL texts kept per dialect, and how the literals of a text become their
parameters.

    plan = compile(bound, tables) values = plan.values(org, now, query.literals, viewer)
    connection.exec_driver_sql(*plan.rows.on(connection.dialect.name, values | {"limit": 201,
    "offset": 0}))

A plan holds no literal: queries of one shape share it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from orgbox.soql.bound import Given
from orgbox.soql.compile.statement import Statement
from orgbox.soql.dates import WORDS, moment_of, today_in
from orgbox.soql.nodes import Literal, Values
from orgbox.soql.shape import Answer, Shape
from orgbox.soql.viewer import Viewer

SEPARATOR = "\x1f"
"""Stands between the sort form and the stored form of a text whose least or greatest is sought."""

UNLIMITED = 2**62
"""The LIMIT of a statement that has none."""


def repaired(row: tuple[object, ...], places: tuple[int, ...]) -> tuple[object, ...]:
    """The row with the stored form of the text in those places."""
    values = list(row)
    for place in places:
        if isinstance(value := values[place], str):
            values[place] = value.partition(SEPARATOR)[2]
    return tuple(values)


@dataclass(frozen=True, slots=True)
class Edge:
    """A parameter made of a date word: the first day of its range, or with `after` the day behind
    it.

    `index` is the literal with n; with `moment` the value is midnight in the viewer's time zone.
    """

    word: str
    index: int | None
    after: bool
    moment: bool


Run = Callable[[Statement, Mapping[str, object]], Sequence[tuple[object, ...]]]
"""Executes a statement with its values and gives the rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Records to attach to rows: a statement for the list `keys`, its last column the key."""

    statement: Statement
    shape: Shape
    attachments: tuple["Attached", ...]

    def fetch(
        self, keys: Sequence[object], values: Mapping[str, object], run: Run
    ) -> dict[object, list[tuple[object, ...]]]:
        """The records by key, their own attachments made."""
        if not keys:
            return {}
        found = run(self.statement, {**values, "keys": keys})
        rows = attach([tuple(row)[:-1] for row in found], self.attachments, values, run)
        by_key: dict[object, list[tuple[object, ...]]] = {}
        for key_row, row in zip(found, rows, strict=True):
            by_key.setdefault(key_row[-1], []).append(row)
        return by_key


@dataclass(frozen=True, slots=True, eq=False)
class Attached:
    """One value more at the end of each row: children, or the record its column `source` points to.

    `records` are by key prefix; those of children have the prefix "".
    """

    source: int
    records: tuple[tuple[str, Records], ...]
    children: bool

    def values_for(
        self, rows: Sequence[tuple[object, ...]], values: Mapping[str, object], run: Run
    ) -> list[object]:
        """An `Answer` or None, or a pair of shape and row or None, for each row."""
        keys = [row[self.source] for row in rows]
        found: dict[object, object] = {}
        for prefix, records in self.records:
            wanted = [key for key in dict.fromkeys(keys) if str(key or "-").startswith(prefix)]
            for key, its_rows in records.fetch(wanted, values, run).items():
                if self.children:
                    found[key] = Answer(records.shape, its_rows, len(its_rows))
                else:
                    found[key] = (records.shape, its_rows[0])
        return [found.get(key) for key in keys]


def attach(
    rows: list[tuple[object, ...]],
    attachments: Sequence[Attached],
    values: Mapping[str, object],
    run: Run,
) -> list[tuple[object, ...]]:
    """The rows with one value more for each attachment."""
    if not rows or not attachments:
        return rows
    columns = [attached.values_for(rows, values, run) for attached in attachments]
    return [(*row, *more) for row, more in zip(rows, zip(*columns, strict=True), strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
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
