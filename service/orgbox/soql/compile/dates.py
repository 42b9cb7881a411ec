"""Date functions over dates and moments kept as text: substrings and whole-number arithmetic."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, Text, case, cast, func, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from orgbox.soql.zones import changes

Element = ColumnElement[Any]


class shifted(GenericFunction[str]):
    """A moment as text, moved by a number of seconds, to the second and without zone."""

    type = Text()
    inherit_cache = True


@compiles(shifted, "sqlite")
def _shifted_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    moment, seconds = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"strftime('%Y-%m-%dT%H:%M:%S', substr({moment}, 1, 19), ({seconds}) || ' seconds')"


@compiles(shifted)
def _shifted_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    moment, seconds = (compiler.process(clause, **kw) for clause in element.clauses)
    shifted_ = f"substr({moment}, 1, 19)::timestamp + ({seconds}) * interval '1 second'"
    return f"""to_char({shifted_}, 'YYYY-MM-DD"T"HH24:MI:SS')"""


def local(moment: Element, zone: ZoneInfo) -> Element:
    """The moment as clocks in the zone show it."""
    *earlier, (_, last) = changes(zone)
    offset: Element = _number(last)
    if earlier:
        pairs = [(moment < literal_column(f"'{change}'"), _number(o)) for change, o in earlier]
        offset = case(*pairs, else_=_number(last))
    return shifted(moment, offset)


def date_part(function: str, text: Element, fiscal_month: int) -> Element:
    """The value of a date function of a date or moment."""
    if function == "DAY_ONLY":
        return func.substr(text, _number(1), _number(10))
    if function.startswith("FISCAL_"):
        return _FISCAL[function](text, fiscal_month)
    return _PARTS[function](text)


def _number(value: int) -> Element:
    return literal_column(str(value), Integer())


def _digits(text: Element, first: int, length: int) -> Element:
    return cast(func.substr(text, _number(first), _number(length)), Integer)


def _year(text: Element) -> Element:
    return _digits(text, 1, 4)


def _month(text: Element) -> Element:
    return _digits(text, 6, 2)


def _day(text: Element) -> Element:
    return _digits(text, 9, 2)


def _julian(year: Element, month: Element, day: Element) -> Element:
    """The Julian day number of a date (Fliegel and Van Flandern, for years after 0)."""
    into = (_number(14) - month) // _number(12)
    years = year + _number(4800) - into
    months = month + _number(12) * into - _number(3)
    leap = years // _number(4) - years // _number(100) + years // _number(400)
    days = (_number(153) * months + _number(2)) // _number(5) + _number(365) * years
    return day + days + leap - _number(32045)


def _day_in_week(text: Element) -> Element:
    """1 for Sunday."""
    return (_julian(_year(text), _month(text), _day(text)) + _number(1)) % _number(7) + _number(1)


def _day_in_year(text: Element) -> Element:
    year = _year(text)
    new_year = _julian(year, _number(1), _number(1))
    return _julian(year, _month(text), _day(text)) - new_year + _number(1)


_PARTS: dict[str, Callable[[Element], Element]] = {
    "CALENDAR_YEAR": _year,
    "CALENDAR_MONTH": _month,
    "CALENDAR_QUARTER": lambda text: (_month(text) + _number(2)) // _number(3),
    "DAY_IN_MONTH": _day,
    "DAY_IN_WEEK": _day_in_week,
    "DAY_IN_YEAR": _day_in_year,
    "HOUR_IN_DAY": lambda text: _digits(text, 12, 2),
    "WEEK_IN_MONTH": lambda text: (_day(text) - _number(1)) // _number(7) + _number(1),
    "WEEK_IN_YEAR": lambda text: (_day_in_year(text) - _number(1)) // _number(7) + _number(1),
}


def _fiscal_month(text: Element, first: int) -> Element:
    return (_month(text) - _number(first) + _number(12)) % _number(12) + _number(1)


def _fiscal_year(text: Element, first: int) -> Element:
    """Named after the calendar year in which it ends, unless both begin in January."""
    if first == 1:
        return _year(text)
    return _year(text) + case((_month(text) >= _number(first), _number(1)), else_=_number(0))


_FISCAL: dict[str, Callable[[Element, int], Element]] = {
    "FISCAL_MONTH": _fiscal_month,
    "FISCAL_QUARTER": lambda text, first: (_fiscal_month(text, first) + _number(2)) // _number(3),
    "FISCAL_YEAR": _fiscal_year,
}
