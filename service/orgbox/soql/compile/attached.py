"""What is attached to rows: children, and the records of TYPEOF.

Each is one statement for a whole page of rows, given their Ids as the list `keys`; the last column of its
rows is the key they belong to. Depth costs statements, the number of rows does not. Source for batches:
SOAP API, QueryOptions: "Child objects count toward the number of records for the batch size".
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import accumulate

from orgbox.frozen import entity
from orgbox.soql.compile.statement import UNLIMITED, Statement
from orgbox.soql.shape import Answer, Shape

Row = tuple[object, ...]
Values = Mapping[str, object]
Run = Callable[[Statement, Values], Sequence[Row]]
"""Executes a statement with its values and gives the rows."""
Locate = Callable[[int, str, int], str | None]
"""Keeps the children of one record for queryMore(), given the number of the attachment, their Ids one
behind another and how many of them the answer holds; gives the locator of the others."""


@entity
class Records:
    """Records to attach to rows; `statement` gives at most as many as the value `most`."""

    statement: Statement
    shape: Shape
    attachments: tuple["Attached", ...]

    def found(self, keys: Sequence[object], values: Values, run: Run, most: int = UNLIMITED) -> Sequence[Row]:
        """The records of the keys, each with its key behind."""
        return run(self.statement, {**values, "keys": keys, "most": most}) if keys else ()

    def by_key(self, found: Sequence[Row], values: Values, run: Run) -> dict[object, list[Row]]:
        """Those records by key, their own attachments made."""
        rows = attach([tuple(row)[:-1] for row in found], self.attachments, values, run)
        made: dict[object, list[Row]] = {}
        for key_row, row in zip(found, rows, strict=True):
            made.setdefault(key_row[-1], []).append(row)
        return made


@entity
class ChosenRecords:
    """TYPEOF: the record the column `source` points to, by the key prefix of its SObject."""

    source: int
    records: tuple[tuple[str, Records], ...]

    def values_for(self, rows: Sequence[Row], values: Values, run: Run) -> list[object]:
        """A pair of shape and row for each row, or None."""
        keys = [row[self.source] for row in rows]
        made: dict[object, object] = {}
        for prefix, records in self.records:
            wanted = [key for key in dict.fromkeys(keys) if str(key or "-").startswith(prefix)]
            found = records.found(wanted, values, run)
            for key, (row, *_) in records.by_key(found, values, run).items():
                made[key] = (records.shape, row)
        return [made.get(key) for key in keys]


@entity
class Children:
    """A child subquery: records that belong to the Id in the column `source`.

    `count` gives each key with the number of its records, `ids` the Ids of all records of the keys as one
    text, `page` the records with the Ids in the list `ids`, in no order; `root_id` is the place of theirs.
    """

    source: int
    records: Records
    count: Statement
    ids: Statement
    page: Statement
    root_id: int

    @property
    def shape(self) -> Shape:
        """That of the records."""
        return self.records.shape

    @property
    def attachments(self) -> tuple["Attached", ...]:
        """Those of the records."""
        return self.records.attachments

    def values_for(self, rows: Sequence[Row], values: Values, run: Run) -> list[object]:
        """An `Answer` with all records for each row, or None where there are none."""
        found = self.found(rows, values, run)
        return [
            Answer(self.shape, children, len(children)) if children else None
            for children in self._lists(rows, found, values, run)
        ]

    def found(self, rows: Sequence[Row], values: Values, run: Run, most: int = UNLIMITED) -> Sequence[Row]:
        """The records of all rows, each with its key behind."""
        return self.records.found([row[self.source] for row in rows], values, run, most)

    def answers(
        self,
        rows: Sequence[Row],
        found: Sequence[Row],
        sizes: Sequence[int] | None,
        values: Values,
        run: Run,
        locate: Callable[[str, int], str | None],
    ) -> list[object]:
        """Of the records found an `Answer` for each row, or None where it has none; with a locator where the
        row has more, which `sizes` would say.
        """
        lists = self._lists(rows, found, values, run)
        answers: list[object] = []
        for row, children, size in zip(rows, lists, sizes or map(len, lists), strict=False):
            cut = len(children) < size
            locator = locate(self._all_ids(row, values, run), len(children)) if cut else None
            answers.append(Answer(self.shape, children, size, locator) if size else None)
        return answers

    def _lists(self, rows: Sequence[Row], found: Sequence[Row], values: Values, run: Run) -> list[list[Row]]:
        """The records found, for each row its own."""
        by_key = self.records.by_key(found, values, run)
        return [by_key.get(row[self.source], []) for row in rows]

    def sizes(self, rows: Sequence[Row], values: Values, run: Run) -> list[int]:
        """How many records each row has."""
        keys = [row[self.source] for row in rows]
        counted = {key: int(str(size)) for key, size in run(self.count, {**values, "keys": keys})}
        return [counted.get(key, 0) for key in keys]

    def _all_ids(self, row: Row, values: Values, run: Run) -> str:
        """The Ids of all records of one row, in their order."""
        keys = [row[self.source]]
        return str(run(self.ids, {**values, "keys": keys, "most": UNLIMITED})[0][0])


Attached = ChosenRecords | Children


def attach(rows: list[Row], attachments: Sequence[Attached], values: Values, run: Run) -> list[Row]:
    """The rows with one value more for each attachment."""
    if not rows or not attachments:
        return rows
    return _joined(rows, [attached.values_for(rows, values, run) for attached in attachments])


def _joined(rows: Sequence[Row], columns: Sequence[Sequence[object]]) -> list[Row]:
    return [(*row, *more) for row, more in zip(rows, zip(*columns, strict=True), strict=True)]


def batch(
    rows: list[Row], attachments: Sequence[Attached], values: Values, run: Run, most: int, locate: Locate
) -> list[Row]:
    """The first of the rows with what is attached to them: as many as make `most` records with their
    children, and one at least. If the children of that one are too many, the rest have a locator.

    CHOICE: a row whose children do not fit begins the next batch; grandchildren do not count.
    """
    if not rows or not attachments:
        return rows
    kin = {number: one for number, one in enumerate(attachments) if isinstance(one, Children)}
    found = {number: one.found(rows, values, run, most) for number, one in kin.items()}
    sizes: dict[int, list[int]] = {}
    if len(rows) + sum(map(len, found.values())) > most:
        sizes = {number: one.sizes(rows, values, run) for number, one in kin.items()}
        rows = rows[: _fitting(list(zip(*sizes.values(), strict=True)), most)]
        found = _first(rows, kin, values, run, most - len(rows))

    columns = [
        one.answers(rows, found[number], sizes.get(number), values, run, partial(locate, number))
        if isinstance(one, Children)
        else one.values_for(rows, values, run)
        for number, one in enumerate(attachments)
    ]
    return _joined(rows, columns)


def _first(
    rows: Sequence[Row], kin: Mapping[int, Children], values: Values, run: Run, room: int
) -> dict[int, Sequence[Row]]:
    """The children of the rows, in the order of the SELECT list, while there is room."""
    found: dict[int, Sequence[Row]] = {}
    for number, one in kin.items():
        found[number] = one.found(rows, values, run, room)
        room -= len(found[number])
    return found


def _fitting(sizes: Sequence[Sequence[int]], most: int) -> int:
    """How many rows fit into a batch, one at least; `sizes` are those of each row's children."""
    filled = accumulate(1 + sum(of_row) for of_row in sizes)
    return max(1, sum(count <= most for count in filled))
