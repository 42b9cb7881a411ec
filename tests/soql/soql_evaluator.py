"""What a query should answer, reckoned in plain Python from the meaning of SOQL, not by its SQL.

Conditions are trees of tuples, made by `soql_random`; `text_of` writes them as SOQL and `holds` says what
they mean for a record. A record is a mapping of field names; a path leads to a parent record.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cmp_to_key
from itertools import combinations
from typing import Any

Record = Mapping[str, Any]
Condition = tuple[Any, ...]
NOW = datetime(2024, 5, 15, 12, tzinfo=UTC)


def folded(value: Any) -> Any:
    """A value as it compares: text in its upper case, letter by letter."""
    if not isinstance(value, str):
        return value
    return "".join(u if len(u := c.upper()) == 1 else c for c in unicodedata.normalize("NFC", value))


class World:
    """Records by SObject, and where references lead."""

    def __init__(self, records: Mapping[str, Sequence[Record]], parents: Mapping[str, str]) -> None:
        self.records = records
        self._parents = parents
        self._by_id = {record["Id"]: record for rows in records.values() for record in rows}

    def value(self, record: Record | None, path: str) -> Any:
        """What a path leads to; None behind a parent that is not there."""
        first, _, rest = path.partition(".")
        if not rest:
            value = record.get(first) if record else None
            return bool(value) if first.startswith(("Is", "Can")) else value
        reference = record.get(self._parents[first]) if record else None
        return self.value(self._by_id.get(reference), rest)

    def holds(self, condition: Condition, record: Record) -> bool:
        """Whether a record meets a condition: with NOT as plain negation of a test that is never unknown."""
        kind, *parts = condition
        if kind == "and":
            return all(self.holds(part, record) for part in parts)
        if kind == "or":
            return any(self.holds(part, record) for part in parts)
        if kind == "not":
            return not self.holds(parts[0], record)
        if kind == "join":
            return self._joined(record, *parts)
        operator, wanted = parts
        return _TESTS[operator](folded(self.value(record, kind)), wanted)

    def _joined(
        self, record: Record, field: str, negated: bool, sobject: str, inner: str, where: Condition | None
    ) -> bool:
        rows = self.records[sobject]
        found = {row[inner] for row in rows if where is None or self.holds(where, row)}
        value = record.get(field)
        return value not in found if negated else value is not None and value in found


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, tuple):  # a range of moments
        return value is not None and wanted[0] <= value < wanted[1]
    if isinstance(value, bool) and wanted is None:
        return not value
    return bool(value == (folded(wanted) or None if isinstance(wanted, str) else wanted))


def _ordered(value: Any, wanted: Any, test: Callable[[Any, Any], bool], edge: int) -> bool:
    if value is None or wanted is None or wanted == "":
        return False
    return test(value, wanted[edge] if isinstance(wanted, tuple) else folded(wanted))


def _less_or_equal(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, tuple):
        return value is not None and value < wanted[1]
    return _ordered(value, wanted, lambda a, b: a <= b, 0)


def _greater(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, tuple):
        return value is not None and value >= wanted[1]
    return _ordered(value, wanted, lambda a, b: a > b, 0)


def _like(value: Any, pattern: str) -> bool:
    if value is None:
        return False
    parts = re.findall(r"\\.|.", folded(pattern), re.DOTALL)
    regex = "".join({"%": ".*", "_": "."}.get(p, re.escape(p[-1])) for p in parts)
    return re.fullmatch(regex, value, re.DOTALL) is not None


def _chosen(value: Any, wanted: str) -> bool:
    """Whether all values of `a;b` are among those of a multi-select picklist."""
    if not wanted:
        return value is None
    return set(folded(wanted).split(";")) <= set((value or "").split(";"))


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": _equal,
    "!=": lambda value, wanted: not _equal(value, wanted),
    "<": lambda value, wanted: _ordered(value, wanted, lambda a, b: a < b, 0),
    "<=": _less_or_equal,
    ">": _greater,
    ">=": lambda value, wanted: _ordered(value, wanted, lambda a, b: a >= b, 0),
    "LIKE": _like,
    "INCLUDES": lambda value, wanted: any(_chosen(value, one) for one in wanted),
    "EXCLUDES": lambda value, wanted: not any(_chosen(value, one) for one in wanted),
    "IN": lambda value, wanted: any(_equal(value, one) for one in wanted),
    "NOT IN": lambda value, wanted: not any(_equal(value, one) for one in wanted),
}


def in_order(
    world: World,
    rows: Sequence[Record],
    keys: Sequence[tuple[str, bool, bool]],
    rank: Mapping[str, Sequence[str]],
) -> list[Record]:
    """Rows sorted by (path, descending, nulls last), at last by Id in the direction of the last key.

    Nulls first unless last is said.
    """
    backwards = bool(keys) and keys[-1][1]

    def key(row: Record, path: str) -> Any:
        value = world.value(row, path)
        order = rank.get(path)
        return order.index(value) if order and value is not None else folded(value)

    def compare(a: Record, b: Record) -> int:
        for path, descending, last in keys:
            if found := _before(key(a, path), key(b, path), descending, last):
                return found
        return -1 if (a["Id"] < b["Id"]) != backwards else int(a["Id"] != b["Id"])

    return sorted(rows, key=cmp_to_key(compare))


def _before(x: Any, y: Any, descending: bool, nulls_last: bool) -> int:
    """-1 if x comes before y, 1 if behind, 0 if neither."""
    if x == y:
        return 0
    if x is None or y is None:
        return (-1 if x is None else 1) * (-1 if nulls_last else 1)
    return (-1 if x < y else 1) * (-1 if descending else 1)


@dataclass(frozen=True)
class Group:
    """Records that have the same `keys`, folded; `total` says over which of them it is a subtotal."""

    keys: tuple[Any, ...]
    total: tuple[bool, ...]
    rows: Sequence[Record]


def groups(world: World, rows: Sequence[Record], paths: Sequence[str], kind: str) -> list[Group]:
    """The groups of GROUP BY, of `ROLLUP` or of `CUBE`; a grand total is there without records too."""
    count, found = len(paths), []
    for present in _SETS[kind](count):
        by_key: dict[tuple[Any, ...], list[Record]] = {} if present else {(None,) * count: []}
        for row in rows:
            values = (folded(world.value(row, p)) if n in present else None for n, p in enumerate(paths))
            by_key.setdefault(tuple(values), []).append(row)
        total = tuple(n not in present for n in range(count))
        found += [Group(keys, total, its_rows) for keys, its_rows in by_key.items()]
    return found


_SETS: dict[str, Callable[[int], list[tuple[int, ...]]]] = {
    "": lambda count: [tuple(range(count))],
    "ROLLUP": lambda count: [tuple(range(size)) for size in range(count, -1, -1)],
    "CUBE": lambda count: [c for size in range(count, -1, -1) for c in combinations(range(count), size)],
}


def groups_in_order(
    found: Sequence[Group], sorts: Sequence[tuple[Callable[[Group], Any], bool, bool]]
) -> list[Group]:
    """Groups sorted by (value, descending, nulls last), then key by key, subtotals behind."""

    def compare(a: Group, b: Group) -> int:
        for value, descending, last in sorts:
            if first := _before(folded(value(a)), folded(value(b)), descending, last):
                return first
        for x, y in zip(zip(a.total, a.keys, strict=True), zip(b.total, b.keys, strict=True), strict=True):
            if first := _before(x[0], y[0], False, False) or _before(x[1], y[1], False, False):
                return first
        return 0

    return sorted(found, key=cmp_to_key(compare))


def aggregated(world: World, rows: Sequence[Record], function: str, path: str) -> Any:
    """An aggregate of a field over rows; null counts nowhere."""
    values = [v for v in (world.value(row, path) for row in rows) if v is not None]
    if function == "COUNT":
        return len(values)
    if function == "COUNT_DISTINCT":
        return len({folded(v) for v in values})
    if not values:
        return None
    if function == "SUM":
        return sum(values)
    if function == "AVG":
        return sum(values) / len(values)
    return (min if function == "MIN" else max)(values, key=lambda value: (folded(value), value))


def days(word: str) -> tuple[str, str]:
    """The range of a date word with the day NOW in GMT, as stored moments."""
    name, _, number = word.partition(":")
    first, after = _DAYS[name](NOW.date(), int(number or 0))
    return _midnight(first), _midnight(after)


def _midnight(day: date) -> str:
    return f"{datetime.combine(day, time.min):%Y-%m-%dT%H:%M:%S}.000Z"


def _day(days_: int) -> timedelta:
    return timedelta(days=days_)


_DAYS: dict[str, Callable[[date, int], tuple[date, date]]] = {
    "TODAY": lambda today, n: (today, today + _day(1)),
    "YESTERDAY": lambda today, n: (today - _day(1), today),
    "LAST_N_DAYS": lambda today, n: (today - _day(n), today + _day(1)),
    "NEXT_N_DAYS": lambda today, n: (today + _day(1), today + _day(n + 1)),
    "N_DAYS_AGO": lambda today, n: (today - _day(n), today - _day(n - 1)),
    "THIS_YEAR": lambda today, n: (date(today.year, 1, 1), date(today.year + 1, 1, 1)),
    "LAST_YEAR": lambda today, n: (date(today.year - 1, 1, 1), date(today.year, 1, 1)),
    "THIS_MONTH": lambda today, n: (today.replace(day=1), (today.replace(day=28) + _day(4)).replace(day=1)),
}
DATE_WORDS = tuple(_DAYS)
