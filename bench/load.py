"""The load: an HTTP client that costs little, on one keep-alive connection or on many at once."""

import selectors
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.workloads import PATH

_TIMEOUT = 60.0
_RECEIVE = 1 << 18
Bodies = Callable[[int], bytes]


def message(body: bytes, port: int) -> bytes:
    """The HTTP request that posts a body."""
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/xml; charset=UTF-8\r\n"
        f'SOAPAction: ""\r\nContent-Length: {len(body)}\r\n\r\n'
    ).encode() + body


class Reply:
    """An HTTP answer that comes in pieces, with a length or in chunks."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._start = 0
        self._length = -1
        self._chunked = False
        self.status = 0
        self.closes = False

    def feed(self, piece: bytes) -> bool:
        """Take a piece; tells whether the answer is complete. An empty piece is the end of the stream.

        Raises ConnectionError where the stream ends too early.
        """
        self._data += piece
        if not piece and (not self.status or self._chunked or self._length >= 0):
            raise ConnectionError("the server closed the connection")
        if not self.status and not self._read_head():
            return False
        if self._chunked:
            return self._data.endswith(b"0\r\n\r\n")
        if self._length < 0:
            return not piece
        return len(self._data) >= self._start + self._length

    def _read_head(self) -> bool:
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = bytes(self._data[:end]).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
        self._start = end + 4
        self.status = int(first.split()[1])
        self._length = int(headers.get("content-length", -1))
        self._chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        closing = headers.get("connection", "").lower()
        self.closes = closing == "close" or (first.startswith("HTTP/1.0") and closing != "keep-alive")
        if self.status == 100:
            raise ValueError("unexpected 100 Continue")
        return True

    @property
    def body(self) -> bytes:
        """The body, whole."""
        rest = bytes(self._data[self._start :])
        return b"".join(_chunks(rest)) if self._chunked else rest


def _chunks(data: bytes) -> Iterator[bytes]:
    at = 0
    while True:
        end = data.index(b"\r\n", at)
        size = int(data[at:end].split(b";")[0], 16)
        if size == 0:
            return
        yield data[end + 2 : end + 2 + size]
        at = end + 2 + size + 2


class Connection:
    """One connection; reopened when the server closes it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket: socket.socket | None = None

    def call(self, body: bytes) -> Reply:
        """Post a body and wait for the answer. Raises OSError."""
        used = self._socket is not None
        try:
            return self._call(body)
        except ConnectionError:  # a server may close a connection that was idle for long
            self.close()
            if not used:
                raise
            return self._call(body)

    def _call(self, body: bytes) -> Reply:
        reply = self.send(body)
        while not reply.feed(self.socket.recv(_RECEIVE)):
            pass
        self.done(reply)
        return reply

    @property
    def is_open(self) -> bool:
        """Whether there is a socket."""
        return self._socket is not None

    @property
    def socket(self) -> socket.socket:
        """The socket, open."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), _TIMEOUT)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def send(self, body: bytes) -> Reply:
        """Post a body; the answer is still to come."""
        self.socket.sendall(message(body, self.port))
        return Reply()

    def done(self, reply: Reply) -> None:
        """An answer is complete."""
        if reply.closes:
            self.close()

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


@dataclass(slots=True)
class Measured:
    """Wall-clock figures of a run: seconds in all and of each call."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Calls a second."""
        return len(self.latencies) / self.seconds

    def quantile(self, q: float) -> float:
        """The latency that a share q of the calls did not exceed, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(int(q * len(ordered)), len(ordered) - 1)]


def steadily(connection: Connection, bodies: Bodies, first: int, seconds: float) -> Measured:
    """Call after call on one connection for some seconds, at least twice. Raises ValueError on a fault."""
    measured = Measured()
    began = now = time.perf_counter()
    while len(measured.latencies) < 2 or now - began < seconds:
        body = bodies(first + len(measured.latencies))
        before = time.perf_counter()
        reply = connection.call(body)
        now = time.perf_counter()
        measured.latencies.append(now - before)
        if reply.status != 200:
            raise ValueError(reply.body[:600].decode("utf-8", "replace"))
    measured.seconds = sum(measured.latencies)
    return measured


def at_once(port: int, count: int, bodies: Bodies, first: int, seconds: float) -> Measured:
    """`count` connections, each with a call under way all the time. Raises as `steadily`."""
    measured, sent = Measured(), first
    selector = selectors.DefaultSelector()
    connections = [Connection(port) for _ in range(count)]
    under_way: dict[Connection, tuple[Reply, float]] = {}
    began = time.perf_counter()

    def start(connection: Connection) -> None:
        nonlocal sent
        before, is_new = time.perf_counter(), not connection.is_open
        under_way[connection] = connection.send(bodies(sent)), before
        if is_new:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        sent += 1

    for connection in connections:
        start(connection)
    while under_way:
        ready = selector.select(_TIMEOUT)
        if not ready:
            raise TimeoutError(f"no answer in {_TIMEOUT} seconds")
        for key, _ in ready:
            connection = key.data
            reply, before = under_way[connection]
            if not reply.feed(connection.socket.recv(_RECEIVE)):
                continue
            now = time.perf_counter()
            if reply.status != 200:
                raise ValueError(reply.body[:600].decode("utf-8", "replace"))
            measured.latencies.append(now - before)
            del under_way[connection]
            if reply.closes:
                selector.unregister(connection.socket)
            connection.done(reply)
            if now - began < seconds:
                start(connection)
    measured.seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    selector.close()
    return measured
