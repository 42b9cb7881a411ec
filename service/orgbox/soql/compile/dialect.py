"""Constructs of our own: a list given as one parameter, brackets that stay."""

from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Select, Text, bindparam, literal_column, make_url
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


class InEach(ColumnElement[bool]):
    """`column IN` what a SELECT of `id` gives for each of a list: its LIMIT is one for each, so that an index
    in its order ends early. KEY stands in it for the one.
    """

    inherit_cache = False
    type = Boolean()
    KEY: ColumnElement[Any] = literal_column("k.value", Text())

    def __init__(self, column: ColumnElement[Any], name: str, each: Select[Any]) -> None:
        self.column = column
        self.list = bindparam(name, type_=ARRAY(Text()))
        self.each = each.subquery("e")

    def self_group(self, against: Any = None) -> "InEach":
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


@compiles(InEach, "sqlite")
def _in_each_json(element: InEach, compiler: Any, **kw: Any) -> str:
    column, values = _parts(element, compiler, **kw)
    each = compiler.process(element.each, **kw | {"asfrom": True})
    found = f"json_each((SELECT json_group_array(e.id) FROM {each})) AS j"
    return f"{column} IN (SELECT j.value FROM json_each({values}) AS k, {found})"


@compiles(InEach)
def _in_each_lateral(element: InEach, compiler: Any, **kw: Any) -> str:
    column, values = _parts(element, compiler, **kw)
    each = compiler.process(element.each, **kw | {"asfrom": True})
    found = f"SELECT e.id FROM unnest({values}) AS k(value) CROSS JOIN LATERAL {each}"
    return f"{column} = ANY (ARRAY({found}))"  # an array is found before, so that the key's index is used


def _parts(element: InList | InEach, compiler: Any, **kw: Any) -> tuple[str, str]:
    parts: tuple[ClauseElement, ClauseElement] = (element.column, element.list)
    column, values = (compiler.process(part, **kw) for part in parts)
    return column, values
