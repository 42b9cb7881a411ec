"""Bounds that waitress does not have, in memory and in time.

A body that is too large is read to its end and thrown away, so that the client gets to hear why: closing
at once would break its connection before it reads the answer. Lines between chunks are short. A request
must be there whole after `request_seconds`, however busily it trickles in, and a connection on which
nothing moves for `idle_seconds` is closed even if its client does not read. Both are told by a clock that
nobody sets.
"""

import select
import time
from io import BytesIO
from typing import Any

from waitress.parser import ParsingError
from waitress.task import ErrorTask
from waitress.utilities import BadRequest, RequestEntityTooLarge

from orgbox.config import Config
from orgbox.http import heads
from orgbox.http.direct import DirectChannel

HEADER_BYTES = 64 * 1024
_LONGEST_LINE = 8 * 1024
"""Bytes of what stands between two chunks, and of what follows the last."""
_STOPPED = 5.0
"""Seconds that a sweep is late: the process was stopped, and nobody read what came."""
_READ_ON = 10
"""A body this many times too large is not read to its end."""


def body_bytes(config: Config) -> int:
    """What a body may have on the wire to be kept at all: the largest message, and what chunks add to it."""
    return int(config.message_bytes) * 9 // 8 + 65_536


class _Nowhere:
    """A buffer that keeps nothing."""

    def append(self, data: bytes) -> None:
        """Let it go."""

    def __len__(self) -> int:
        return 0

    def getfile(self) -> BytesIO:
        """An empty body."""
        return BytesIO()

    def close(self) -> None:
        """Nothing is open."""


class BoundedParser(heads.Parser):
    """Reads a request. One that is too large comes out with no body and a Content-Length that says so."""

    error: Any
    completed: Any

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began = time.monotonic()

    def received(self, data: bytes) -> int:
        """Take some bytes; returns how many belong to this request."""
        consumed: int = super().received(data)
        if isinstance(self.error, RequestEntityTooLarge):
            self._throw_away()
        elif self.chunked and not self.completed and self._between_chunks() > _LONGEST_LINE:
            self.error = BadRequest("A line between chunks is too long")
            self.completed = True
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head; who frames a body in two ways may want two servers to disagree (RFC 9112, 6.1)."""
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length and Transfer-Encoding do not go together")

    def _between_chunks(self) -> int:
        return len(self.body_rcv.control_line) + len(self.body_rcv.trailer)

    def _throw_away(self) -> None:
        receiver, most = self.body_rcv, _READ_ON * self.adj.max_request_body_size
        if max(self.content_length, self.body_bytes_received) > most:
            return
        if not isinstance(receiver.buf, _Nowhere):
            receiver.buf.close()
            receiver.buf = _Nowhere()
        self.error = receiver.error
        self.completed = bool(receiver.completed or receiver.error)
        if self.chunked:
            self.headers["CONTENT_LENGTH"] = str(self.body_bytes_received)


class _GuardedError(ErrorTask):  # type: ignore[misc]
    """What is said of a request that cannot be read, for no browser to guess at."""

    def execute(self) -> None:
        """Answer."""
        self.response_headers += [("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]
        super().execute()


class BoundedChannel(DirectChannel):
    """A connection."""

    parser_class = BoundedParser
    task_class = heads.Task
    error_task_class = _GuardedError
    _last_activity = 0.0

    @property
    def last_activity(self) -> float:
        """When something moved, in seconds of `time.monotonic`."""
        return self._last_activity

    @last_activity.setter
    def last_activity(self, _system_time: float) -> None:
        """Something moves now; waitress says so by the system's time, which may be set."""
        self._last_activity = time.monotonic()

    @property
    def is_coming(self) -> bool:
        """Whether a request has come in part."""
        return self.request is not None

    @property
    def unread(self) -> bool:
        """Whether something has come in that is to be read."""
        poll = select.poll()
        try:
            poll.register(self.socket, select.POLLIN)
        except (TypeError, ValueError):  # it is closed
            return False
        return bool(self.readable() and poll.poll(0))


class Sweep:
    """Closes connections whose time is up, once a second at most; not one that has sent something which a
    process that was stopped for a while has not come to read.

    It runs between two rounds of the server's loop, in place of waitress's own: that one runs while sockets
    are gathered to be polled, and a number that is closed then may stand for a new connection when the
    poll returns.
    """

    def __init__(self, server: Any, request_seconds: float) -> None:
        self._server, self._request_seconds = server, request_seconds
        self._next = time.monotonic()
        server.maintenance = lambda now: None

    def __call__(self) -> None:
        """Close what is due."""
        now = time.monotonic()
        if now < self._next:
            return
        stopped = now - self._next
        self._next = now + 1.0
        idle_since = now - self._server.adj.channel_timeout
        for channel in [*self._server.active_channels.values()]:
            partly = channel.request
            if partly and not channel.readable():  # an answer goes before: nobody reads the rest now
                partly.began = now
            elif partly and stopped > _STOPPED:
                partly.began += stopped
            late = partly and now - partly.began > self._request_seconds
            idle = channel.last_activity < idle_since and not channel.unread
            deaf = channel.total_outbufs_len > channel.adj.outbuf_high_watermark  # a thread waits for it
            if (late or idle) and not channel.requests or idle and deaf:
                channel.handle_close()
