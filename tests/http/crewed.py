"""A server in a thread, whose answers tell which of its threads read what."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

from waitress import wasyncore

from orgbox.baton import BATON
from orgbox.config import configure
from orgbox.http import crew
from orgbox.http.listening import listen
from orgbox.http.server import Flag, make_server, run, tls_of

PATIENCE = 20
THREADS = 4
LARGE = 12_000_000
SMALL = b"POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"


class Answers:
    """The number of bytes sent and the thread that read them; or many bytes, or none before `end`."""

    def __init__(self) -> None:
        self.begun, self.end = threading.Semaphore(0), threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., None]) -> list[bytes]:
        size, path = len(environ["wsgi.input"].read()), environ["PATH_INFO"]
        crew.wear(size)
        body = [f"{size} {threading.get_ident()}".encode()]
        if path in ("/waits", "/works"):
            self.begun.release()
            with BATON.laid_down() if path == "/waits" else nullcontext():
                self.end.wait(PATIENCE)
        elif path == "/breaks":
            raise SystemExit
        elif path in ("/large", "/larger"):
            body = [b"a" * LARGE] * (1 if path == "/large" else 4)
        start_response("200 OK", [("Content-Length", str(sum(map(len, body))))])
        return body


class Crewed:
    """A server in a thread; clients that give up long before its threads do."""

    def __init__(self, folder: Path, *, tls: bool) -> None:
        config = configure(
            port=0, threads=THREADS, request_seconds=PATIENCE, tls=tls, tls_folder=str(folder)
        )
        context = tls_of(config)
        self._trust = ssl.create_default_context(cafile=str(folder / "ca.pem")) if tls else None
        listener = listen(config)
        self._address = listener.getsockname()
        self.answers, self.tidied = Answers(), list[bool]()
        self._before = {*threading.enumerate()}
        self.server = make_server(self.answers, config, listener, context)
        self.stopping, self.retiring = Flag(), Flag()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        self.opened = ExitStack()

    def connect(self, first: bytes = b"") -> socket.socket:
        client = self.opened.enter_context(socket.create_connection(self._address, PATIENCE / 2))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._trust:
            client = self.opened.enter_context(self._trust.wrap_socket(client, server_hostname="localhost"))
        client.sendall(first)
        return client

    @property
    def threads(self) -> int:
        """How many there are, without those of other servers in this process."""
        return sum(t.name == "crew" and t not in self._before for t in threading.enumerate())

    def tell(self, flag: Flag) -> None:
        flag.set()
        self.server.task_dispatcher.wake()

    def close(self) -> None:
        self.opened.close()
        if self.thread.is_alive():
            self.tell(self.stopping)
        self.thread.join()

    def _run(self) -> None:
        run(self.server, self.stopping, self.retiring, lambda: self.tidied.append(True))
        wasyncore.close_all(self.server._map)


def until(what: Callable[[], object]) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)
