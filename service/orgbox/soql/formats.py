"""FORMAT(): values as the user's locale writes them; toLabel(): picklist values as their labels.

They change how a value is written, not what is selected, so each is a field type of its own.
CHOICE: numbers and short dates for the locales listed; any other locale is written as en_US.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from orgbox.catalog.fieldtypes import TYPES, FieldType
from orgbox.catalog.sobject import Field
from orgbox.frozen import value
from orgbox.soql import functions
from orgbox.soql.calls import function_of, misplaced, operand_of
from orgbox.soql.errors import bare_fault
from orgbox.soql.literals import CHOICE
from orgbox.soql.names import Names
from orgbox.soql.nodes import Call
from orgbox.soql.operands import Column, Operand
from orgbox.soql.viewer import Viewer


@value
class _Habits:
    """How a locale writes: order of a date, separators of a number, 12 or 24 hours."""

    date: str
    thousands: str
    decimal: str
    time: str


_US = _Habits("{m}/{d}/{y}", ",", ".", "{h12}:{min:02} {half}")
_LOCALES = {
    "en_US": _US,
    "en_GB": _Habits("{d:02}/{m:02}/{y}", ",", ".", "{h:02}:{min:02}"),
    "de": _Habits("{d:02}.{m:02}.{y}", ".", ",", "{h:02}:{min:02}"),
    "fr": _Habits("{d:02}/{m:02}/{y}", "\u202f", ",", "{h:02}:{min:02}"),
    "es": _Habits("{d}/{m}/{y}", ".", ",", "{h}:{min:02}"),
    "it": _Habits("{d:02}/{m:02}/{y}", ".", ",", "{h:02}:{min:02}"),
    "ja": _Habits("{y}/{m:02}/{d:02}", ",", ".", "{h}:{min:02}"),
}


def _habits(locale: str) -> _Habits:
    return _LOCALES.get(locale) or _LOCALES.get(locale.partition("_")[0], _US)


def formatted(type_: FieldType, locale: str, zone: ZoneInfo) -> FieldType:
    """The type that writes values of `type_` as FORMAT() does."""
    habits = _habits(locale)
    writers: dict[str, Callable[[object], str]] = {
        "number": lambda value: _number(value, habits),
        "date": lambda value: _date(date.fromisoformat(str(value)), habits),
        "moment": lambda value: _moment(str(value), habits, zone),
    }
    encode = writers.get(type_.family, type_.encode)
    return replace(TYPES["string"], encode=encode)


def labelled(field: Field) -> FieldType:
    """The type that writes values of a picklist, or several of them, as toLabel() does."""
    labels = {entry.value: entry.label or entry.value for entry in field.picklist}
    several = field.type.name == "multipicklist"

    def encode(value: object) -> str:
        parts = str(value).split(CHOICE) if several else [str(value)]
        return CHOICE.join(labels.get(part, part) for part in parts)

    return replace(TYPES["string"], encode=encode)


WRITING = frozenset({functions.LABEL, functions.FORMAT, functions.CURRENCY})
"""Kinds of functions that change how a selected value is written."""


def written(names: Names, call: Call, viewer: Viewer) -> tuple[Operand, FieldType]:
    """What toLabel() or FORMAT() selects, and the type by which it is written.

    Raises MALFORMED_QUERY where the function does not take the argument; convertCurrency() always,
    for an org has one currency.
    """
    kind = function_of(names, call).kind
    if kind == functions.CURRENCY or call.argument is None:
        raise bare_fault("Organization is not multi-currency enabled, convertCurrency() is not allowed")
    if isinstance(call.argument, Call) and function_of(names, call.argument).kind in WRITING:
        written(names, call.argument, viewer)
        raise misplaced(names, call)
    operand = operand_of(names, call.argument)
    if kind == functions.FORMAT:
        return operand, formatted(operand.type, viewer.locale, viewer.zone)
    if not isinstance(operand, Column) or operand.type.family != "text":
        raise misplaced(names, call)
    return operand, labelled(operand.field)


def _number(value: object, habits: _Habits) -> str:
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")
    whole, _, fraction = text.partition(".")
    whole = whole.replace(",", habits.thousands)
    return whole + (habits.decimal + fraction if fraction else "")


def _date(day: date, habits: _Habits) -> str:
    return habits.date.format(d=day.day, m=day.month, y=day.year)


def _moment(text: str, habits: _Habits, zone: ZoneInfo) -> str:
    local = datetime.fromisoformat(text).astimezone(zone)
    half = "AM" if local.hour < 12 else "PM"
    time = habits.time.format(h=local.hour, h12=local.hour % 12 or 12, min=local.minute, half=half)
    return f"{_date(local.date(), habits)}, {time}"
