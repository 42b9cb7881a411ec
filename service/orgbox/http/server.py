"""Serving: waitress, which buffers whole requests, so that slow clients hold no thread.

`serve` runs in the foreground until SIGTERM or SIGINT, then lets calls under way end; `Running` serves
from a thread, inside a test.
"""

import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from orgbox.config import Config
from orgbox.http.bounds import HEADER_BYTES, BoundedChannel, body_bytes, close_the_idle
from orgbox.http.direct import HEAD_BYTES
from orgbox.http.tls import accept_tls

_DRAIN_SECONDS = 25.0
_BACKLOG = 1024
Wsgi = Callable[..., Any]


def listen(config: Config) -> socket.socket:
    """A listening socket on the host and port of the configuration. Raises OSError."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket, config: Config) -> str:
    """The address at which a listening socket is reached."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    scheme = "https" if config.tls else "http"
    return f"{scheme}://{host}:{listener.getsockname()[1]}"


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
        app, sockets=[listener], threads=config.threads, ident=None, connection_limit=config.connections,
        channel_timeout=config.idle_seconds, cleanup_interval=min(10, config.idle_seconds),
        backlog=_BACKLOG, asyncore_use_poll=True, map={},
        max_request_header_size=HEADER_BYTES, max_request_body_size=body_bytes(config),
        clear_untrusted_proxy_headers=False, url_scheme="https" if context else "http",
    )  # fmt: skip
    server.channel_class = accept_tls(context) if context else BoundedChannel
    server.adj.send_bytes = HEAD_BYTES
    server.maintenance = lambda now: close_the_idle(server, config.request_seconds)
    return server


def serve(
    app: Wsgi, config: Config, listener: socket.socket, context: ssl.SSLContext | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; calls under way are answered before it returns."""
    server = make_server(app, config, listener, context)
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()
        server.pull_trigger()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    run(server, stopping)
    wasyncore.close_all(server._map)


def run(server: Any, stopping: threading.Event) -> None:
    """The loop of a server until `stopping` is set, then until no call is under way.

    Its sockets stay open, so that whoever sets `stopping` can still wake it.
    """
    while not stopping.is_set():
        wasyncore.loop(timeout=1, map=server._map, use_poll=True, count=1)
    _stop_accepting(server)
    until = time.monotonic() + _DRAIN_SECONDS
    while _busy(server) and time.monotonic() < until:
        wasyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)
    server.task_dispatcher.shutdown()


def _stop_accepting(server: Any) -> None:
    server.accepting = False
    server._map.pop(server.socket.fileno(), None)
    server.socket.close()


def _busy(server: Any) -> bool:
    channels = [c for c in server._map.values() if hasattr(c, "requests")]
    return any(c.requests or c.total_outbufs_len for c in channels)


class Running:
    """A server in a thread of this process; `url` is where it answers."""

    def __init__(self, app: Wsgi, config: Config) -> None:
        context = tls_of(config)
        listener = listen(config)
        self.url = url_of(listener, config)
        self._server = make_server(app, config, listener, context)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=run, args=(self._server, self._stopping), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop; calls under way are answered."""
        self._stopping.set()
        self._server.pull_trigger()
        self._thread.join()
        wasyncore.close_all(self._server._map)


def serve_workers(work: Callable[[int], None], count: int) -> None:
    """Run `work`, which serves until SIGTERM, in `count` processes; one that dies is replaced.

    The parent only watches. Each worker makes its own application, after the fork; it gets a number below
    `count` that no other living one has.
    """
    workers: dict[int, int] = {}
    stopping = threading.Event()

    parent = os.getpid()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if os.getpid() != parent:  # a worker that replaces another and does not serve yet
            os._exit(0)
        stopping.set()
        for pid in workers:
            os.kill(pid, signal.SIGTERM)

    def start(number: int) -> None:
        pid = os.fork()
        if pid == 0:
            work(number)
            os._exit(0)
        workers[pid] = number
        if stopping.is_set():
            os.kill(pid, signal.SIGTERM)

    for number in range(count):
        start(number)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    while workers:
        pid, _ = os.wait()
        number = workers.pop(pid)
        if not stopping.is_set():
            start(number)
