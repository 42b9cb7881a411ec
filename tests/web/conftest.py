"""Visitors of the console."""

from collections.abc import Callable

import pytest

from service import Service
from visitor import Visitor

SignedIn = Callable[..., Visitor]


@pytest.fixture
def visit(service: Service) -> SignedIn:
    """Signs somebody in to the console of a fresh service; nobody for an empty name."""

    def visit(name: str = "", **headers: str) -> Visitor:
        visitor = Visitor(service.url, **headers)
        if name:
            assert visitor.sign_in(f"{name}@acme.com").path == "/home"
        return visitor

    return visit
