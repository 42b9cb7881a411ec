"""Calls in each other's way at random, against two processes: right answers, and everything agrees after."""

import pytest

from postgres import require_server
from soak.race import race


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_whoever_comes_first_the_answers_and_the_counters_are_right(database: str) -> None:
    server = require_server() if database == "postgresql" else ""

    figures = race(6, 1, server, print)

    assert sum(figures.values()) >= 24
