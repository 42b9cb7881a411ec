"""Servers whose threads a test looks at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crewed import PATIENCE, Crewed
from orgbox.http import crew


@pytest.fixture(params=[False, True], ids=["http", "https"])
def crewed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crewed]:
    made = Crewed(tmp_path, tls=request.param)
    yield made
    made.close()


@pytest.fixture
def impatient(crewed: Crewed) -> Crewed:
    """One where a request is to come in within a second."""
    crewed.server.sweep._request_seconds = 1
    return crewed


@pytest.fixture
def unwatched(crewed: Crewed, monkeypatch: pytest.MonkeyPatch) -> Crewed:
    """One where no leader works too long, however long it is held up."""
    monkeypatch.setattr(crew, "_LOOK_SECONDS", PATIENCE)
    crewed.server.task_dispatcher.wake()
    return crewed
