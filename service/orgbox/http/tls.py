"""TLS inside waitress's own loop: a channel whose socket speaks TLS, and nothing else differs.

No handshake holds a thread: it goes on whenever its socket is ready, and ends with the channel's own
timeout. The loop reads while a worker writes; OpenSSL wants one at a time, hence the lock.
"""

import errno
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from orgbox.http.bounds import BoundedChannel

_RECORD = 16_384
"""Bytes of a TLS record: what is written at a time, and the least to read at once, so that nothing stays
behind in OpenSSL, where poll() does not see it."""
_PLAIN_ANSWER = b"This port speaks https.\n"
_PLAIN = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_PLAIN_ANSWER), _PLAIN_ANSWER)
)


class TlsSocket:
    """A connection that is not blocking, with the methods that a channel calls.

    Raises OSError for a client that is gone: `ssl` would leave its socket open.
    """

    def __init__(self, plain: socket.socket, context: ssl.SSLContext) -> None:
        plain.getpeername()
        plain.setblocking(False)
        self._tls = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self._turn = threading.Lock()
        self.shaken = False

    def handshake(self) -> bool:
        """Go on with the handshake; tells whether it waits to write. Raises OSError when it fails."""
        try:
            with self._turn:
                self._tls.do_handshake()
            self.shaken = True
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLWantWriteError:
            return True
        except ssl.SSLError as error:
            if error.reason == "HTTP_REQUEST":
                with suppress(OSError):
                    socket.socket.send(self._tls, _PLAIN)
            raise
        return False

    def recv(self, size: int) -> bytes:
        """Some bytes, none at the end. Raises BlockingIOError, OSError."""
        try:
            with self._turn:
                return self._tls.recv(max(size, _RECORD))
        except ssl.SSLError as error:
            raise _as_of_tcp(error) from None

    def send(self, data: bytes) -> int:
        """How many bytes were taken. Raises BlockingIOError, OSError."""
        try:
            with self._turn:
                return self._tls.send(data[:_RECORD])
        except ssl.SSLError as error:
            raise _as_of_tcp(error) from None

    def close(self) -> None:
        """Tell the client that nothing more comes, without waiting for its answer, and close."""
        with self._turn:
            if self.shaken:
                with suppress(OSError, ValueError):
                    self._tls.unwrap()
            self._tls.close()

    def fileno(self) -> int:
        """Of the socket."""
        return self._tls.fileno()

    def setblocking(self, blocking: bool) -> None:
        """It never blocks."""

    def getsockopt(self, level: int, name: int) -> int:
        """As of the socket."""
        return self._tls.getsockopt(level, name)

    def getpeername(self) -> Any:
        """As of the socket."""
        return self._tls.getpeername()


def _as_of_tcp(error: ssl.SSLError) -> OSError:
    """The error that waitress knows how to meet."""
    if isinstance(error, ssl.SSLWantReadError | ssl.SSLWantWriteError):
        return BlockingIOError(errno.EWOULDBLOCK, "not now")
    return ConnectionResetError(errno.ECONNRESET, error.reason or "TLS ended")


class TlsChannel(BoundedChannel):
    """A channel of waitress that shakes hands first. `context` is a keyword of its own."""

    def __init__(
        self, server: Any, sock: socket.socket, addr: Any, adj: Any, map: Any, *, context: ssl.SSLContext
    ) -> None:
        self._tls = TlsSocket(sock, context)
        self._wants_write = False
        super().__init__(server, self._tls, addr, adj, map=map)
        self.sendbuf_len = _RECORD

    @property
    def is_coming(self) -> bool:
        """Whether hands are being shaken, or a request has come in part."""
        return not self._tls.shaken or super().is_coming

    def writable(self) -> bool:
        """Whether there is something to write, be it of the handshake."""
        return bool(self._wants_write or super().writable())

    def handle_read(self) -> None:
        """Go on with the handshake, or read; the parent takes a read that would block for an error."""
        if not self._tls.shaken:
            self._shake()
            return
        try:
            data = self.recv(self.adj.recv_bytes)
        except BlockingIOError:
            return
        if data:
            self.last_activity = time.time()
            self.received(data)

    def handle_write(self) -> None:
        """Go on with the handshake, or write; close when that was asked for."""
        if self._tls.shaken or self.will_close:
            super().handle_write()
        else:
            self._shake()

    def _shake(self) -> None:
        try:
            self._wants_write = self._tls.handshake()
        except OSError:
            self.handle_close()


def accept_tls(context: ssl.SSLContext) -> Callable[..., None]:
    """What a waitress server has as its `channel_class`. A client that is gone already is let go: an error
    here would close the server's own socket.
    """

    def accept(server: Any, sock: socket.socket, addr: Any, adj: Any, map: Any) -> None:
        try:
            TlsChannel(server, sock, addr, adj, map, context=context)
        except (OSError, ValueError):
            sock.close()

    return accept
