"""What happens to the file of a SQLite database: full disk, a lock held by somebody else, not a database."""

import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, make_url

from inviting import invite
from orgbox.inspection.run import findings
from orgbox.org import sqlite
from orgbox.org.pool import driver_of
from postgres import only_sqlite
from served import ran
from service import Client, Service

pytestmark = only_sqlite


def inviting(client: Client, *addresses: str) -> tuple[int, str | None]:
    """HTTP status and faultcode of a create()."""
    rows = ({"InvitedUserEmail": a, "SharedEntityId": client.user_id} for a in addresses)
    answer = client.create("CollaborationInvitation", *rows)
    return answer.status, answer.text("faultcode") if answer.status == 500 else None


def invited(client: Client) -> str | None:
    return client.query("SELECT Id FROM CollaborationInvitation").text("size")


def test_a_full_disk_refuses_writes_whole_and_reading_goes_on(service: Service, alice: Client) -> None:
    database = service.app.orgs.database

    pages = {"most": 1}  # no page more than there are

    def bounded(connection, *_ignored):  # type: ignore[no-untyped-def]
        driver_of(connection).execute(f"PRAGMA max_page_count = {pages['most']}")

    event.listen(database.engine, "before_cursor_execute", bounded)
    refused = [inviting(alice, *(f"full{call}x{n}@acme.com" for n in range(200))) for call in range(3)]
    assert refused[-1] == (500, "sf:SERVER_UNAVAILABLE")
    before = int(invited(alice) or 0)
    assert before == 200 * refused.count((200, None))

    pages["most"] = 1_000_000
    invite(alice, "room@acme.com")

    assert int(invited(alice) or 0) == before + 1
    assert list(findings(service.app.orgs)) == []


@pytest.mark.parametrize(("seconds", "fault"), [(1.5, None), (60.0, "sf:UNABLE_TO_LOCK_ROW")])
def test_a_lock_held_by_another_process_is_waited_for_a_while(
    service: Service, alice: Client, seconds: float, fault: str | None
) -> None:
    path = make_url(service.app.config.database).database or ""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        held.set()
        done.wait(seconds)
        other.execute("ROLLBACK")
        other.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()

    status, code = inviting(alice, "late@acme.com")

    assert (status, code) == ((500, fault) if fault else (200, None))
    assert invited(alice) == ("0" if fault else "1")
    done.set()
    holder.join()
    invite(alice, "after@acme.com")


def test_a_query_is_answered_although_the_use_of_its_session_cannot_be_noted(
    service: Service, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY", "PRAGMA busy_timeout = 20")
    service.clock.advance(timedelta(minutes=90))
    with closing(sqlite3.connect(make_url(service.app.config.database).database or "")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert inviting(alice, "late@acme.com") == (500, "sf:UNABLE_TO_LOCK_ROW")
        assert invited(alice) == "0"
    assert invited(alice) == "0"  # which is noted

    service.clock.advance(timedelta(minutes=90))
    assert invited(alice) == "0"


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "garbage.db"
    path.write_bytes(b"somebody's diary " * 1000)

    run = ran("serve", "--port", "0", "--database", f"sqlite:///{path}")

    assert run.returncode == 1 and "file is not a database" in run.stderr
    assert path.read_bytes() == b"somebody's diary " * 1000
