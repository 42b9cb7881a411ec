"""A service inside the test process, or one that runs already."""

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from orgbox.app import build
from orgbox.config import configure, new_control_key
from orgbox.control import ControlClient
from orgbox.http.server import Running
from orgbox.testing.orgs import OrgUnderTest

_QUICK = {"port": 0, "database": "sqlite://", "durable": False, "hash_memory_kib": 64, "hash_rounds": 1}
"""Settings of a service for tests: in memory, on a free port, with password hashes that cost little."""


class Server:
    """A service at `url`, whose control API is opened by `key`."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.key = key
        self.control = ControlClient(url, key)

    def create_org(self, seed: str | None = None, name: str | None = None) -> OrgUnderTest:
        """A new org that no other has anything in common with, in a few milliseconds.

        `seed` is the text of a seed file; without it the org is as the service's own seed has it.
        Raises ControlError for a seed that is refused.
        """
        return OrgUnderTest(self.control, self.control.post("orgs", seed=seed, name=name))

    def close(self) -> None:
        """Close the connection to the control API."""
        self.control.close()


@contextmanager
def serve(**settings: Any) -> Iterator[Server]:
    """A service in this process for the length of a with block; `settings` are those of `orgbox serve`.

    Raises as `orgbox.app.build`, and OSError for a port that is taken.
    """
    config, key = configure(**_QUICK | settings), new_control_key()
    with _no_collecting():
        app = build(config, random_key=key)
    with ExitStack() as stack:
        stack.callback(app.close)
        running = Running(app.wsgi, config)
        stack.callback(running.stop)
        app.start(running.url)
        server = Server(running.url, config.control_key or key)
        stack.callback(server.close)
        yield server


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Hold off the garbage collector, which finds nothing while a service is put together: half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def connect_to(url: str, key: str) -> Iterator[Server]:
    """A service that runs already, for the length of a with block."""
    server = Server(url.rstrip("/"), key)
    try:
        yield server
    finally:
        server.close()
