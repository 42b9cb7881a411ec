"""A channel of waitress whose thread stays with its client for a moment after an answer.

Most clients make call after call on one connection. waitress hands the socket back to its loop after each
answer, through a pipe, and gets the next request back through a queue: three changes of thread for a call
that takes less than they do. So the thread that has answered waits on the socket itself first, as long as
no other request waits for a thread and enough threads are free.

While a thread holds a connection the loop does not read from it; it alone closes, since the number of a
socket that is closed elsewhere may stand for a new connection when its poll returns.
"""

import select
import socket
import time
from typing import Any

from waitress.task import ThreadedTaskDispatcher

from orgbox.baton import BATON
from orgbox.http.direct import DirectChannel

_MILLISECONDS = 5
"""How long a thread waits for the next request."""


class LingeringChannel(DirectChannel):
    """A connection. `held` tells whether a thread has it."""

    server: Any
    held = False

    def readable(self) -> bool:
        """Whether the loop is to read."""
        return not self.held and bool(super().readable())

    def service(self) -> None:
        """Answer the request that waits, and those that follow at once."""
        server, waits = self.server, False
        self.server, self.held = _Held(self, server), True
        try:
            waits = self._serve(server.task_dispatcher)
        except BaseException:
            self.will_close = True
            raise
        finally:
            self.server = server
            self.held = False
            if waits:
                server.add_task(self)
            else:
                server.pull_trigger()

    def _serve(self, dispatcher: ThreadedTaskDispatcher) -> bool:
        """Answer; tells whether a request is left, because others wait for a thread."""
        self._answer()
        while self._has_next(dispatcher):
            if dispatcher.queue:
                return True
            self._answer()
        return False

    def _answer(self) -> None:
        with BATON.held():
            super().service()

    def _has_next(self, dispatcher: ThreadedTaskDispatcher) -> bool:
        """Whether another request is there, or comes now."""
        if self.requests or not self.connected or self.writable() or not _may_wait(dispatcher):
            return bool(self.requests and self.connected)
        client = self.socket
        return client is not None and _is_ready(client) and self._read(client)

    def _read(self, client: socket.socket) -> bool:
        """Read what is there; tells whether it is a whole request. All else is left to the loop, be it the
        rest of one, or the end.
        """
        while not self.requests:
            try:
                data = client.recv(self.adj.recv_bytes)
            except OSError:
                return False
            if not data:
                return False
            self.last_activity = time.time()
            self.received(data)
        return True

    def send_rest(self) -> None:
        """Send what has been too little to be sent alone."""
        self._flush_exception(self._flush_some, do_close=False)

    def _flush_some(self, do_close: bool = True) -> Any:
        """Send what waits. The loop would do so unlocked when no request is there, but one may come now."""
        with self.outbuf_lock:
            return super()._flush_some(do_close)


class _Held:
    """The server, to a channel that is held: its next request goes to no queue, and the loop hears of it
    only if there is something to write, or to close.
    """

    def __init__(self, channel: LingeringChannel, server: Any) -> None:
        self._channel, self._server = channel, server

    def add_task(self, channel: LingeringChannel) -> None:
        """The thread takes it."""

    def pull_trigger(self) -> None:
        """Send what is left; wake the loop if it has something to do all the same."""
        if self._channel.total_outbufs_len:
            self._channel.send_rest()
        if self._channel.writable():
            self._server.pull_trigger()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)


def _is_ready(client: socket.socket) -> bool:
    """Whether there is something to read soon; the loop may close the socket meanwhile."""
    waiting = select.poll()
    try:
        waiting.register(client.fileno(), select.POLLIN)
    except ValueError:  # it is closed
        return False
    return bool(waiting.poll(_MILLISECONDS))


def _may_wait(dispatcher: ThreadedTaskDispatcher) -> bool:
    """Whether a thread may wait for one client: no other waits, and half of the threads are free."""
    threads = len(dispatcher.threads)
    return not dispatcher.queue and 2 * dispatcher.active_count <= threads and not dispatcher.stop_count
