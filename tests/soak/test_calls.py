"""Calls of every kind by several clients at once, as `make soak` makes them by the hundred thousand."""

from soak.calls import calls


def test_nothing_comes_back_that_was_not_asked_for() -> None:
    figures = calls(800, 12, 1, print)

    assert sum(figures.values()) >= 800
    assert figures["create 200"] and figures["queryMore"] and figures["accept page"] and figures["logout"]
