"""Calls of every kind by the hundred thousand against one process on a file: nothing comes back that was
not asked for, the service has nothing to complain of, and memory stays what it is.

Each client draws one errand after the other; an errand is one call or a few that belong together. What
the service holds itself is its anonymous memory: pages of the database that are mapped belong to the system.
No commit waits for the disk, which has no part in this.
"""

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from soak.databases import Place
from soak.errands import ERRANDS, WEIGHTS, Errand, Traveller
from soak.kill import Broken
from soak.service import Service, nursery

WARM = 10_000
"""Calls after which everything that is kept is there."""
MOST_GROWTH_KIB = 5 * 1024
_LOOK_SECONDS = 0.25
_TOLD_EVERY = 10_000
_SPAN = 5_000
"""Calls over which memory is looked at for one figure, the median: it goes up and down with the answers."""
_MOST_SHOWN = 20


class Journey:
    """All clients of a run. `figures` counts the calls by name, `problems` is what was not asked for."""

    def __init__(self, calls: int) -> None:
        self._calls = calls
        self.figures: Counter[str] = Counter()
        self.problems: list[str] = []

    @property
    def made(self) -> int:
        """How many calls have been made."""
        return sum(list(self.figures.values()))

    @property
    def over(self) -> bool:
        """Whether there have been calls enough, or a problem."""
        return bool(self.problems) or self.made >= self._calls

    def travel(self, traveller: Traveller, seed: str) -> None:
        """One client's errands."""
        draw = random.Random(seed)
        errand: Errand = ERRANDS[0]
        try:
            while not self.over:
                (errand,) = draw.choices(ERRANDS, WEIGHTS)
                errand(traveller, draw)
        except Exception as error:
            self.problems.append(f"{seed}: {errand.__name__}: {type(error).__name__}: {error}")
        finally:
            traveller.close()


def calls(count: int, clients: int, seed: int, told: Callable[[str], None]) -> Counter[str]:
    """So many calls by so many clients at once. Raises Broken. Returns the number of calls by name."""
    with tempfile.TemporaryDirectory(prefix="soak") as folder, nursery(Path(folder)) as made:
        service = Service(made, Place(Path(folder)).url, ["--no-durable"]).ready()
        try:
            journey = Journey(count)
            travellers = [Traveller(service.url, journey.figures, n) for n in range(clients)]
            warm, end = _go(journey, travellers, seed, service, told)
            journey.problems.extend(service.log.splitlines()[1:])
        finally:
            service.stop()
    told(", ".join(f"{number} {name}" for name, number in sorted(journey.figures.items())))
    if journey.made >= WARM:
        told(f"memory: {warm} KiB after {WARM} calls, {end} after {journey.made}: {end - warm:+} KiB")
    if journey.problems:
        raise Broken("\n".join(journey.problems[:_MOST_SHOWN]))
    if journey.made >= WARM and end - warm > MOST_GROWTH_KIB:
        raise Broken(f"memory grew by {end - warm} KiB, more than {MOST_GROWTH_KIB}")
    return journey.figures


def _go(
    journey: Journey,
    travellers: Sequence[Traveller],
    seed: int,
    service: Service,
    told: Callable[[str], None],
) -> tuple[int, int]:
    """Wait for all; returns the memory in KiB after the first calls and at the end."""
    threads = [
        threading.Thread(target=journey.travel, args=(traveller, f"{seed}/{number}"))
        for number, traveller in enumerate(travellers)
    ]
    began, next_told = time.monotonic(), WARM
    looks = [(0, service.held_kib())]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(_LOOK_SECONDS)
        looks.append((journey.made, held := service.held_kib()))
        if journey.made >= next_told:
            next_told += _TOLD_EVERY
            told(f"{time.monotonic() - began:.0f} s: {journey.made} calls, {held} KiB, "
                 f"{service.resident_kib()} KiB with mapped pages")  # fmt: skip
    return _held(looks, WARM), _held(looks, journey.made - _SPAN)


def _held(looks: Sequence[tuple[int, int]], first: int) -> int:
    """The median of what was held while the calls from this one on were made."""
    found = [kib for made, kib in looks if first <= made <= first + _SPAN]
    return int(median(found or [looks[-1][1]]))
