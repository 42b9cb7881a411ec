"""A channel of waitress that sends answers from where they are.

waitress copies an answer into a buffer, reads it from there and cuts it for every send; for a batch of
2,000 records that is as much work as to write them as text. What the socket does not take at once is
buffered as always.
"""

import time
from functools import partial
from typing import Any

from waitress.channel import HTTPChannel

from orgbox.baton import BATON

HEAD_BYTES = 512
"""Less than this waits for what follows: head and body of an answer leave together."""


class DirectChannel(HTTPChannel):  # type: ignore[misc]
    """A connection."""

    def writable(self) -> bool:
        """Whether the loop is to send: a little of an answer waits for what follows, or for its end."""
        is_little = self.total_outbufs_len < HEAD_BYTES and self.requests
        closes = self.will_close or self.close_when_flushed
        return bool(super().writable() and (closes or not is_little))

    def service(self) -> None:
        """Answer a request. The next one may take long, so that nothing of this answer waits for it."""
        super().service()
        with self.outbuf_lock:
            if self.total_outbufs_len and self.connected:
                self._flush_exception(self._flush_some, do_close=False)

    def handle_write(self) -> None:
        """Send what waits. The parent asks nobody once no request is left, though a thread may be at it."""
        with self.outbuf_lock:
            super().handle_write()

    def write_soon(self, data: Any) -> int:
        """Take a piece of an answer. Raises ClientDisconnected."""
        self._flush_outbufs_below_high_watermark()
        if not isinstance(data, bytes) or len(data) < HEAD_BYTES:
            taken: int = super().write_soon(data)
            return taken
        with self.outbuf_lock:
            sent = self._send_now(memoryview(data))
        super().write_soon(data[sent:])
        return len(data)

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Wait for a client that takes its time; somebody else is to send it what it takes."""
        if self.total_outbufs_len > self.adj.outbuf_high_watermark:
            self.server.task_dispatcher.leave()
            with BATON.laid_down():
                super()._flush_outbufs_below_high_watermark()

    def _send_now(self, data: memoryview) -> int:
        """How many bytes the socket takes without being waited for, once all that comes before is sent."""
        if self.total_outbufs_len:
            self._flush_exception(self._flush_some, do_close=False)
        sent = 0
        while self.connected and not self.total_outbufs_len and sent < len(data):
            taken, _ = self._flush_exception(partial(self.send, data[sent:]), do_close=False)
            if not taken:
                break
            sent += taken
            self.last_activity = time.time()
        return sent
