"""Large answers leave from where they are: they must arrive whole whatever the client does."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from orgbox.config import configure
from orgbox.http.server import Running

SIZES = {"/small": 100, "/middle": 20_000, "/large": 9_000_000}


def body_of(path: str) -> bytes:
    return (path.encode() * 2_000_000)[: SIZES[path]]


def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    body = body_of(environ["PATH_INFO"])
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def port() -> Iterator[int]:
    server = Running(answer, configure(port=0))
    yield int(server.url.rpartition(":")[2])
    server.stop()


def connect(port: int, *paths: str) -> socket.socket:
    """A connection with a small window that has asked for these paths, the last time with an end."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(20)
    client.connect(("127.0.0.1", port))
    heads = [f"GET {path} HTTP/1.1\r\nHost: h\r\n" for path in paths]
    client.sendall("\r\n".join(heads).encode() + b"Connection: close\r\n\r\n")
    return client


def read_all(client: socket.socket) -> bytes:
    with client, client.makefile("rb") as stream:
        return stream.read()


@pytest.mark.parametrize("path", SIZES)
def test_an_answer_of_any_size_arrives_whole(port: int, path: str) -> None:
    head, _, body = read_all(connect(port, path)).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 OK")
    assert body == body_of(path)


def test_answers_keep_their_order_on_one_connection(port: int) -> None:
    paths = ["/large", "/small", "/large", "/middle", "/small"]

    rest = read_all(connect(port, *paths))

    for path in paths:
        _, _, rest = rest.partition(b"\r\n\r\n")
        assert rest[: SIZES[path]] == body_of(path)
        rest = rest[SIZES[path] :]
    assert rest == b""


def test_a_client_that_reads_late_gets_it_all(port: int) -> None:
    client = connect(port, "/large")
    time.sleep(0.3)

    assert read_all(client).endswith(body_of("/large"))


def test_a_client_that_leaves_in_the_middle_does_no_harm(port: int) -> None:
    for _ in range(5):
        client = connect(port, "/large")
        client.recv(1000)
        client.close()

    assert read_all(connect(port, "/middle")).endswith(body_of("/middle"))
