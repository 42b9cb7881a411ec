"""Statements as text: what SQLAlchemy makes of them is let go, because it takes ten times the memory."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import ARRAY, Select

from orgbox.frozen import value
from orgbox.soql.compile.dialect import dialect_named

UNLIMITED = 2**62
"""The LIMIT of a statement that has none."""


@value
class _Text:
    """SQL for one dialect with the order of its parameters, those of them that are lists, and
    constants.
    """

    sql: str
    names: tuple[str, ...] | None
    lists: tuple[str, ...]
    constants: Mapping[str, object]


@dataclass(slots=True, eq=False)
class Statement:
    """The texts of a SELECT, each made when it is first asked for."""

    _select: Callable[[], Select[Any]]
    _texts: dict[str, _Text] = field(default_factory=dict)

    def on(self, dialect: str, values: Mapping[str, object]) -> tuple[str, Any]:
        """Text and parameters for `exec_driver_sql`; `dialect` is "sqlite" or "postgresql"."""
        text = self._texts.get(dialect) or self._compile(dialect)
        values = {**text.constants, **values}
        if text.names is None:
            return text.sql, values
        for name in text.lists:
            values[name] = json.dumps(values[name])
        return text.sql, tuple([values[name] for name in text.names])

    def _compile(self, dialect: str) -> _Text:
        compiled = self._select().compile(dialect=dialect_named(dialect))
        positions = getattr(compiled, "positiontup", None)
        constants = {k: v for k, v in compiled.params.items() if v is not None}
        lists = tuple(n for n, bind in compiled.binds.items() if isinstance(bind.type, ARRAY))
        names = tuple(positions) if positions is not None else None
        text = self._texts[dialect] = _Text(str(compiled), names, lists, constants)
        return text


Selects = tuple[Select[Any], ...]


class _Making:
    """SELECTs made together: kept until one of them is text, then made anew for each of the others."""

    def __init__(self, make: Callable[[], Selects]) -> None:
        self._make = make
        self.made = make()

    def select(self, number: int) -> Select[Any]:
        made, self.made = self.made or self._make(), ()
        return made[number]


def statements(make: Callable[[], Selects]) -> tuple[Statement, ...]:
    """The statements that `make` makes; it may be called again, and must make the same."""
    making = _Making(make)
    return tuple(Statement(partial(making.select, number)) for number in range(len(making.made)))
