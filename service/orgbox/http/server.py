"""Serving: waitress, which buffers whole requests, so that slow clients hold no thread.

`serve` runs in the foreground until SIGTERM or SIGINT, then lets calls under way end; at SIGHUP it retires,
answering each client once more. `Running` serves from a thread, inside a test.
"""

import logging
import select
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from orgbox.config import Config
from orgbox.http.bounds import HEADER_BYTES, BoundedChannel, Sweep, body_bytes
from orgbox.http.crew import Crew
from orgbox.http.direct import HEAD_BYTES
from orgbox.http.heads import Task
from orgbox.http.listening import BACKLOG, listen, url_of
from orgbox.http.tls import accept_tls

_DRAIN_SECONDS, _COMING_SECONDS = 25.0, 2.0
_MOST_MISSED = 10
"""Of those who wait to be let in: for one that has left, or where the system has no room for more."""
_TIDY_SECONDS = 2.0
_QUEUE = logging.getLogger("waitress.queue")
"""Warns of each request that waits for a thread: where clients are many, a line for most calls."""
Wsgi = Callable[..., Any]


def tls_of(config: Config) -> ssl.SSLContext | None:
    """TLS with the service's own certificate, if the configuration asks for it. Raises OSError."""
    if not config.tls:
        return None
    from orgbox.http.certificates import Certificates, folder_of  # a tenth of a second to load

    return Certificates(folder_of(config), config.external_url).context()


def make_server(
    app: Wsgi, config: Config, listener: socket.socket, context: ssl.SSLContext | None
) -> Any:
    """A waitress server on a listening socket, with TLS if there is a context."""
    server = create_server(
        app, sockets=[listener], _dispatcher=Crew(config.threads), ident=None,
        connection_limit=config.connections, channel_timeout=config.idle_seconds, backlog=BACKLOG, map={},
        max_request_header_size=HEADER_BYTES, max_request_body_size=body_bytes(config),
        clear_untrusted_proxy_headers=False, url_scheme="https" if context else "http",
    )  # fmt: skip
    _QUEUE.setLevel(logging.ERROR)
    server.channel_class = accept_tls(context) if context else BoundedChannel
    server.adj.send_bytes = HEAD_BYTES
    server.sweep = Sweep(server, config.request_seconds)
    return server


def serve(
    app: Wsgi, config: Config, listener: socket.socket, context: ssl.SSLContext | None = None,
    tidy: Callable[[], object] = lambda: None, ready: Callable[[], object] = lambda: None,
) -> None:  # fmt: skip
    """Serve until SIGTERM or SIGINT; calls under way are answered before it returns. `ready` is called once
    these signals are heard; now and then, if there have been calls, it tidies.

    At SIGHUP it takes no new connection, ends those it has with their next answer, and returns when none
    is left. An idle one ends as it always does, by `channel_timeout`.
    """
    server = make_server(app, config, listener, context)
    stopping, retiring = Flag(), Flag()

    def noting(flag: Flag) -> Callable[[int, FrameType | None], None]:
        def note(_signal: int, _frame: FrameType | None) -> None:
            flag.set()
            server.task_dispatcher.wake()

        return note

    flags = {signal.SIGTERM: stopping, signal.SIGINT: stopping, signal.SIGHUP: retiring}
    for name, flag in flags.items():
        signal.signal(name, noting(flag))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {*flags, signal.SIGCHLD})
    ready()
    run(server, stopping, retiring, tidy)
    wasyncore.close_all(server._map)


class Flag:
    """What a signal handler sets. An Event has a lock, which a handler that interrupts another waits for."""

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        """From now on it is set."""
        self._set = True

    def is_set(self) -> bool:
        """Whether it is."""
        return self._set


class _LastTask(Task):
    """The last call of a connection: its answer says that the connection ends."""

    def start(self) -> None:
        super().start()
        self.set_close_on_finish()


def run(
    server: Any, stopping: Flag, retiring: Flag | None = None, tidy: Callable[[], object] = lambda: None
) -> None:
    """Serve until `stopping` is set, then until no call is under way; once `retiring` is set, until there is
    no connection. Whoever sets a flag wakes the server's crew.
    """
    crew = server.task_dispatcher
    crew.start(server)
    tidied, calls = time.monotonic(), 0
    while not stopping.is_set() and not (retiring and retiring.is_set()):
        crew.watch()
        if crew.begun > calls and time.monotonic() > tidied + _TIDY_SECONDS:
            tidy()
            tidied, calls = time.monotonic(), crew.begun
    crew.do(partial(_retire, server))
    while not stopping.is_set() and (server.accepting or server.active_channels):
        crew.watch()
    _drain(server)
    crew.shutdown()


def _drain(server: Any) -> None:
    """Wait until no call is under way, for some seconds, and none on its way, for a few. The leader looks:
    what it is reading is neither in the socket any more nor yet among the requests.
    """
    crew, began, drained = server.task_dispatcher, time.monotonic(), Flag()

    def look() -> None:
        if not _busy(server, waits=time.monotonic() < began + _COMING_SECONDS):
            drained.set()
            crew.wake()

    while not drained.is_set() and time.monotonic() < began + _DRAIN_SECONDS:
        crew.do(look)
        crew.watch()


def _let_in(server: Any) -> None:
    """Take the connections that the system keeps: nobody else will, and their calls may have been sent."""
    waiting = select.poll()
    waiting.register(server.socket, select.POLLIN)
    missed = 0
    for _ in range(BACKLOG):
        if missed > _MOST_MISSED or not waiting.poll(0):
            return
        known = len(server._map)
        server.handle_accept()
        missed += len(server._map) == known


def _retire(server: Any) -> None:
    """Take no new connection, and end those there are with their next answer; tells whoever watches."""
    _let_in(server)
    server.accepting = False
    server._map.pop(server.socket.fileno(), None)
    server.socket.close()
    for channel in [*server.active_channels.values()]:
        channel.task_class = _LastTask
    server.task_dispatcher.wake()


def _busy(server: Any, *, waits: bool) -> bool:
    """Whether a call is under way, or, for who waits for such, on its way."""
    return server.accepting or any(
        c.requests or c.total_outbufs_len or c.unread or (waits and c.is_coming)
        for c in [*server.active_channels.values()]
    )


class Running:
    """A server in a thread of this process; `url` is where it answers."""

    def __init__(self, app: Wsgi, config: Config) -> None:
        context = tls_of(config)
        listener = listen(config)
        self.url = url_of(listener, config)
        self._server = make_server(app, config, listener, context)
        self._stopping = Flag()
        self._thread = threading.Thread(target=run, args=(self._server, self._stopping), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop; calls under way are answered."""
        self._stopping.set()
        self._server.task_dispatcher.wake()
        self._thread.join()
        wasyncore.close_all(self._server._map)
