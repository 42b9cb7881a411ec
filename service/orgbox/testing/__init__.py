"""A test kit: a server inside the test process, a fresh org for each test.

    from orgbox.testing import serve

    with serve() as server, server.create_org() as org:
        org.endpoint("u", "66.0")   # where a client signs in

The pytest plugin (`orgbox.testing.plugin`) makes the same a fixture. Nothing is loaded before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orgbox.testing.orgs import OrgUnderTest
    from orgbox.testing.server import Server, connect_to, serve

__all__ = ["OrgUnderTest", "Server", "connect_to", "serve"]
_PLACES = {"OrgUnderTest": "orgs", "Server": "server", "connect_to": "server", "serve": "server"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"orgbox.testing.{_PLACES[name]}"), name)
