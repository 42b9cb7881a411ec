"""The client of the control API and connections that end between two requests."""

import select
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from orgbox.control import ControlClient


class _Hasty(HTTPServer):
    """Answers one request of a connection and ends it without a word."""

    def __init__(self) -> None:
        self.ended = Event()
        super().__init__(("127.0.0.1", 0), _Answer)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.ended.set()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def hasty() -> Iterator[_Hasty]:
    with _Hasty() as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_request_after_a_long_pause_takes_a_new_connection(hasty: _Hasty) -> None:
    client = ControlClient(f"http://127.0.0.1:{hasty.server_port}", "key")
    client.post("orgs")
    assert hasty.ended.wait(20)
    assert select.select([client._connection.sock], [], [], 20)[0]

    assert client.post("orgs") == {}
    client.close()
