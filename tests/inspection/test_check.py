"""`orgbox check`: nothing is wrong with what the service wrote, and each thing that is broken is named."""

import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import make_url, text

from inviting import group_of, invite, org_of, token_of
from orgbox.catalog.importing import read_file
from orgbox.cli import main
from orgbox.inspection.run import findings, findings_in
from orgbox.org import extension
from orgbox.org.joining import Answers
from orgbox.org.lifecycle import Lifecycle
from orgbox.org.seed import read_seed
from orgbox.rules.acceptance import LinkAcceptance
from postgres import only_sqlite
from service import Service, start_service

BOB = Answers("Bob", "Brown", "bob@acme.com", "", "sesame123", "sesame123")
BOOKSHOP = Path(__file__).parents[1] / "bookshop"


def use(service: Service) -> Service:
    """Something of each kind happens in the org."""
    alice = service.client("alice@acme.com")
    invite(alice, "ann@acme.com", "bob@acme.com", "cid@acme.com", "dan@acme.com")
    LinkAcceptance(service.app.orgs).accept(token_of(service, "bob@acme.com"), BOB)
    alice.call(f"<delete><ids>{invite(alice, 'eve@acme.com')[0]}</ids></delete>")
    group = alice.create("CollaborationGroup", {"Name": "Readers", "CollaborationType": "Private"})
    sam = alice.query("SELECT Id FROM User WHERE Username = 'sam@acme.com'").text("Id") or ""
    for name in (group_of(alice, "Board"), group.text("id") or ""):
        member = {"CollaborationGroupId": name, "MemberId": sam}
        alice.create("CollaborationGroupMember", member)
    alice.call(f"<delete><ids>{group.text('id')}</ids></delete>")
    invite(alice, *(f"many{n}@acme.com" for n in range(200)))
    many = "<QueryOptions><batchSize>200</batchSize></QueryOptions>"
    alice.query("SELECT Id FROM CollaborationInvitation", many)
    return service


@pytest.fixture(scope="module")
def worn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service in use, for tests that change nothing for good."""
    started = start_service(tmp_path_factory.mktemp("worn"))
    yield use(started)
    started.stop()


def wrong(service: Service) -> list[str]:
    return list(findings(service.app.orgs))


def test_nothing_is_wrong_with_what_the_service_wrote(worn: Service) -> None:
    assert wrong(worn) == []


def test_nothing_is_wrong_with_orgs_that_were_copied_brought_back_and_removed(service: Service) -> None:
    used = use(service)
    lifecycle, org = Lifecycle(used.app.orgs), org_of(used)
    extension.extend(used.app.orgs, org, read_file(BOOKSHOP, used.app.orgs.catalog))
    lifecycle.snapshot(org, "before")
    fork = lifecycle.fork(org)
    made = lifecycle.create(read_seed(""))
    invite(used.client("alice@acme.com"), "late@acme.com")
    lifecycle.restore(org, "before")
    lifecycle.reset(made)
    assert wrong(used) == []
    lifecycle.delete(fork)
    assert wrong(used) == []


BROKEN = tomllib.loads((Path(__file__).parent / "broken.toml").read_text())["broken"]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["line"])
def test_what_is_broken_is_named(worn: Service, case: dict[str, str]) -> None:
    with worn.app.orgs.database.write() as connection:
        assert connection.execute(text(case["statement"])).rowcount
        found = list(findings_in(connection, worn.app.orgs))
        connection.rollback()

    assert any(case["line"] in said for said in found), found


@only_sqlite
def test_the_command_says_what_is_wrong_and_ends_with_one(make_service: Callable[..., Service]) -> None:
    database = make_service().app.config.database
    right = CliRunner().invoke(main, ["check", "--database", database])
    with sqlite3.connect(make_url(database).database or "") as connection:
        connection.execute("UPDATE UserLicense SET UsedLicenses = 9 WHERE Name = 'Chatter Free'")
    connection.close()

    wrong = CliRunner().invoke(main, ["check", "--database", database])

    assert (right.exit_code, right.output) == (0, "nothing is wrong\n")
    assert wrong.exit_code == 1
    assert wrong.output.startswith("00D00e000000001EAA: UserLicense.UsedLicenses: ")


def test_the_command_makes_no_database_and_changes_none_that_is_not_orgboxs(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"no database " * 1000)

    for path in (tmp_path / "none.db", garbage):
        run = CliRunner().invoke(main, ["check", "--database", f"sqlite:///{path}"])
        assert run.exit_code == 1
        assert isinstance(run.exception, SystemExit)

    assert [file.name for file in tmp_path.iterdir()] == ["garbage.db"]
    assert garbage.read_bytes() == b"no database " * 1000


@only_sqlite
def test_a_damaged_file_is_noticed(tmp_path: Path) -> None:
    service = use(start_service(tmp_path))
    with service.app.orgs.database.read() as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'ix_User_Email_ci'"
        page = connection.exec_driver_sql(query).scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    service.stop()
    with open(tmp_path / "orgbox.db", "r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)

    run = CliRunner().invoke(main, ["check", "--database", f"sqlite:///{tmp_path}/orgbox.db"])

    assert run.exit_code == 1
    assert "malformed" in run.output
