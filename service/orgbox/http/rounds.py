"""The loop of waitress, a round at a time. What each socket is waited for is remembered from round to round:
to ask every connection again would take longer than a call once there are hundreds.
"""

import select
from typing import Any

from waitress import wasyncore

from orgbox.baton import BATON

_IN, _OUT = select.POLLIN, select.POLLOUT


class Rounds:
    """The rounds of a waitress server; one thread at a time goes them, with the baton."""

    def __init__(self, server: Any) -> None:
        self._sockets: dict[int, Any] = server._map
        self._listener, self._trigger = server._fileno, server.trigger._fileno
        self._poll = select.poll()
        self._wanted: dict[int, int] = {}
        self._touched: set[int] | None = None
        """Those on which something happened in the last round; None for all."""

    def go(self, timeout: float) -> None:
        """Wait so many seconds at most for something to do, and do it."""
        for number in self._numbers():
            self._ask(number)
        with BATON.laid_down():
            ready = self._poll.poll(int(timeout * 1000))
        events = dict(ready)
        self._touched = set(events)
        if not ready or self._listener in events or self._trigger in events:
            self._touched = None
        accepting = events.pop(self._listener, 0)
        for number, event in events.items():
            self._meet(number, event)
        if accepting:  # last, for a new connection may get the number of one just closed
            self._meet(self._listener, accepting)

    def touch(self, number: int) -> None:
        """Something has happened on a socket that is not seen there."""
        if self._touched is not None:
            self._touched.add(number)

    def _meet(self, number: int, events: int) -> None:
        dispatcher = self._sockets.get(number)
        if dispatcher:  # another one may have closed it meanwhile
            wasyncore.readwrite(dispatcher, events)

    def _numbers(self) -> set[int]:
        if self._touched is None:
            return self._sockets.keys() | self._wanted.keys()
        return self._touched | {self._listener}

    def _ask(self, number: int) -> None:
        """Look what a socket is to be waited for now."""
        dispatcher, wanted = self._sockets.get(number), 0
        if dispatcher:
            wanted = _IN if dispatcher.readable() else 0
            wanted |= _OUT if dispatcher.writable() and not dispatcher.accepting else 0
        if wanted == self._wanted.get(number, 0):
            return
        if wanted:
            self._poll.register(number, wanted)
            self._wanted[number] = wanted
        else:
            self._poll.unregister(number)
            del self._wanted[number]
