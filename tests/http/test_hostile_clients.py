"""Clients that are slow, silent, gone or endless: over real sockets, against the command in a process."""

import contextlib
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from answers import read_answer
from served import served
from service import SOAP, Client

LIMIT = 300_000
PATIENCE = 6
"""Seconds after which a client that does no harm would give up."""
REQUEST_SECONDS = 4
FLAGS = ["--message-bytes", str(LIMIT), "--idle-seconds", "2", "--request-seconds", str(REQUEST_SECONDS)]
HEAD = "POST /services/Soap/u/66.0 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n"


class Victim:
    """A service in a process, and Alice, who goes on working."""

    def __init__(self, url: str, pid: int) -> None:
        self.alice = Client(url).login("alice@acme.com")
        self.pid = pid
        self.opened = contextlib.ExitStack()
        parts = urlsplit(url)
        self._address = (parts.hostname, parts.port)

    def connect(self, text: str | bytes = b"", *, receive: int = 0) -> socket.socket:
        """A connection over which something has been sent."""
        made = self.opened.enter_context(socket.socket())
        if receive:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        made.settimeout(30)
        made.connect(self._address)
        made.sendall(text.encode() if isinstance(text, str) else text)
        return made

    def works(self) -> None:
        """Alice's call, on a new connection, is answered before she would give up."""
        body, type_ = self.alice.envelope("<getUserInfo/>"), {"Content-Type": "text/xml"}
        answer = requests.post(self.alice.endpoint, data=body, headers=type_, timeout=PATIENCE)
        assert "Alice Archer" in answer.text

    def sockets(self) -> int:
        """Connections that the service holds."""
        return sum(map(_is_socket, Path(f"/proc/{self.pid}/fd").iterdir()))

    def megabytes(self) -> float:
        """Memory of its own that the service has."""
        rows = Path(f"/proc/{self.pid}/smaps_rollup").read_text("ascii").splitlines()
        return sum(int(row.split()[1]) / 1024 for row in rows if row.startswith("Anonymous"))

    def wait_until(self, true: Callable[[], bool]) -> None:
        until = time.monotonic() + 20
        while not true():
            assert time.monotonic() < until
            time.sleep(0.1)


def _is_socket(link: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):  # it is closed just now
        return "socket" in str(link.readlink())
    return False


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    with served(tmp_path_factory.mktemp("hostile"), *FLAGS) as (process, url):
        yield Victim(url, process.pid)


