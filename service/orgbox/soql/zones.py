"""Time zones as tables of changes, so that both databases shift moments alike."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from orgbox.clock import moment_text

_FIRST, _LAST = datetime(1950, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=7)


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


@lru_cache(maxsize=64)
def changes(zone: ZoneInfo) -> tuple[tuple[str, int], ...]:
    """Pairs of a moment in stored form and the seconds the zone is ahead of UTC before it, by time.

    The last pair's moment is later than any stored one. Changes before 1950 and from 2100 on are
    not known.
    """
    found: list[tuple[str, int]] = []
    moment, offset = _FIRST, _offset(zone, _FIRST)
    while moment < _LAST:
        later = moment + _STEP
        if _offset(zone, later) != offset:
            change = _change(zone, moment, later)
            found.append((moment_text(change), offset))
            offset = _offset(zone, change)
            later = change
        moment = later
    return (*found, ("9999", offset))


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first minute with another offset than at `before`."""
    minutes = int((after - before).total_seconds() // 60)
    low, high, offset = 0, minutes, _offset(zone, before)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, before + timedelta(minutes=middle)) == offset:
            low = middle
        else:
            high = middle
    return before + timedelta(minutes=high)
