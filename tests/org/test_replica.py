"""Reading calls on a streaming replica: they see what was written before them, wherever they are answered."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, make_url, text

from orgbox.config import configure
from orgbox.org import replica as replicas
from orgbox.org.database import Database
from postgres import postgres, require_server
from service import Client, Service, start_service


@dataclass
class Pair:
    """A service with a replica, and the statements that the replica was asked."""

    service: Service
    replica_url: str
    folder: Path
    asked: list[str] = field(default_factory=list)

    def replay(self, *, goes_on: bool) -> None:
        """Hold the replica back, or let it follow again."""
        engine = create_engine(self.replica_url)
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_wal_replay_{'resume' if goes_on else 'pause'}()"))
        engine.dispose()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the server's own user may enter."""
    with tempfile.TemporaryDirectory(prefix="orgbox-pair", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture(scope="module")
def pair(folder: Path) -> Iterator[Pair]:
    require_server()
    url = make_url(postgres("start", f"{folder}/primary"))
    told = url.update_query_dict({"options": "-c synchronous_commit=on"}).render_as_string()
    replica_url = postgres("follow", f"{folder}/replica", str(url))
    service = start_service(folder, database=told, read_database=replica_url)
    made = Pair(service, replica_url, folder)
    replica = service.app.orgs.database.replica
    assert replica
    event.listen(replica.pool.engine, "before_cursor_execute", lambda *args: made.asked.append(args[2]))
    yield made
    service.stop()
    for name in ("replica", "primary"):
        postgres("stop", f"{folder}/{name}")


@pytest.fixture
def alice(pair: Pair) -> Client:
    replica = pair.service.app.orgs.database.replica
    assert replica
    replica.rest(0)
    made = pair.service.client("alice@acme.com")
    pair.asked.clear()
    return made


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The replica is waited for until it has come as far."""
    monkeypatch.setattr(replicas, "_WAIT_SECONDS", 20)


def invite(client: Client, address: str) -> None:
    record = {"InvitedUserEmail": address, "SharedEntityId": client.user_id}
    assert client.create("CollaborationInvitation", record).text("success") == "true"


def invited(client: Client, address: str) -> str | None:
    where = f"WHERE InvitedUserEmail = '{address}'"
    return client.query(f"SELECT COUNT() FROM CollaborationInvitation {where}").text("size")


@pytest.mark.usefixtures("unhurried")
def test_what_was_just_written_is_seen_on_the_replica(pair: Pair, alice: Client) -> None:
    found = []
    for n in range(20):
        invite(alice, f"quick{n}@acme.com")
        found.append(invited(alice, f"quick{n}@acme.com"))

    assert found == ["1"] * 20
    assert pair.asked


@pytest.mark.usefixtures("unhurried")
def test_a_locator_leads_on_from_the_replica(pair: Pair, alice: Client) -> None:
    records = [
        {"InvitedUserEmail": f"page{n}@acme.com", "SharedEntityId": alice.user_id} for n in range(200)
    ]
    alice.create("CollaborationInvitation", *records)
    alice.create("CollaborationInvitation", {**records[0], "InvitedUserEmail": "page200@acme.com"})

    small = "<QueryOptions><batchSize>200</batchSize></QueryOptions>"
    soql = "SELECT Id FROM CollaborationInvitation WHERE InvitedUserEmail LIKE 'page%'"
    first = alice.query(soql, header=small)
    locator = first.text("queryLocator")
    second = alice.call(f"<queryMore><queryLocator>{locator}</queryLocator></queryMore>")

    assert (first.text("size"), len(second.texts("records"))) == ("201", 1)
    assert len(pair.asked) >= 2


def test_the_primary_answers_for_a_replica_that_lags(
    pair: Pair, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "_LATE_SECONDS", 60)
    pair.replay(goes_on=False)
    try:
        invite(alice, "late@acme.com")
        found = invited(alice, "late@acme.com")
        replica = pair.service.app.orgs.database.replica
        spared = replica and replica.is_resting
    finally:
        pair.replay(goes_on=True)

    assert found == "1"
    assert spared
    assert not pair.asked


def test_who_has_signed_out_has_signed_out_at_once(pair: Pair, alice: Client) -> None:
    alice.call("<logout/>")

    code, _ = alice.query("SELECT Id FROM User").fault

    assert code and code.endswith("INVALID_SESSION_ID")


def test_the_primary_answers_when_the_replica_is_gone(pair: Pair, alice: Client) -> None:
    invite(alice, "gone@acme.com")
    before = invited(alice, "gone@acme.com")
    postgres("stop", f"{pair.folder}/replica")

    after = [invited(alice, "gone@acme.com") for _ in range(3)]

    assert [before, *after] == ["1"] * 4


def test_sqlite_has_no_replica() -> None:
    config = configure(database="sqlite://", read_database="postgresql+psycopg://somewhere/else")

    with pytest.raises(ValueError, match="replica"):
        Database(config.database, replica=config.read_database)
