"""Records of a query as CSV, JSON or a table."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import IO

from orgbox.tools.partner import Row

_SELECT = re.compile(r"\s*SELECT\s+(.*?)\s+FROM\s", re.IGNORECASE | re.DOTALL)
_PATH = re.compile(r"[A-Za-z][\w.]*")
_WIDEST = 60


def columns(soql: str, first: Row) -> list[str]:
    """The paths of a SELECT list in its order; where it has more than fields, those of the first record."""
    found = _SELECT.match(soql)
    items = [item.strip() for item in found[1].split(",")] if found else []
    if items and all(_PATH.fullmatch(item) for item in items):
        return items
    return list(_paths(first, ""))


def _paths(row: Row, before: str) -> Iterator[str]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{before}{name}.")
        else:
            yield before + name


def cell(row: Row, path: str) -> str:
    """The value at a path as text; children as JSON; without regard to case, as SOQL names fields."""
    value: object = row
    for step in path.lower().split("."):
        if not isinstance(value, dict):
            return ""
        value = next((v for name, v in value.items() if name.lower() == step), None)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def write_csv(soql: str, rows: Iterable[Row], out: IO[str]) -> None:
    """Write CSV, the paths of the SELECT list as its header."""
    _write(soql, rows, csv.writer(out).writerow)


def _write(soql: str, rows: Iterable[Row], write: Callable[[Sequence[str]], object]) -> None:
    rest = iter(rows)
    first = next(rest, None)
    paths = columns(soql, first or {})
    write(paths)
    for row in chain([first] if first is not None else [], rest):
        write([cell(row, path) for path in paths])


def write_json(rows: Iterable[Row], out: IO[str]) -> None:
    """Write a JSON list, a record on each line."""
    out.write("[")
    for number, row in enumerate(rows):
        out.write((",\n" if number else "\n") + json.dumps(row, ensure_ascii=False))
    out.write("\n]\n")


def table(soql: str, rows: Iterable[Row]) -> Iterator[str]:
    """Lines of a table, long values cut."""
    lines: list[Sequence[str]] = []
    _write(soql, rows, lines.append)
    cut = [[text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…" for text in line] for line in lines]
    flat = [[text.replace("\n", "⏎").replace("\r", "") for text in line] for line in cut]
    widths = [max(map(len, column)) for column in zip(*flat, strict=True)]
    for number, line in enumerate(flat):
        yield "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        if number == 0:
            yield "  ".join("-" * width for width in widths)
