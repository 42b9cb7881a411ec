"""The loop of waitress, a round at a time, with the baton held while it does not wait for its sockets."""

import select
from typing import Any

from waitress import wasyncore

from orgbox.baton import BATON

_IN, _OUT = select.POLLIN | select.POLLPRI, select.POLLOUT


def go_round(sockets: dict[int, Any], timeout: float) -> None:
    """Wait so many seconds at most for something to do on waitress's dispatchers, and do it."""
    waiting = select.poll()
    for number, dispatcher in list(sockets.items()):
        if wanted := _wanted(dispatcher):
            waiting.register(number, wanted)
    with BATON.laid_down():
        ready = waiting.poll(int(timeout * 1000))
    for number, events in ready:
        if dispatcher := sockets.get(number):  # another one may have closed it meanwhile
            wasyncore.readwrite(dispatcher, events)


def _wanted(dispatcher: Any) -> int:
    to_read = _IN if dispatcher.readable() else 0
    return to_read | (_OUT if dispatcher.writable() and not dispatcher.accepting else 0)
