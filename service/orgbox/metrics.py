"""Counts of calls in memory that the processes of a service share, so that any of them can tell all of it.

Each process adds to a slot of its own, without locks between processes; a process that takes a dead one's
place goes on counting in its slot. A call costs about a microsecond.
"""

import mmap
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from orgbox.frozen import value

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of durations, in seconds; one more bucket takes the rest."""
OTHER = "other"
"""The name of calls and faults that have none of the API's."""
_ROW = len(BUCKETS) + 2


@value
class Timed:
    """A call's durations: how many fell into each bucket, and their sum in seconds."""

    call: str
    counts: tuple[int, ...]
    seconds: float


class Tally:
    """Counts for calls and faults of these names, in as many slots as there are processes."""

    def __init__(self, calls: Sequence[str], faults: Sequence[str], slots: int = 1) -> None:
        self._calls = {name: _ROW * n for n, name in enumerate([*calls, OTHER])}
        first = _ROW * len(self._calls)
        self._faults = {name: first + n for n, name in enumerate([*faults, OTHER])}
        self._width = first + len(self._faults)
        self._cells = memoryview(mmap.mmap(-1, 8 * self._width * slots)).cast("d")
        self._start = 0
        self._lock = threading.Lock()

    def use(self, slot: int) -> None:
        """Count in this slot from now on."""
        self._start = self._width * slot

    def add(self, call: str, fault: str, seconds: float) -> None:
        """Count a call that took so long; `fault` is the code it ended with, empty for none."""
        row = self._start + self._calls.get(call, self._calls[OTHER])
        with self._lock:
            self._cells[row + bisect_left(BUCKETS, seconds)] += 1
            self._cells[row + _ROW - 1] += seconds
            if fault:
                self._cells[self._start + self._faults.get(fault, self._faults[OTHER])] += 1

    def timed(self) -> Iterator[Timed]:
        """What all processes have counted, of calls that were made."""
        for name, row in self._calls.items():
            cells = [self._sum(row + n) for n in range(_ROW)]
            if any(cells):
                yield Timed(name, tuple(int(count) for count in cells[:-1]), cells[-1])

    def faults(self) -> Iterator[tuple[str, int]]:
        """Faults that were given, and how often."""
        for name, place in self._faults.items():
            if count := self._sum(place):
                yield name, int(count)

    def _sum(self, place: int) -> float:
        return sum(self._cells[place :: self._width])
