"""A server that ends, or makes room for a new one, answers whoever has asked."""

import threading
import time
from typing import Any

import pytest

from answers import read
from crewed import LARGE, PATIENCE, SMALL, Crewed, until
from orgbox.http import server
from orgbox.http.bounds import BoundedParser


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


def test_a_request_that_is_being_read_while_the_server_stops_is_answered(
    crewed: Crewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, retire, received = crewed.connect(SMALL), server._retire, BoundedParser.received
    read(client)

    def last(stopping: Any) -> None:
        client.sendall(SMALL)
        retire(stopping)

    def slow(parser: BoundedParser, data: bytes) -> int:
        time.sleep(0.3)
        return received(parser, data)

    monkeypatch.setattr(server, "_retire", last)
    monkeypatch.setattr(BoundedParser, "received", slow)
    crewed.tell(crewed.stopping)

    assert read(client)[1].startswith(b"2 ")


def test_half_a_request_has_a_moment_to_come_in_when_the_server_stops(crewed: Crewed) -> None:
    client = crewed.connect(SMALL)
    read(client)
    [channel] = crewed.server.active_channels.values()
    client.sendall(SMALL[:-1])
    until(lambda: channel.request)

    crewed.tell(crewed.stopping)
    until(lambda: not crewed.server.accepting)
    time.sleep(0.3)
    client.sendall(SMALL[-1:])

    assert read(client)[1].startswith(b"2 ")


def test_half_a_request_that_stays_one_does_not_hold_up_the_end(crewed: Crewed) -> None:
    crewed.connect(SMALL[:-1])
    until(lambda: any(channel.request for channel in crewed.server.active_channels.values()))

    crewed.tell(crewed.stopping)

    until(lambda: not crewed.thread.is_alive())


def test_who_is_let_in_while_the_server_retires_is_answered(
    crewed: Crewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = crewed.server.handle_accept

    def slow() -> None:
        crewed.tell(crewed.retiring)
        time.sleep(0.3)
        accept()

    monkeypatch.setattr(crewed.server, "handle_accept", slow)
    client = crewed.connect()
    until(lambda: not crewed.server.accepting)
    client.sendall(SMALL)

    assert read(client)[1].startswith(b"2 ")


def test_who_waits_to_be_let_in_when_the_server_stops_is_answered(
    crewed: Crewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    received, reading = BoundedParser.received, threading.Event()

    def slow(parser: BoundedParser, data: bytes) -> int:  # so long the leader lets nobody in
        if not reading.is_set():
            reading.set()
            time.sleep(0.5)
        return received(parser, data)

    monkeypatch.setattr(BoundedParser, "received", slow)
    crewed.connect(SMALL)
    assert reading.wait(PATIENCE)
    threading.Timer(0.1, crewed.tell, (crewed.stopping,)).start()
    client = crewed.connect(SMALL)  # hands are shaken once it is let in

    assert read(client)[1].startswith(b"2 ")
