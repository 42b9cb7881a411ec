"""When a connection counts as idle: told by a clock that nobody sets, and by what has come in."""

import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from waitress import channel, wasyncore

from orgbox.config import configure
from orgbox.http import bounds, direct
from orgbox.http.listening import listen
from orgbox.http.server import make_server

IDLE = 60
HOUR = 3600.0
HALF = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab"


def greet(_environ: Any, start_response: Callable[..., None]) -> list[bytes]:
    start_response("200 OK", [("Content-Length", "2")])
    return [b"hi"]


@dataclass
class Turned:
    """A server whose loop a test turns by hand, and one client."""

    server: Any
    client: socket.socket

    def turn(self) -> None:
        wasyncore.loop(timeout=0.2, map=self.server._map, use_poll=True, count=1)

    @property
    def connections(self) -> int:
        return len(self.server.active_channels)


@pytest.fixture
def turned() -> Iterator[Turned]:
    config = configure(port=0, idle_seconds=IDLE)
    with closing(listen(config)) as listener, socket.create_connection(listener.getsockname()) as client:
        made = Turned(make_server(greet, config, listener, None), client)
        made.turn()
        assert made.connections == 1
        yield made
        made.server.task_dispatcher.shutdown()
        wasyncore.close_all(made.server._map)


def later(monkeypatch: pytest.MonkeyPatch, *clocks: str) -> None:
    """An hour passes by these clocks, for channels and sweeps; they stand still then."""
    told = SimpleNamespace(**vars(time))
    for name in clocks:
        passed = getattr(time, name)() + HOUR
        setattr(told, name, lambda passed=passed: passed)
    for module in (bounds, direct, channel):
        monkeypatch.setattr(module, "time", told)


def test_nothing_moves_so_the_connection_ends(turned: Turned, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, "monotonic")

    turned.server.sweep()

    assert turned.connections == 0


def test_a_clock_set_forward_breaks_off_no_request(turned: Turned, monkeypatch: pytest.MonkeyPatch) -> None:
    turned.client.sendall(HALF)
    turned.turn()
    later(monkeypatch, "time")

    turned.server.sweep()

    assert turned.connections == 1


def test_a_service_stopped_for_an_hour_reads_what_has_come_in(
    turned: Turned, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned.client.sendall(HALF)
    [read] = turned.server.active_channels.values()
    assert select.select([read.socket], [], [], 20)[0]
    later(monkeypatch, "time", "monotonic")

    turned.server.sweep()
    turned.turn()
    turned.server.sweep._next = bounds.time.monotonic()
    turned.server.sweep()

    assert turned.connections == 1
    assert read.request
