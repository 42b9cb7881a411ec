"""Whoever leads a server's threads holds up nobody, loses nothing and hands over when it should."""

import socket
import time

import pytest

from answers import read
from crewed import LARGE, PATIENCE, SMALL, THREADS, Crewed, until
from orgbox.http import crew, server


def test_one_thread_answers_who_calls_again(unwatched: Crewed) -> None:
    client, threads = unwatched.connect(), set()

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


def test_as_many_calls_are_under_way_as_are_allowed(impatient: Crewed) -> None:
    clients = [impatient.connect(SMALL.replace(b"small", b"waits")) for _ in range(THREADS)]
    for _ in clients:
        assert impatient.answers.begun.acquire(timeout=PATIENCE)

    late, half = impatient.connect(SMALL.replace(b"small", b"waits")), impatient.connect(SMALL[:-1])
    assert half.recv(100) == b""  # the sockets are looked after all the same
    assert not impatient.answers.begun.acquire(blocking=False)
    impatient.answers.end.set()

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


def test_what_tcp_calls_urgent_is_nothing_to_the_loop(
    crewed: Crewed, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(crewed.server.socket.getsockname()) as client:
        client.send(b"x", socket.MSG_OOB)
        for _ in range(5):
            read(crewed.connect(SMALL))

    assert not [record for record in caplog.records if record.name.startswith("waitress")]


def test_a_call_that_breaks_its_thread_ends_its_connection_alone(crewed: Crewed) -> None:
    broken, other = crewed.connect(SMALL.replace(b"small", b"breaks")), crewed.connect()

    for _ in range(THREADS + 1):
        other.sendall(SMALL)
        assert read(other)[1].startswith(b"2 ")

    assert broken.recv(1) == b""


def test_a_thread_that_has_read_enough_makes_room_for_another(
    unwatched: Crewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "_MOST_WEAR", 5)
    until(lambda: unwatched.threads == THREADS + 1)
    client, answered = unwatched.connect(), []

    for _ in range(60):
        client.sendall(SMALL)
        answered.append(read(client)[1].split()[1])

    assert all(answered.count(thread) % 3 == 0 for thread in answered)  # of two bytes each
    until(lambda: unwatched.threads == THREADS + 1)


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
