"""Unmodified client libraries, each from its registry, take the steps that docs/matrix.md says they take."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from threading import Lock

import pytest
from matrix import FOLDER, NOT_RUN, ROOT, STEPS, Client, Outcome, load, not_run, row_start, run, summary

from service import start_service

CLIENTS = load()
MAVEN = Lock()  # which leaves a repository that two fill at once in pieces
ONE_AT_A_TIME = Lock()  # a service is made on one thread; the models of the WSDL are built with the first
Ran = tuple[Outcome, list[str]]


def _can_be_had(client: Client) -> bool:
    """Whether this machine could have what the client needs besides Python, Java and Node.js."""
    if client.not_run:
        return False
    may_install = os.geteuid() == 0 and shutil.which("apt-cache")
    return not client.debian or bool(may_install) and all(_known_to_apt(p) for p in client.debian)


def _known_to_apt(package: str) -> bool:
    return subprocess.run(["apt-cache", "show", package], capture_output=True, check=False).returncode == 0


def _try(client: Client, folder: Path) -> Ran:
    """Runs a client against a service of its own; also what the service answered against its WSDL."""
    if client.not_run:
        return run(client, ""), []
    with ONE_AT_A_TIME:
        service = start_service(folder)
    try:
        with MAVEN if client.language == "Java" else nullcontext():
            return run(client, service.url), service.judge.wrong
    finally:
        service.stop()


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Client, Future[Ran]]]:
    """The clients whose tests were chosen, two at a time, each against a service of its own."""
    named = {f"{_TEST}[{client.folder}]": client for client in CLIENTS}
    chosen = [named[item.name] for item in request.session.items if item.name in named]
    with ThreadPoolExecutor(2) as pool:
        started = {c: pool.submit(_try, c, tmp_path_factory.mktemp(c.folder)) for c in chosen}
        yield started
        for future in started.values():
            future.cancel()


def _committed(client: Client, dialect: str) -> str:
    """The marks of the client's row in docs/matrix.md."""
    rows = (ROOT / "docs/matrix.md").read_text("utf-8").splitlines()
    [row] = [row for row in rows if row.startswith(row_start(client, dialect))]
    return " | ".join(row.removeprefix(row_start(client, dialect)).split(" | ")[: len(STEPS)])


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.folder)
def test_the_client_takes_the_steps_of_its_row(client: Client, runs: dict[Client, Future[Ran]]) -> None:
    outcome, wrong = runs[client].result()
    if outcome.code == NOT_RUN and not (os.environ.get("CI") and _can_be_had(client)):
        pytest.skip(f"{client.name}: {outcome.output.strip()}")

    assert outcome.code == 0, outcome.output + outcome.errors
    assert tuple(s.dialect for s in outcome.set_ups) == client.dialects
    for set_up in outcome.set_ups:
        assert set_up.marks == _committed(client, set_up.dialect), outcome.output
    assert not wrong, "\n\n".join(wrong)


_TEST = test_the_client_takes_the_steps_of_its_row.__name__


def test_the_tables_name_every_client() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    matrix = (ROOT / "docs/matrix.md").read_text("utf-8")
    folders = {path.parent.name for path in FOLDER.glob("*/run.sh")}
    found = re.search(r"<!-- clients: .*?-->\n(.*?)\n<!-- end of clients -->", readme, re.DOTALL)

    assert {client.folder for client in CLIENTS if not client.not_run} == folders
    assert found and found[1] == summary(CLIENTS)
    for client in CLIENTS:
        if client.not_run:
            assert f"\n{not_run(client, run(client, ''))}\n" in matrix
            continue
        for dialect in client.dialects:
            assert "✗" not in _committed(client, dialect)
