"""Who asks."""

from datetime import date
from zoneinfo import ZoneInfo

from orgbox.frozen import value
from orgbox.soql.dates import Today, week_start


@value
class Viewer:
    """Who asks: an 18-character id, zone and locale keys, whether all data is visible, the API
    version.
    """

    user_id: str
    time_zone: str = "GMT"
    locale: str = "en_US"
    sees_all: bool = True
    version: int = 61
    fiscal_month: int = 1

    @property
    def kind(self) -> tuple[object, ...]:
        """What a plan depends on: all but who it is."""
        return self.time_zone, self.locale, self.sees_all, self.version, self.fiscal_month

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of date words."""
        return ZoneInfo(self.time_zone)

    def today(self, day: date) -> Today:
        """What date words depend on, on that day."""
        return Today(day, week_start(self.locale), self.fiscal_month)