@pytest.fixture
def victim(lasting: Victim) -> Iterator[Victim]:
    """The service, rid of a test's connections after it."""
    with lasting.opened:
        yield lasting


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side closes, or resets."""
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(65_536):
            got += data
    return got


def test_crowds_of_slow_and_silent_clients_hold_up_nobody(victim: Victim) -> None:
    before = victim.sockets()
    slow_headers = [victim.connect(HEAD + "X-Slow: ") for _ in range(200)]
    slow_bodies = [victim.connect(HEAD + "Content-Length: 5000\r\n\r\n<") for _ in range(200)]
    for _ in range(300):
        victim.connect()
    slow = slow_headers + slow_bodies

    for _ in range(2 * REQUEST_SECONDS):  # a byte of each now and then: no connection is ever idle
        for connection in slow:
            with contextlib.suppress(OSError):
                connection.send(b"a")
        victim.works()
        time.sleep(0.5)

    victim.wait_until(lambda: victim.sockets() <= before + 5)


def test_clients_that_do_not_read_hold_up_nobody_and_are_let_go(victim: Victim) -> None:
    before = victim.sockets()
    ask = "GET /services/Soap/c/66.0?wsdl HTTP/1.1\r\nHost: x\r\n\r\n"
    for _ in range(30):
        victim.connect(ask * 20, receive=2048)

    victim.works()

    victim.wait_until(lambda: victim.sockets() <= before + 5)
    victim.works()


def test_names_that_a_client_makes_up_are_forgotten(victim: Victim) -> None:
    connection, before = victim.connect(), victim.megabytes()

    for message in range(300):  # 75 MB of names
        body = "<a>" + "".join(f"<n{message}.{name}{'x' * 90}/>" for name in range(2_500)) + "</a>"
        connection.sendall(f"{HEAD}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        assert read_answer(connection)[0] == 500

    assert victim.megabytes() < before + 60


def test_clients_that_vanish_in_the_middle_leave_nothing_behind(victim: Victim) -> None:
    before = victim.sockets()
    whole = HEAD + "Content-Length: 4\r\n\r\nabcd"
    for text in (HEAD, whole[:-2], whole, whole * 3, ""):
        for _ in range(40):
            connection = victim.connect(text)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()  # a reset
            half = victim.connect(text)
            half.shutdown(socket.SHUT_WR)
            half.close()

    victim.works()
    victim.wait_until(lambda: victim.sockets() <= before + 5)


def test_who_sends_no_more_still_gets_the_answer(victim: Victim) -> None:
    connection = victim.connect(HEAD + "Content-Length: 4\r\n\r\nabcd")
    connection.shutdown(socket.SHUT_WR)

    status, body = read_answer(connection)

    assert status == 500 and b"UNKNOWN_EXCEPTION" in body


def chunked(size: int, count: int) -> str:
    return f"{size:x}\r\n{'a' * size}\r\n" * count + "0\r\n\r\n"


TOO_LARGE = {
    "told beforehand": f"Content-Length: {3 * LIMIT}\r\n\r\n" + "a" * 3 * LIMIT,
    "in chunks": "Transfer-Encoding: chunked\r\n\r\n" + chunked(10_000, 100),
    "in tiny chunks": "Transfer-Encoding: chunked\r\n\r\n" + chunked(1, LIMIT),
    "just so": f"Content-Length: {LIMIT + 1}\r\n\r\n" + "a" * (LIMIT + 1),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_message_that_is_too_large_gets_the_apis_fault_and_the_connection_goes_on(
    victim: Victim, name: str
) -> None:
    connection = victim.connect(HEAD + TOO_LARGE[name])

    status, body = read_answer(connection)
    assert status == 500
    assert b"<faultcode>sf:EXCEEDED_MAX_SIZE_REQUEST</faultcode>" in body

    connection.sendall((HEAD + "Content-Length: 4\r\n\r\nabcd").encode())
    status, body = read_answer(connection)
    assert status == 500 and b"UNKNOWN_EXCEPTION" in body


def test_who_asks_first_is_told_the_same(victim: Victim) -> None:
    connection = victim.connect(HEAD + f"Expect: 100-continue\r\nContent-Length: {2 * LIMIT}\r\n\r\n")
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"

    connection.sendall(b"a" * 2 * LIMIT)

    assert b"EXCEEDED_MAX_SIZE_REQUEST" in read_answer(connection)[1]


ENDLESS = {
    "a body ten times too large": (f"Content-Length: {20 * LIMIT}\r\n\r\n", b"a" * 8192),
    "chunks": ("Transfer-Encoding: chunked\r\n\r\n", b"2000\r\n" + b"a" * 8192 + b"\r\n"),
    "the extension of a chunk": ("Transfer-Encoding: chunked\r\n\r\n5;", b"a" * 8192),
    "trailers": ("Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n" * 1000),
    "a header": ("X-Long: ", b"a" * 8192),
    "headers": ("", b"A: b\r\n" * 1000),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_is_cut_off(victim: Victim, name: str) -> None:
    start, more = ENDLESS[name]
    connection = victim.connect(HEAD + start)
    sent = 0
    with contextlib.suppress(ConnectionError):
        while not select.select([connection], [], [], 0)[0] and sent < 40 * LIMIT:
            sent += connection.send(more)

    assert sent < 40 * LIMIT
    answer = read_all(connection)
    assert not answer or answer[9:12] in (b"400", b"413", b"431")
    victim.works()


SMUGGLED = {
    "two lengths": "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
    "a length with a sign": "Content-Length: +4\r\n\r\nabcd",
    "a length that is none": "Content-Length: 4x\r\n\r\nabcd",
    "a length and chunks": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown transfer encoding": "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a chunk of no number": "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a negative chunk": "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    "a chunk longer than it says": "Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n",
    "a bare line feed": "X: a\nContent-Length: 4\r\n\r\nabcd",
    "a blank before the colon": "X : a\r\n\r\n",
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_a_message_whose_end_is_in_doubt_is_refused_and_the_connection_closed(
    victim: Victim, name: str
) -> None:
    connection = victim.connect(HEAD + SMUGGLED[name] + HEAD + "Content-Length: 4\r\n\r\nabcd")

    answer = read_all(connection)

    assert answer[9:12] in (b"400", b"501") and answer.count(b"HTTP/1.") == 1
    assert SOAP.encode() not in answer


def test_more_connections_than_allowed_wait_their_turn(tmp_path: Path) -> None:
    with served(tmp_path, "--connections", "40", "--idle-seconds", "1") as (process, url):
        victim = Victim(url, process.pid)
        with victim.opened:
            for _ in range(100):
                victim.connect()
            assert requests.get(f"{url}/health", timeout=20).status_code == 200
