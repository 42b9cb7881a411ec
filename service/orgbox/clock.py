"""Time, as handed to whoever needs it: nothing below `app` asks the operating system for the time.

A moment is kept as text `YYYY-MM-DDThh:mm:ss.sssZ` in UTC, the form the API sends; as text it also sorts
and compares rightly, in Python and in both databases.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_FURTHEST = timedelta(days=36_525)
"""How far from the system's time an org may be: a hundred years."""


class Clock:
    """The time of an org: the system's, moved by an offset or standing still.

    `state` is that as a text: empty, `offset <seconds>` or `frozen <moment>`.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._system_now = now
        self._offset = timedelta(0)
        self._frozen: datetime | None = None
        self._followed = ""

    def now(self) -> datetime:
        """The moment it is in this org, in UTC."""
        return self._frozen or self._system_now() + self._offset

    def freeze(self, moment: datetime | None = None) -> None:
        """Stand still, at `moment` or now."""
        self._frozen = (moment or self.now()).astimezone(UTC)

    def set(self, moment: datetime) -> None:
        """Run on from `moment`."""
        self._frozen = None
        self._offset = moment.astimezone(UTC) - self._system_now()

    def advance(self, by: timedelta) -> None:
        """Move on by a duration, frozen or not."""
        if self._frozen:
            self._frozen += by
        else:
            self._offset += by

    @property
    def state(self) -> str:
        """How the clock goes, for `follow`."""
        if self._frozen:
            return f"frozen {moment_text(self._frozen)}"
        return f"offset {self._offset.total_seconds()}" if self._offset else ""

    def follow(self, state: str) -> None:
        """Go as a state says that was kept; one followed already changes nothing. Raises ValueError."""
        if state == self._followed:
            return
        kind, _, value = state.partition(" ")
        if kind not in ("", "offset", "frozen"):
            raise ValueError(f"clock: {state!r} is neither 'offset <seconds>' nor 'frozen <moment>'")
        frozen = parse_moment(value).astimezone(UTC) if kind == "frozen" else None
        seconds = float(value) if kind == "offset" else 0.0
        if not abs(seconds) <= _FURTHEST.total_seconds():
            raise _too_far(state)
        self._followed, self._offset, self._frozen = state, timedelta(seconds=seconds), frozen

    def check(self) -> None:
        """Raises ValueError where it is too far from the system's time, asked when a state is set: when it is
        followed the system's time may have been set as well.
        """
        if abs(self.now() - self._system_now()) > _FURTHEST:
            raise _too_far(self.state)


def _too_far(state: str) -> ValueError:
    return ValueError(f"clock: {state!r} is more than a hundred years away")


def moment_text(moment: datetime) -> str:
    """A moment as the API writes it, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_moment(text: str) -> datetime:
    """The moment of a text written by `moment_text`."""
    return datetime.fromisoformat(text)
