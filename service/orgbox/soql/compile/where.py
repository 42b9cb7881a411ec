"""Tests as SQL, NOT pushed to the leaves, so that what has no value is unequal to everything.

A comparison with a field without value is false, its negation true; that differs from SQL.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, false, literal_column, not_, or_, select, true
from sqlalchemy.types import Boolean, Float, Text, TypeEngine

from orgbox.frozen import value
from orgbox.soql import bound
from orgbox.soql.bound import Given, Test
from orgbox.soql.compile.dialect import Bracketed, InList
from orgbox.soql.compile.operands import Element, Elements, Environment, Reading
from orgbox.soql.compile.plan import Edge
from orgbox.soql.literals import CHOICE, like_prefix
from orgbox.soql.nodes import Literal
from orgbox.soql.operands import Operand, TypeColumn

_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_BUNDLE = 100
_TYPES: dict[str, TypeEngine[Any]] = {"number": Float(53), "boolean": Boolean()}

Condition = ColumnElement[bool]


class Parameters:
    """The parameters a plan's statements name, as they are met; the same ones have the same name."""

    def __init__(self) -> None:
        self.givens: dict[Given, str] = {}
        self.edges: dict[Edge, str] = {}

    def given(self, given: Given) -> str:
        """The name of the parameter with that value."""
        return self.givens.setdefault(given, f"v{len(self.givens)}")

    def edge(self, edge: Edge) -> str:
        """The name of the parameter with an edge of a range of days."""
        return self.edges.setdefault(edge, f"d{len(self.edges)}")


class Where:
    """Makes the conditions of one SELECT."""

    def __init__(self, reading: Elements, parameters: Parameters, env: Environment) -> None:
        self._reading = reading
        self._parameters = parameters
        self._env = env

    def condition(self, test: Test, negated: bool = False) -> Condition:
        """The SQL for a test, or for its negation."""
        if isinstance(test, bound.Not):
            return self.condition(test.part, not negated)
        if isinstance(test, bound.All | bound.Any):
            parts = [self.condition(part, negated) for part in test.parts]
            return _joined(parts, and_ if isinstance(test, bound.All) != negated else or_)
        return _LEAVES[type(test)](self, test, negated)

    def _comparison(self, test: bound.Comparison, negated: bool) -> Condition:
        operator = _OPPOSITE[test.operator] if negated else test.operator
        if isinstance(test.value, bool):
            return self._boolean(test.operand, test.value == (operator == "="))
        if isinstance(test.operand, TypeColumn) and operator in ("=", "!="):
            element = self._reading.prefix(test.operand)
        elif operator in ("=", "!="):
            element = self._reading.compared(test.operand)
        else:
            element = self._reading.matched(test.operand)
        if isinstance(test.value, bound.UserId):
            return _compare(element, operator, bindparam("user", type_=Text()))
        value = bindparam(self._parameters.given(test.value), type_=_type(test.operand))
        result = _compare(element, operator, value)
        with_nulls = (operator == "!=") or (negated and operator != "=")
        return self._or_null(test.operand, result) if with_nulls else result

    def _boolean(self, operand: Operand, wanted: bool) -> Condition:
        """A parent that is not there has FALSE, like a record that was never given the field."""
        element = self._reading.value(operand)
        return element.is_(True) if wanted else element.is_not(True)

    def _or_null(self, operand: Operand, condition: Condition) -> Condition:
        if not operand.nullable:
            return condition
        return or_(self._reading.value(operand).is_(None), condition)

    def _empty(self, test: bound.Empty, negated: bool) -> Condition:
        value = self._reading.value(test.operand)
        return value.is_not(None) if negated else value.is_(None)

    def _like(self, test: bound.Like, negated: bool) -> Condition:
        element = self._reading.matched(test.operand)
        result = and_(*self._like_parts(test, element))
        return self._or_null(test.operand, not_(result)) if negated else result

    def _like_parts(self, test: bound.Like, element: Element) -> list[Condition]:
        def parameter(part: "_Part") -> Any:
            given = Given(test.value.index, _LikePart(test.value.convert, part))
            return bindparam(self._parameters.given(given), type_=Text())

        if test.form == "like=":
            return [element == parameter(_prefix)]
        parts = []
        if test.form.startswith("like^"):
            parts = [element >= parameter(_prefix), element < parameter(_after)]
        if test.form.endswith("~"):
            parts.append(element.like(parameter(_pattern), escape="\\"))
        return parts

    def _chosen(self, test: bound.Chosen, negated: bool) -> Condition:
        value = bindparam(self._parameters.given(test.value), type_=Text())
        around = literal_column(f"'{CHOICE}'", Text())
        values = around.concat(self._reading.matched(test.operand)).concat(around)
        result = values.like(value, escape="\\")
        return self._or_null(test.operand, not_(result)) if negated else result

    def _one_of(self, test: bound.OneOf, negated: bool) -> Condition:
        if isinstance(test.operand, TypeColumn):
            element = self._reading.prefix(test.operand)
        else:
            element = self._reading.compared(test.operand)
        name = self._parameters.given(test.values)
        result: Condition = InList(element, name, _type(test.operand))
        return self._or_null(test.operand, not_(result)) if negated else result

    def _during(self, test: bound.During, negated: bool) -> Condition:
        operator = _OPPOSITE[test.operator] if negated else test.operator
        element = self._reading.compared(test.operand)

        def edge(after: bool) -> Any:
            moment = test.operand.type.family == "moment"
            return bindparam(self._parameters.edge(Edge(test.word, test.index, after, moment)), type_=Text())

        result: Condition
        if operator == "=":
            return and_(element >= edge(False), element < edge(True))
        if operator == "!=":
            result = or_(element < edge(False), element >= edge(True))
        elif operator in ("<", ">="):
            result = _compare(element, operator, edge(False))
        else:
            result = _compare(element, "<" if operator == "<=" else ">=", edge(True))
        return self._or_null(test.operand, result) if operator == "!=" or negated else result

    def _in_select(self, test: bound.InSelect, negated: bool) -> Condition:
        """A semi-join as IN, an anti-join as NOT EXISTS: each the fast form on both databases."""
        inner = Reading(test.select, self._env, "s")
        where = Where(inner, self._parameters, self._env)
        conditions = inner.conditions()
        if test.select.where is not None:
            conditions.append(where.condition(test.select.where))
        outer, column = self._reading.value(test.operand), inner.value(test.column)
        source = inner.source()
        if not negated:
            return outer.in_(select(column).select_from(source).where(*conditions))
        found = select(column).select_from(source).where(column == outer, *conditions)
        return not_(found.exists())


