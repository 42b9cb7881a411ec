"""Fixtures of all tests. Sockets reach loopback only."""

import gc
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from orgbox.testing import plugin
from service import Client, Service, start_service

settings.register_profile(
    "orgbox", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # no test is timed
settings.load_profile("orgbox")


def pytest_configure(config: pytest.Config) -> None:
    """The test kit's fixtures, also where the package is not installed."""
    if plugin not in config.pluginmanager.get_plugins():
        config.pluginmanager.register(plugin, "orgbox")


def pytest_collection_finish() -> None:
    """Thousands of tests and what they import stay: the collector need not look at them each time."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures that tests recorded; those of parallel workers too."""
    for report in terminalreporter.stats.get("passed", []):
        for name, figures in report.user_properties:
            if name == "figures":
                terminalreporter.write_line(figures)


_real_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> None:
    host = address[0] if isinstance(address, tuple) else ""
    if self.family != socket.AF_UNIX and host not in ("127.0.0.1", "::1", "localhost"):
        raise RuntimeError(f"the tests reach loopback only, not {host}")
    _real_connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _loopback_only)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests that leave other tests' records alone."""
    started = start_service(tmp_path_factory.mktemp("shared"))
    yield started
    started.stop()


@pytest.fixture
def shared(shared_service: Service) -> Iterator[Service]:
    """The shared service; fails the test whose answers break the WSDL's schemas."""
    shared_service.judge.wrong.clear()
    yield shared_service
    assert not shared_service.judge.wrong, "\n\n".join(shared_service.judge.wrong)


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Makes services of a test's own; their answers are judged too."""
    started: list[Service] = []

    def make(**settings: Any) -> Service:
        folder = tmp_path / f"service{len(started)}"
        folder.mkdir()
        started.append(start_service(folder, **settings))
        return started[-1]

    yield make
    for service in started:
        service.stop()
    wrong = [text for service in started for text in service.judge.wrong]
    assert not wrong, "\n\n".join(wrong)


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """A fresh service."""
    return make_service()


@pytest.fixture
def alice(service: Service) -> Client:
    """Alice, who owns the groups, signed in to a fresh service."""
    return service.client("alice@acme.com")
