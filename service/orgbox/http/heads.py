"""Heads of requests and of answers, worked out once: with each call a client sends the head it sent before,
and gets all but the length and the date of the one it got.

What is kept is what waitress makes of them. A head is known again by all its bytes.
"""

import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser, ParsingError, TransferEncodingNotImplemented
from waitress.receiver import ChunkedReceiver, FixedStreamReceiver
from waitress.task import WSGITask
from waitress.utilities import build_http_date

_MOST = 512
_LONG = 2_000
"""Bytes of a head that is not kept."""
_SMALL = 16 * 1024
"""Bytes of a body that costs less to copy than to send apart from its head."""
_FRAMING = frozenset(("connection", "content-length", "date", "server", "transfer-encoding"))
_NO_BODY = ("1", "204", "304")


@dataclass(slots=True)
class _Read:
    """A head that has been read: the attributes of its parser, and what applications are told of it, once
    one has been told.
    """

    attributes: dict[str, Any]
    environ: dict[str, Any] | None = None


def _read(head: bytes, adj: Any) -> _Read | None:
    """What a head says; None for one that cannot be read."""
    parser = HTTPRequestParser(adj)
    try:
        parser.parse_header(head)
    except (ParsingError, TransferEncodingNotImplemented):
        return None
    return _Read(vars(parser))


_read_before = lru_cache(maxsize=_MOST)(_read)


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads a request. `read` is what its head says."""

    headers: dict[str, str]
    read: _Read

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head. Raises as the parent does."""
        read = (_read if len(header_plus) > _LONG else _read_before)(header_plus, self.adj)
        if read is None:
            super().parse_header(header_plus)
            return
        self.__dict__.update(read.attributes)
        self.read = read
        self.headers = dict(self.headers)
        if self.chunked:
            self.body_rcv = ChunkedReceiver(OverflowableBuffer(self.adj.inbuf_overflow))
        elif self.content_length:
            self.body_rcv = FixedStreamReceiver(
                self.content_length, OverflowableBuffer(self.adj.inbuf_overflow)
            )


class Task(WSGITask):  # type: ignore[misc]
    """Answers a request."""

    wrote_header: Any

    def get_environment(self) -> dict[str, Any]:
        """What the application is told; asked for once."""
        request, channel = self.request, self.channel
        if request.chunked:  # whose length is not in the head
            return super().get_environment()  # type: ignore[no-any-return]
        own = {
            "REMOTE_ADDR": channel.addr[0], "REMOTE_HOST": channel.addr[0],
            "REMOTE_PORT": str(channel.addr[1]), "wsgi.input": request.get_body_stream(),
            "wsgi.errors": sys.stderr, "waitress.client_disconnected": channel.check_client_disconnected,
        }  # fmt: skip
        told = request.read.environ
        if told is None:
            whole = super().get_environment()
            told = request.read.environ = {name: whole[name] for name in whole if name not in own}
        return {**told, **own}

    def write(self, data: bytes) -> None:
        """Send a piece of the answer. A small one that is all of it leaves together with its head."""
        is_whole = data and len(data) == self.content_length and not self.wrote_header and self.has_body
        if not is_whole or len(data) > _SMALL:
            super().write(data)
            return
        head = self.build_response_header()
        self.wrote_header, self.content_bytes_written = True, len(data)
        self.channel.write_soon(head + data)

    def build_response_header(self) -> bytes:
        """The head of the answer."""
        closes = self.close_on_finish or self.request.connection_close or self.version != "1.1"
        if self.content_length is None or closes:
            return super().build_response_header()  # type: ignore[no-any-return]
        others = [header for header in self.response_headers if header[0] != "Content-Length"]
        lines = _lines(self.status, *others)
        if lines is None:
            return super().build_response_header()  # type: ignore[no-any-return]
        date = _date(int(self.start_time))
        return f"{lines}\r\nContent-Length: {self.content_length}\r\nDate: {date}\r\n\r\n".encode("latin-1")


@lru_cache(maxsize=_MOST)
def _lines(status: str, *headers: tuple[str, str]) -> str | None:
    """The first lines of an answer, without its length and date; None where waitress has to think of more."""
    names = ["-".join(part.capitalize() for part in name.split("-")) for name, _ in headers]
    if status.startswith(_NO_BODY) or not _FRAMING.isdisjoint(name.lower() for name in names):
        return None
    values = [value for _, value in headers]
    return "\r\n".join([f"HTTP/1.1 {status}", *map("{}: {}".format, names, values)])


_date = lru_cache(maxsize=2)(build_http_date)