def _joined(parts: list[Condition], join: Callable[..., Condition]) -> Condition:
    """The parts joined, in bundles of bundles: SQLite's expressions nest a thousand deep at most."""
    while len(parts) > _BUNDLE:
        starts = range(0, len(parts), _BUNDLE)
        parts = [Bracketed(join(*parts[start : start + _BUNDLE])) for start in starts]
    return join(true() if join is and_ else false(), *parts)


_LEAVES: dict[type[Any], Callable[[Where, Any, bool], Condition]] = {
    bound.Comparison: Where._comparison,
    bound.Empty: Where._empty,
    bound.Like: Where._like,
    bound.Chosen: Where._chosen,
    bound.OneOf: Where._one_of,
    bound.During: Where._during,
    bound.InSelect: Where._in_select,
}


def _type(operand: Operand) -> TypeEngine[Any]:
    return _TYPES.get(operand.type.family, Text())


def _compare(element: Element, operator: str, value: Any) -> Condition:
    return _OPERATORS[operator](element, value)


_OPERATORS: dict[str, Callable[[Element, Any], Condition]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}

_Part = Callable[[str], str]


@value
class _LikePart:
    """Converts a LIKE pattern to one of the values its condition needs."""

    convert: bound.Convert
    part: _Part

    def __call__(self, literal: Literal) -> str:
        return self.part(str(self.convert(literal)))


def _prefix(pattern: str) -> str:
    return like_prefix(pattern)[0]


def _after(pattern: str) -> str:
    """The least text greater than all that begin with the prefix."""
    prefix = like_prefix(pattern)[0]
    while prefix:
        code = ord(prefix[-1]) + 1
        if code == 0xD800:
            code = 0xE000
        if code <= 0x10FFFF:
            return prefix[:-1] + chr(code)
        prefix = prefix[:-1]
    return "\U0010ffff" * 8


def _pattern(pattern: str) -> str:
    return pattern
