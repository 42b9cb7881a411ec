"""Date words: TODAY, LAST_N_DAYS:n and the rest, as half-open ranges of days in the user's time
zone.

Source: SOQL reference, Date Formats and Date Literals. A week begins on the day usual in the user's
locale; the current unit never belongs to LAST_N_… or NEXT_N_… except for LAST_N_DAYS, which
includes today. CHOICE: LAST_N_YEARS:n begins n years ago, as its sibling units do, not n + 1 as one
sentence has it.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orgbox.clock import moment_text
from orgbox.frozen import value

_SUNDAY_FIRST = frozenset(
    "US CA MX AU JP KR TW HK IL IN ID PH SG TH ZA BR AR CO PE VE KE PK BD NP MO MT PR GT HN SV NI "
    "PA DO SA YE ZW ET".split()
)
_SATURDAY_FIRST = frozenset("AE AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY".split())


@value
class Today:
    """What date words depend on: the day it is, the weekday a week begins on (0 Monday), the fiscal
    year.
    """

    day: date
    week_start: int
    fiscal_month: int = 1


Range = tuple[date, date]
"""First day and the day after the last."""


def week_start(locale: str) -> int:
    """The weekday, 0 for Monday, on which weeks begin in a locale such as `en_US`."""
    territory = locale.partition("_")[2][:2].upper()
    if territory in _SATURDAY_FIRST:
        return 5
    return 6 if not territory or territory in _SUNDAY_FIRST else 0


def _days(today: Today, count: int) -> date:
    try:
        return today.day + timedelta(days=count)
    except OverflowError:
        return date.min if count < 0 else date.max


def _weeks(today: Today, count: int) -> date:
    since_start = (today.day.weekday() - today.week_start) % 7
    return _days(today, 7 * count - since_start)


def _months_from(first: date, count: int) -> date:
    months = first.year * 12 + first.month - 1 + count
    if months < 12:
        return date.min
    return date(months // 12, months % 12 + 1, 1) if months < 120_000 else date.max


def _by_months(length: int, *, fiscal: bool = False) -> Callable[[Today, int], date]:
    """First days of units of `length` months, counted from the year's or the fiscal year's first
    month.
    """

    def boundary(today: Today, count: int) -> date:
        start = today.fiscal_month if fiscal else 1
        into = (today.day.month - start) % 12 % length
        return _months_from(today.day, count * length - into)

    return boundary


_UNITS: dict[str, Callable[[Today, int], date]] = {
    "DAY": _days,
    "WEEK": _weeks,
    "MONTH": _by_months(1),
    "QUARTER": _by_months(3),
    "YEAR": _by_months(12),
    "FISCAL_QUARTER": _by_months(3, fiscal=True),
    "FISCAL_YEAR": _by_months(12, fiscal=True),
}
"""First day of the unit `count` units from the one that holds today."""


@value
class Word:
    """A date word: whether it takes n, and its range for n (0 where it takes none)."""

    takes_number: bool
    range: Callable[[Today, int], Range]


def _plain(unit: str, first: int, after: int) -> Word:
    boundary = _UNITS[unit]
    return Word(False, lambda today, n: (boundary(today, first), boundary(today, after)))


def _counted(unit: str, edges: Callable[[int], tuple[int, int]]) -> Word:
    boundary = _UNITS[unit]

    def range_(today: Today, n: int) -> Range:
        first, after = edges(n)
        return boundary(today, first), boundary(today, after)

    return Word(True, range_)


def _words() -> dict[str, Word]:
    words = {
        "YESTERDAY": _plain("DAY", -1, 0),
        "TODAY": _plain("DAY", 0, 1),
        "TOMORROW": _plain("DAY", 1, 2),
        "LAST_90_DAYS": _plain("DAY", -90, 1),
        "NEXT_90_DAYS": _plain("DAY", 1, 91),
    }
    for unit in _UNITS:
        last = (lambda n: (-n, 1)) if unit == "DAY" else (lambda n: (-n, 0))
        words[f"LAST_N_{unit}S"] = _counted(unit, last)
        words[f"NEXT_N_{unit}S"] = _counted(unit, lambda n: (1, n + 1))
        words[f"N_{unit}S_AGO"] = _counted(unit, lambda n: (-n, 1 - n))
        if unit != "DAY":
            words[f"LAST_{unit}"] = _plain(unit, -1, 0)
            words[f"THIS_{unit}"] = _plain(unit, 0, 1)
            words[f"NEXT_{unit}"] = _plain(unit, 1, 2)
    return words


WORDS: dict[str, Word] = _words()


def moment_of(day: date, zone: ZoneInfo) -> str:
    """The stored form of midnight of that day in the zone."""
    try:
        return moment_text(datetime.combine(day, time.min, zone).astimezone(UTC))
    except OverflowError:
        return f"{day.isoformat()}T00:00:00.000Z"


def today_in(now: datetime, zone: ZoneInfo) -> date:
    """The day it is in the zone at the moment `now`."""
    return now.astimezone(zone).date()
