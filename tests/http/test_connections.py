"""What comes on a connection is answered in turn, once and whole, in whatever pieces it comes."""

import threading
import time

import pytest

from answers import read
from crewed import LARGE, PATIENCE, SMALL, Crewed, until
from orgbox.http.bounds import BoundedChannel, BoundedParser

BODY = b"x" * 50_000
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


def test_half_a_request_behind_a_long_call_does_not_break_it_off(impatient: Crewed) -> None:
    client = impatient.connect(SMALL.replace(b"small", b"waits") + SMALL[:-1])
    assert impatient.answers.begun.acquire(timeout=PATIENCE)
    time.sleep(2.5)  # longer than a request may take to come in

    impatient.answers.end.set()

    assert read(client)[1].startswith(b"2 ")


def test_half_a_request_behind_a_large_answer_does_not_break_it_off(impatient: Crewed) -> None:
    client = impatient.connect(SMALL.replace(b"small", b"large") + SMALL[:-1])
    time.sleep(2.5)  # longer than a request may take to come in

    assert len(read(client)[1]) == LARGE


def test_an_answer_comes_once_though_two_threads_may_send_it(
    crewed: Crewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = crewed.connect(SMALL.replace(b"small", b"works"))
    assert crewed.answers.begun.acquire(timeout=PATIENCE)
    until(lambda: crewed.server.task_dispatcher._away)  # another one leads
    [channel] = crewed.server.active_channels.values()
    sending, send = threading.Event(), channel.send

    def slow(data: bytes, **given: bool) -> int:
        if not sending.is_set():
            sending.set()
            time.sleep(0.3)  # the leader comes and sees an answer that waits
        sent: int = send(data, **given)
        return sent

    monkeypatch.setattr(channel, "send", slow)
    crewed.answers.end.set()

    assert read(client)[1].startswith(b"2 ")
    client.settimeout(0.5)
    with pytest.raises(TimeoutError):
        client.recv(1)


def test_who_takes_no_answer_at_all_is_let_go(crewed: Crewed) -> None:
    crewed.server.adj.channel_timeout = 1

    crewed.connect(2 * SMALL.replace(b"small", b"larger"))
    until(lambda: crewed.server.task_dispatcher.begun)

    until(lambda: not crewed.server.active_channels)


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


def test_half_a_request_that_stays_one_ends_the_connection(impatient: Crewed) -> None:
    client = impatient.connect(SMALL)
    read(client)

    client.sendall(SMALL[:-1])

    assert client.recv(100) == b""


def test_a_request_of_which_something_always_waits_to_be_read_ends_the_connection(
    impatient: Crewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedChannel, "unread", True)  # a byte trickles in before every look

    client = impatient.connect(SMALL[:-1])

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
