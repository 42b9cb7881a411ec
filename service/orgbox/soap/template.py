"""The text of records of one shape: a function for one record, and a faster one for many.

The one is made from an f-string when first used. Many records are written column by column: a column is
escaped at once, then put at its place in a list of all pieces of all records. A column that holds nulls
comes as whole elements; one without comes as bare values, whose tags stand between the columns. That is
five times as fast as the function for each record, once there are enough of them.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from orgbox.frozen import value
from orgbox.soap.text import escape, escape_all

Row = Sequence[Any]
Column = Sequence[Any]
_FEW = 20


@value
class Writing:
    """How values that are not None become text: one, or the column; None where they are text already."""

    one: Callable[[Any], str] | None = None
    many: Callable[[Column], Column] = lambda values: values


PLAIN = Writing()
ESCAPED = Writing(escape, escape_all)


def encoded(encode: Callable[[Any], str]) -> Writing:
    """Values that a field type writes as text without anything to escape."""
    return Writing(encode, lambda values: [encode(value) for value in values])


@value
class Element:
    """The value `row[index]` between its tags; `null` is what stands for None."""

    start: str
    end: str
    null: str
    index: int
    writing: Writing


@value
class Whole:
    """Whatever else there is in a record: written from the row, tags and all."""

    write: Callable[[Row], str]


class Template:
    """Writes records: `start`, the parts in their order, `end`."""

    def __init__(self, start: str, parts: Sequence[Element | Whole], end: str) -> None:
        self._start, self._parts, self._end = start, parts, end

    def many(self, rows: Sequence[Row]) -> list[str]:
        """The text of the records in pieces, as many for each record."""
        if len(rows) <= _FEW:
            return [self.one(row) for row in rows]
        columns, count = list(zip(*rows, strict=True)), len(rows)
        between, texts = [self._start], []
        for part in self._parts:
            is_bare, column = _column(part, rows, columns)
            if is_bare and isinstance(part, Element):
                between[-1] += part.start
                between.append(part.end)
            else:
                between.append("")
            texts.append(column)
        between[-1] += self._end
        width = len(between) + len(texts)
        pieces = [""] * (count * width)
        for number, text in enumerate(between):
            pieces[2 * number :: width] = [text] * count
        for number, column in enumerate(texts):
            pieces[2 * number + 1 :: width] = column
        return pieces

    @cached_property
    def one(self) -> Callable[[Row], str]:
        """The function that writes one record."""
        names: dict[str, Any] = {}
        pieces = [repr(self._start)]
        for number, part in enumerate(self._parts):
            if isinstance(part, Whole):
                names[f"write{number}"] = part.write
                pieces.append(f"f'{{write{number}(row)}}'")
                continue
            value = text = f"row[{part.index}]"
            if part.writing.one:
                names[f"text{number}"] = part.writing.one
                text = f"text{number}({value})"
            names[f"null{number}"] = part.null
            names[f"start{number}"], names[f"end{number}"] = part.start, part.end
            whole = f"start{number} + {text} + end{number}"
            pieces.append(f"f'{{null{number} if {value} is None else {whole}}}'")
        pieces.append(repr(self._end))
        return _compiled(f"lambda row: {' '.join(pieces)}", names)


def _compiled(code: str, names: dict[str, Any]) -> Callable[..., Any]:
    """The function of a lambda; Python joins the literals and f-strings that stand side by side in it."""
    return eval(code, names)  # type: ignore[no-any-return]


def _column(part: Element | Whole, rows: Sequence[Row], columns: Sequence[Column]) -> tuple[bool, Column]:
    """The texts of a part for all rows, and whether they are bare of their tags."""
    if isinstance(part, Whole):
        return False, [part.write(row) for row in rows]
    values, many = columns[part.index], part.writing.many
    if None not in values:
        return True, many(values)
    start, end, null = part.start, part.end, part.null
    texts = iter(many([value for value in values if value is not None]))
    return False, [null if value is None else f"{start}{next(texts)}{end}" for value in values]
