"""Rows of a query as tables: one column for each value of the shape, parents' fields with their path."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from orgbox.frozen import value
from orgbox.soql.shape import Answer, Children, Choice, Compound, Parent, Shape, Value

Row = Sequence[Any]


@value
class Column:
    """A heading, the stored value in a row, and its text."""

    heading: str
    value: Callable[[Row], Any]
    text: Callable[[Row], str]


def columns(shape: Shape, path: str = "") -> list[Column]:
    """The columns of a shape, in the order of the SELECT list."""
    found: list[Column] = []
    for item in shape.items:
        match item:
            case Value():
                found.append(_value(item, path))
            case Compound():
                found += [_value(part, f"{path}{item.name}.") for part in item.parts]
            case Parent():
                found += columns(item.shape, f"{path}{item.name}.")
            case Children() | Choice():
                write = _children if isinstance(item, Children) else _choice
                get = partial(_at, item.index)
                found.append(Column(path + item.name, get, partial(_written, write, get)))
    return found


def _value(item: Value, path: str) -> Column:
    get = partial(_at, item.index)
    return Column(path + item.name, get, partial(_written, item.type.encode, get))


def _at(index: int, row: Row) -> Any:
    return row[index]


def _written(write: Callable[[Any], str], get: Callable[[Row], Any], row: Row) -> str:
    value = get(row)
    return "" if value is None else write(value)


def _children(answer: Answer) -> str:
    return "; ".join(_record(answer.shape, row) for row in answer.rows)


def _choice(found: tuple[Shape, Row]) -> str:
    return _record(*found)


def _record(shape: Shape, row: Row) -> str:
    """One record in a cell: its values with their names."""
    texts = [(column.heading, column.text(row)) for column in columns(shape)]
    return ", ".join(f"{heading}: {text}" for heading, text in texts if text)
