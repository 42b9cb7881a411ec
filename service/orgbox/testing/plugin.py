"""The pytest plugin: `org`, a fresh org for each test, and `orgbox_server`, where it lives.

The server starts when the first test asks for it, in the test process; under pytest-xdist each worker has
its own. With `--orgbox-url` all use one that runs already. This module loads at the start of every pytest
run, so it imports nothing of the service.
"""

import os
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from orgbox.testing.orgs import OrgUnderTest
    from orgbox.testing.server import Server


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--orgbox-url` and `--orgbox-key`, or ORGBOX_URL and ORGBOX_CONTROL_KEY."""
    group = parser.getgroup("orgbox", "Orgbox, an emulator of the Salesforce SOAP API")
    group.addoption("--orgbox-url", help="use the Orgbox at this URL instead of one in the test process")
    group.addoption("--orgbox-key", help="its control key")


@pytest.fixture(scope="session")
def orgbox_server(pytestconfig: pytest.Config) -> "Iterator[Server]":
    """The server of this test run."""
    module = import_module("orgbox.testing.server")
    url = pytestconfig.getoption("--orgbox-url", default=None) or os.environ.get("ORGBOX_URL")
    key = pytestconfig.getoption("--orgbox-key", default=None) or os.environ.get("ORGBOX_CONTROL_KEY")
    with module.connect_to(url, key or "") if url else module.serve() as server:
        yield server


@pytest.fixture
def orgbox_seed() -> str | None:
    """Text of the seed file of the test's org; override it for an org of your own."""
    return None


@pytest.fixture
def org(orgbox_server: "Server", orgbox_seed: str | None) -> "Iterator[OrgUnderTest]":
    """An org for this test alone, as the seed has it, deleted at the end of the test."""
    with orgbox_server.create_org(orgbox_seed) as made:
        yield made
