"""A PostgreSQL that stops and starts again under load, as in an upgrade or after a crash."""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from orgbox.inspection.run import findings
from postgres import postgres, require_server
from service import Client, Service, start_service

CLIENTS = 4
ENOUGH = 20
"""Records between two restarts."""
PATIENCE_SECONDS = 60


@pytest.fixture
def server() -> Iterator[tuple[str, str]]:
    """The folder of a server of its own, which the server's user may enter, and its URL."""
    require_server()
    with tempfile.TemporaryDirectory(prefix="orgbox-restart", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o711)
        folder = f"{made}/server"
        url = make_url(postgres("start", folder)).update_query_dict({"options": "-c synchronous_commit=on"})
        yield folder, url.render_as_string()
        postgres("stop", folder)


class Load:
    """Clients that invite one person after the other; `acknowledged` are those who were told it is done."""

    def __init__(self, service: Service) -> None:
        self.acknowledged: list[str] = []
        self.faults: Counter[str | None] = Counter()
        self._stopping = threading.Event()
        self._clients = [service.client("alice@acme.com") for _ in range(CLIENTS)]
        self._threads = [threading.Thread(target=self._invite, args=(n,)) for n in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _invite(self, number: int) -> None:
        client, asked = self._clients[number], 0
        while not self._stopping.is_set():
            asked += 1
            address = f"c{number}n{asked}@acme.com"
            record = {"InvitedUserEmail": address, "SharedEntityId": client.user_id}
            answer = client.create("CollaborationInvitation", record)
            if answer.status == 200 and answer.text("success") == "true":
                self.acknowledged.append(address)
            else:
                self.faults[answer.text("faultcode")] += 1

    def wait(self) -> None:
        """Until some more have been invited."""
        enough, until = len(self.acknowledged) + ENOUGH, time.monotonic() + PATIENCE_SECONDS
        while len(self.acknowledged) < enough:
            assert time.monotonic() < until, self.faults
            time.sleep(0.01)

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()


def invited(client: Client) -> set[str | None]:
    return set(client.query("SELECT InvitedUserEmail FROM CollaborationInvitation").texts("InvitedUserEmail"))


def test_a_server_that_stops_and_starts_under_load_loses_nothing_that_was_acknowledged(
    server: tuple[str, str], tmp_path: Path
) -> None:
    folder, url = server
    service = start_service(tmp_path, database=url)
    load = Load(service)
    try:
        for mode in ("fast", "immediate"):
            load.wait()
            postgres("restart", folder, mode)
        load.wait()
    finally:
        load.stop()

    assert set(load.acknowledged) <= invited(service.client("alice@acme.com"))
    assert set(load.faults) <= {"sf:SERVER_UNAVAILABLE"}
    assert list(findings(service.app.orgs)) == []
    service.stop()
