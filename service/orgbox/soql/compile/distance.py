"""DISTANCE(): the great circle between two places, on a sphere.

SQLite need not have been built with trigonometry, so it is lent Python's (`lend_functions`). Both round
to a millionth of the unit, so that they answer alike.

Source: SOQL reference, Location-Based SOQL Queries. CHOICE: the sphere has the Earth's mean radius.
"""

from math import atan2, cos, radians, sin, sqrt
from typing import Any

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

_DIGITS = 6
_NAME = "orgbox_distance"


class great_circle(GenericFunction[float]):
    """Of latitude and longitude, twice, in degrees, and the radius; null if one of them is."""

    type = Float(53)
    inherit_cache = True


def reckoned(*values: float | None) -> float | None:
    """What `great_circle` means."""
    if None in values:
        return None
    latitude, longitude, other, beyond, radius = (float(value or 0) for value in values)
    up, along = radians(latitude - other) / 2, radians(longitude - beyond) / 2
    half = sin(up) ** 2 + cos(radians(latitude)) * cos(radians(other)) * sin(along) ** 2
    return round(2 * radius * atan2(sqrt(half), sqrt(abs(1 - half))), _DIGITS)


def lend_functions(connection: Any) -> None:
    """Make what SQLite lacks known to one of its connections, the driver's own."""
    connection.create_function(_NAME, 5, reckoned, deterministic=True)


@compiles(great_circle, "sqlite")
def _lent(element: Any, compiler: Any, **kw: Any) -> str:
    return f"{_NAME}({compiler.process(element.clauses, **kw)})"


@compiles(great_circle)
def _computed(element: Any, compiler: Any, **kw: Any) -> str:
    a, b, c, d, radius = (compiler.process(clause, **kw) for clause in element.clauses)
    up, along = f"power(sin(radians({a} - {c}) / 2), 2)", f"power(sin(radians({b} - {d}) / 2), 2)"
    half = f"({up} + cos(radians({a})) * cos(radians({c})) * {along})"
    return f"round((2 * {radius} * atan2(sqrt({half}), sqrt(abs(1 - {half}))))::numeric, {_DIGITS})::float8"
