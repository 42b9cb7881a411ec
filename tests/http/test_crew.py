"""Whoever leads a server's threads holds up nobody, loses nothing and hands over when it should."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import pytest
from waitress import wasyncore

from answers import read
from orgbox.baton import BATON
from orgbox.config import configure
from orgbox.http import crew, server
from orgbox.http.bounds import BoundedParser
from orgbox.http.listening import listen
from orgbox.http.server import Flag, make_server, run, tls_of

PATIENCE = 20
THREADS = 4
LARGE = 12_000_000
BODY = b"x" * 50_000
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
        config = configure(port=0, threads=THREADS, request_seconds=1, tls=tls, tls_folder=str(folder))
        context = tls_of(config)
        self._trust = ssl.create_default_context(cafile=str(folder / "ca.pem")) if tls else None
        listener = listen(config)
        self._address = listener.getsockname()
        self.answers, self.tidied = Answers(), list[bool]()
        self.server = make_server(self.answers, config, listener, context)
        self.stopping, self.retiring = Flag(), Flag()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        self.opened = ExitStack()

    def connect(self, first: bytes = b"") -> socket.socket:
        client = self.opened.enter_context(socket.create_connection(self._address, PATIENCE / 4))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._trust:
            client = self.opened.enter_context(self._trust.wrap_socket(client, server_hostname="localhost"))
        client.sendall(first)
        return client

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


@pytest.fixture(params=[False, True], ids=["http", "https"])
def crewed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crewed]:
    made = Crewed(tmp_path, tls=request.param)
    yield made
    made.close()


def test_one_thread_answers_who_calls_again(crewed: Crewed) -> None:
    client, threads = crewed.connect(), set()

    for _ in range(20):
        client.sendall(SMALL)
        threads.add(read(client)[1].split()[1])

    assert len(threads) == 1


def test_silent_clients_hold_no_thread(crewed: Crewed) -> None:
    clients = [crewed.connect() for _ in range(3 * THREADS)]

    for client in clients:
        client.sendall(SMALL)
        assert read(client)[1].startswith(b"2 ")


@pytest.mark.parametrize("alone", [False, True], ids=["among others", "for long alone"])
@pytest.mark.parametrize("path", [b"waits", b"works"])
def test_a_call_that_takes_long_holds_up_nobody(crewed: Crewed, path: bytes, alone: bool) -> None:
    client, other = crewed.connect(), crewed.connect()
    for _ in range(20 if alone else 0):
        client.sendall(SMALL)
        read(client)

    client.sendall(SMALL.replace(b"small", path))
    assert crewed.answers.begun.acquire(timeout=PATIENCE)
    for _ in range(20):
        other.sendall(SMALL)
        assert read(other)[1].startswith(b"2 ")
    crewed.answers.end.set()

    assert read(client)[1].startswith(b"2 ")


def test_as_many_calls_are_under_way_as_are_allowed(crewed: Crewed) -> None:
    clients = [crewed.connect(SMALL.replace(b"small", b"waits")) for _ in range(THREADS)]
    for _ in clients:
        assert crewed.answers.begun.acquire(timeout=PATIENCE)

    late, half = crewed.connect(SMALL.replace(b"small", b"waits")), crewed.connect(SMALL[:-1])
    assert half.recv(100) == b""  # the sockets are looked after all the same
    assert not crewed.answers.begun.acquire(blocking=False)
    crewed.answers.end.set()

    for client in (*clients, late):
        assert read(client)[1].startswith(b"2 ")


def test_who_does_not_read_a_large_answer_holds_up_nobody(crewed: Crewed) -> None:
    client = crewed.connect(SMALL.replace(b"small", b"larger"))
    until(lambda: any(c.total_outbufs_len > LARGE for c in crewed.server.active_channels.values()))

    other = crewed.connect(SMALL)
    assert read(other)[1].startswith(b"2 ")

    assert len(read(client)[1]) == 4 * LARGE
    client.sendall(SMALL)
    assert read(client)[1].startswith(b"2 ")


PARTS = {
    "half a body": (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab", b"cd", b"4"),
    "half a head": (b"POST / HTTP/1.1\r\nHost: h\r\nConte", b"nt-Length: 3\r\n\r\nabc", b"3"),
    "large": (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n", BODY, b"50000"),
    "in chunks": (
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"0\r\n\r\n", b"3",
    ),
}  # fmt: skip


def test_an_answer_does_not_wait_for_the_next_one(crewed: Crewed) -> None:
    client = crewed.connect(SMALL + SMALL.replace(b"small", b"waits"))

    assert read(client)[1].startswith(b"2 ")
    crewed.answers.end.set()
    assert read(client)[1].startswith(b"2 ")


def test_half_a_request_behind_a_long_call_does_not_break_it_off(crewed: Crewed) -> None:
    client = crewed.connect(SMALL.replace(b"small", b"waits") + SMALL[:-1])
    assert crewed.answers.begun.acquire(timeout=PATIENCE)
    time.sleep(2.5)  # longer than a request may take to come in

    crewed.answers.end.set()

    assert read(client)[1].startswith(b"2 ")


def test_who_takes_no_answer_at_all_is_let_go(crewed: Crewed) -> None:
    crewed.server.adj.channel_timeout = 1

    crewed.connect(2 * SMALL.replace(b"small", b"larger"))
    until(lambda: crewed.server.active_channels)

    until(lambda: not crewed.server.active_channels)


def test_what_tcp_calls_urgent_is_nothing_to_the_loop(
    crewed: Crewed, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(crewed.server.socket.getsockname()) as client:
        client.send(b"x", socket.MSG_OOB)
        for _ in range(5):
            read(crewed.connect(SMALL))

    assert not caplog.records


def test_a_call_that_breaks_its_thread_ends_its_connection_alone(crewed: Crewed) -> None:
    broken, other = crewed.connect(SMALL.replace(b"small", b"breaks")), crewed.connect()

    for _ in range(THREADS + 1):
        other.sendall(SMALL)
        assert read(other)[1].startswith(b"2 ")

    assert broken.recv(1) == b""


@pytest.mark.parametrize("name", PARTS)
def test_a_request_that_comes_in_parts_holds_no_thread_and_is_answered(crewed: Crewed, name: str) -> None:
    first, rest, size = PARTS[name]
    client = crewed.connect(SMALL)
    read(client)
    [channel] = crewed.server.active_channels.values()

    client.sendall(first)
    until(lambda: channel.request)
    assert read(crewed.connect(SMALL))[1].startswith(b"2 ")
    client.sendall(rest)

    assert read(client)[1].split()[0] == size


def test_half_a_request_that_stays_one_ends_the_connection(crewed: Crewed) -> None:
    client = crewed.connect(SMALL)
    read(client)

    client.sendall(SMALL[:-1])

    assert client.recv(100) == b""


def test_who_asks_before_sending_is_told_to_go_on(crewed: Crewed) -> None:
    client = crewed.connect(SMALL)
    read(client)

    client.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"abcd")

    assert read(client)[1].startswith(b"4 ")


def test_requests_sent_at_once_are_answered_in_turn(crewed: Crewed) -> None:
    client = crewed.connect(SMALL)
    read(client)

    client.sendall(b"".join([PARTS["large"][0] + BODY, SMALL, PARTS["in chunks"][0], b"0\r\n\r\n", SMALL]))

    assert [read(client)[1].split()[0] for _ in range(4)] == [b"50000", b"2", b"3", b"2"]


def test_who_leaves_is_let_go_at_once(crewed: Crewed) -> None:
    client = crewed.connect(SMALL)
    read(client)

    client.close()

    until(lambda: not crewed.server.active_channels)


def test_what_cannot_be_read_ends_the_connection_and_nothing_else(
    crewed: Crewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = crewed.connect(SMALL)
    read(client)
    received = BoundedParser.received

    def fail(parser: BoundedParser, data: bytes) -> int:
        if b"break" in data:
            raise RuntimeError("a bug of the parser")
        return received(parser, data)

    monkeypatch.setattr(BoundedParser, "received", fail)
    monkeypatch.setattr(crewed.server, "sweep", lambda: None)
    client.sendall(b"break")

    assert client.recv(100) == b""
    assert read(crewed.connect(SMALL))[1].startswith(b"2 ")


def test_a_thread_that_has_read_enough_makes_room_for_another(
    crewed: Crewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "_MOST_WEAR", 5)
    until(lambda: threads() == THREADS + 1)
    client, answered = crewed.connect(), []

    for _ in range(60):
        client.sendall(SMALL)
        answered.append(read(client)[1].split()[1])

    assert all(answered.count(thread) % 3 == 0 for thread in answered)  # of two bytes each
    until(lambda: threads() == THREADS + 1)


def test_after_calls_and_only_then_it_is_tidied(crewed: Crewed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_TIDY_SECONDS", 0)
    time.sleep(0.3)
    assert not crewed.tidied

    read(crewed.connect(SMALL))
    until(lambda: crewed.tidied)
    time.sleep(0.3)

    assert len(crewed.tidied) == 1


def test_an_accident_of_the_loop_is_not_its_end(
    crewed: Crewed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    accidents = [RuntimeError("an accident")] * 3

    def sweep() -> None:
        if accidents:
            raise accidents.pop()

    monkeypatch.setattr(crewed.server, "sweep", sweep)

    assert read(crewed.connect(SMALL))[1].startswith(b"2 ")
    until(lambda: caplog.text.count("an accident") == 3)
    assert read(crewed.connect(SMALL))[1].startswith(b"2 ")


@pytest.mark.parametrize("flag", ["stopping", "retiring"])
def test_a_call_made_to_a_server_that_ends_gets_its_whole_answer_and_is_told_so(
    crewed: Crewed, flag: str
) -> None:
    client, other = crewed.connect(SMALL), crewed.connect(SMALL.replace(b"small", b"waits"))
    read(client)
    assert crewed.answers.begun.acquire(timeout=PATIENCE)

    crewed.tell(getattr(crewed, flag))
    until(lambda: not crewed.server.accepting)
    client.sendall(SMALL.replace(b"small", b"large"))
    time.sleep(0.3)  # the answer fills what the system takes, the loop has to send the rest
    crewed.answers.end.set()
    head, body = read(client)
    assert read(other)[1].startswith(b"2 ")
    other.close()

    assert b"Connection: close" in head
    assert len(body) == LARGE
    assert client.recv(1) == b""
    until(lambda: not crewed.thread.is_alive())


def threads() -> int:
    return sum(thread.name == "crew" for thread in threading.enumerate())


def until(what: Callable[[], object]) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + PATIENCE / 4
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)
