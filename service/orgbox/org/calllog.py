"""The last SOAP calls of each org, for whoever wants to see what a client really sent.

Kept in the memory of the process that answered, bounded in number and size, written outside the call's
transaction: noting a call costs about ten microseconds. Secrets are masked when a call is shown.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

KEPT_BYTES = 32 * 1024
"""How much of each body is kept."""
_MOST_BYTES = 128 * 1024 * 1024
"""How much is kept of all orgs, unless one alone has more."""


@dataclass(slots=True)
class Call:
    """One call; the log gives it its number. `user_id` and `username` are empty for a call without a session.

    `rows` counts the records that went either way; `secrets` are texts to mask beyond those in
    elements known by name.
    """

    name: str
    when: datetime
    user_id: str
    username: str
    version: int
    dialect: str
    client: str
    milliseconds: float
    status: int
    request: bytes
    response: bytes
    rows: int
    secrets: tuple[str, ...] = field(default=(), repr=False)
    number: int = 0

    @property
    def size(self) -> int:
        """About as many bytes as it takes in memory."""
        return 1_000 + len(self.request) + len(self.response)


class CallLog:
    """`size` calls are kept for each org; 0 keeps none. Of many orgs, those called last are kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._numbers = count(1)
        self._kept: dict[int, deque[Call]] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return self._size > 0

    def add(self, org: int, call: Call) -> None:
        """Note a call of the org with that number (0: of no known org)."""
        with self._lock:
            call.number = next(self._numbers)
            kept = self._kept[org] = self._kept.pop(org, deque())  # orgs in order of use
            if len(kept) == self._size:
                self._bytes -= kept.popleft().size
            kept.append(call)
            self._bytes += call.size
            while self._bytes > _MOST_BYTES and len(self._kept) > 1:
                self._drop(next(iter(self._kept)))

    def _drop(self, org: int) -> None:
        self._bytes -= sum(call.size for call in self._kept.pop(org, deque()))

    def last(self, *orgs: int) -> Sequence[Call]:
        """The calls of these orgs, the newest first."""
        with self._lock:
            found = [call for org in orgs for call in self._kept.get(org, ())]
        return sorted(found, key=lambda call: -call.number)

    def find(self, number: int, *orgs: int) -> Call | None:
        """The call with that number, if it is still kept."""
        return next((call for call in self.last(*orgs) if call.number == number), None)

    def clear(self, org: int) -> None:
        """Forget the calls of an org."""
        with self._lock:
            self._drop(org)
