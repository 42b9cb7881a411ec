"""Constructs of our own: a list given as one parameter, brackets that stay."""

from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Text, bindparam, make_url
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.expression import ClauseElement
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Boolean, TypeEngine

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}


@cache
def dialect_named(name: str) -> Dialect:
    """The dialect by the name an engine gives it, loaded when first asked for."""
    return make_url(f"{_DRIVERS[name]}://").get_dialect()()


class InList(ColumnElement[bool]):
    """`column IN list`, the list one parameter of any length: JSON text on SQLite, an array on
    PostgreSQL.
    """

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], name: str, type_: TypeEngine[Any] | None = None) -> None:
        self.column = column
        self.list = bindparam(name, type_=ARRAY(type_ or Text()))

    def self_group(self, against: Any = None) -> "InList":
        return self


class Bracketed(ColumnElement[bool]):
    """A condition in brackets; SQLAlchemy would flatten AND in AND."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, condition: ColumnElement[bool]) -> None:
        self.condition = condition

    def self_group(self, against: Any = None) -> "Bracketed":
        return self


class end_to_end(GenericFunction[str]):
    """The texts of all rows, one behind another."""

    type = Text()
    inherit_cache = True


@compiles(end_to_end)
def _string_agg(element: Any, compiler: Any, **kw: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **kw)}, '')"


@compiles(end_to_end, "sqlite")
def _group_concat(element: Any, compiler: Any, **kw: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **kw)}, '')"


@compiles(Bracketed)
def _bracketed(element: Bracketed, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(element.condition, **kw)})"


@compiles(InList, "sqlite")
def _in_json(element: InList, compiler: Any, **kw: Any) -> str:
    column, values = _parts(element, compiler, **kw)
    return f"{column} IN (SELECT value FROM json_each({values}))"


@compiles(InList)
def _in_array(element: InList, compiler: Any, **kw: Any) -> str:
    column, values = _parts(element, compiler, **kw)
    return f"{column} = ANY ({values})"


def _parts(element: InList, compiler: Any, **kw: Any) -> tuple[str, str]:
    parts: tuple[ClauseElement, ClauseElement] = (element.column, element.list)
    column, values = (compiler.process(part, **kw) for part in parts)
    return column, values
