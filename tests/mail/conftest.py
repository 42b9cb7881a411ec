"""A postbox, and a service that delivers to it."""

from collections.abc import Callable, Iterator

import pytest

from postbox import Postbox
from service import Client, Service


@pytest.fixture
def closed_postbox() -> Iterator[Postbox]:
    """A postbox whose server does not run yet."""
    made = Postbox()
    yield made
    made.close()


@pytest.fixture
def postbox(closed_postbox: Postbox) -> Postbox:
    """A postbox that takes mail."""
    return closed_postbox.open()


@pytest.fixture
def delivering(postbox: Postbox, make_service: Callable[..., Service]) -> Service:
    """A service that delivers to the postbox."""
    return make_service(smtp_url=postbox.url)


@pytest.fixture
def sender(delivering: Service) -> Client:
    """Alice, signed in to the delivering service."""
    return delivering.client("alice@acme.com")
