"""`orgbox load`, `export` and `query`, run against a service."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from click.testing import CliRunner, Result

from orgbox.cli import main
from orgbox.tools import load as loading
from orgbox.tools.partner import CallFailed, Partner, Query
from service import Service

Run = Callable[..., Result]


@pytest.fixture
def run(service: Service) -> Run:
    """Runs a command as Alice."""

    def command(name: str, *arguments: str | Path, username: str = "alice@acme.com") -> Result:
        who = ["--url", service.url, "--username", username, "--password", "orgbox1!"]
        return CliRunner().invoke(main, [name, *map(str, arguments), *who])

    return command


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def groups(folder: Path, count: int) -> Path:
    file = folder / "groups.csv"
    lines = [f"Group {n},Public,A & B <{n}>" for n in range(count)]
    file.write_text("\n".join(["Name,CollaborationType,Description", *lines, ""]), "utf-8")
    return file


def test_rows_are_saved_in_batches_and_every_one_is_accounted_for(run: Run, tmp_path: Path) -> None:
    file = groups(tmp_path, 250)
    file.write_text(file.read_text("utf-8").replace("Group 7,Public", "Group 7,Secret"), "utf-8")

    done = run("load", file, "--object", "CollaborationGroup", "--batch", "100")

    assert done.exit_code == 1
    assert "249 saved, 1 refused" in done.output
    successes, errors = table(tmp_path / "groups.success.csv"), table(tmp_path / "groups.error.csv")
    assert len(successes) == 249
    assert successes[0]["ID"].startswith("0F9") and successes[0]["STATUS"] == "Item Created"
    assert successes[1]["Description"] == "A & B <1>"
    assert errors[0]["Name"] == "Group 7"
    assert errors[0]["ERROR"].startswith("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: ")
    assert not (tmp_path / "groups.csv.state.json").exists()


def test_what_was_exported_can_be_changed_and_loaded_back(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    soql = "SELECT Id, Name, Description FROM CollaborationGroup WHERE Owner.Username = 'alice@acme.com'"

    assert run("export", soql, "--output", file).exit_code == 0
    rows = table(file)
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, ["Id", "Description"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**row, "Description": f"{row['Name']}, \"öffentlich\"\n2"} for row in rows)
    updated = run("load", file, "--object", "CollaborationGroup", "--operation", "update")

    assert updated.exit_code == 0, updated.output
    again = json.loads(run("export", soql, "--format", "json").stdout)
    assert len(rows) == len(again) > 1
    assert all(row["Description"] == f"{row['Name']}, \"öffentlich\"\n2" for row in again)


def test_empty_cells_are_left_out_or_empty_the_field(run: Run, tmp_path: Path) -> None:
    soql = "SELECT Id, Title FROM User WHERE Username = 'sam@acme.com'"
    file = tmp_path / "sam.csv"

    def load(title: str, *flags: str) -> str:
        key = json.loads(run("export", soql, "--format", "json").stdout)[0]["Id"]
        file.write_text(f"Id,Title\n{key},{title}\n", "utf-8")
        options = ("--object", "User", "--operation", "update", *flags)
        done = run("load", file, *options, username="admin@acme.com")
        assert done.exit_code == 0, done.output
        return str(json.loads(run("export", soql, "--format", "json").stdout)[0]["Title"])

    assert load("Gardener") == "Gardener"
    assert load("") == "Gardener"
    assert load("", "--nulls") == "None"


def test_parents_are_named_by_a_key_of_theirs_and_records_deleted_by_id(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "users.csv"
    sam = run("export", "SELECT Id FROM User WHERE Username = 'sam@acme.com'").stdout.split()[1]
    file.write_text(f"Id,Manager.Username\n{sam},mia@acme.com\n", "utf-8")
    options = ("--object", "User", "--operation", "update")

    assert run("load", file, *options, username="admin@acme.com").exit_code == 0
    shown = run("query", f"SELECT Name, Manager.Name FROM User WHERE Id = '{sam}'")
    assert shown.output.splitlines()[0].split() == ["Name", "Manager.Name"]
    assert "Mia" in shown.output and shown.output.endswith("1 record\n")

    run("load", groups(tmp_path, 3), "--object", "CollaborationGroup")
    made = [row["ID"] for row in table(tmp_path / "groups.success.csv")]
    ids = tmp_path / "ids.csv"
    ids.write_text("\n".join(["Id", *made, "nonsense"]), "utf-8")
    done = run("load", ids, "--object", "CollaborationGroup", "--operation", "delete")
    assert "3 saved, 1 refused" in done.output
    left = run("query", "SELECT COUNT() FROM CollaborationGroup WHERE Name LIKE 'Group %'")
    assert left.output == "0 records\n"


class _Broken(Partner):
    """Loses the connection at the third call."""

    calls = 0

    def save(self, *arguments: Any) -> Any:
        _Broken.calls += 1
        if _Broken.calls == 3:
            raise CallFailed("the line is dead")
        return super().save(*arguments)


def test_an_interrupted_load_goes_on_where_it_was(service: Service, run: Run, tmp_path: Path) -> None:
    file = groups(tmp_path, 100)
    job = loading.Job(file, "CollaborationGroup", "insert", batch=30)
    with pytest.raises(CallFailed):
        loading.load(job, _Broken(service.url, "alice@acme.com", "orgbox1!"), loading.resume(job), id)
    with (tmp_path / "groups.success.csv").open("a") as half:
        half.write("0F9half a line")

    done = run("load", file, "--object", "CollaborationGroup", "--batch", "30")

    assert "going on after row 60" in done.output and "100 saved, 0 refused" in done.output
    names = [row["Name"] for row in table(tmp_path / "groups.success.csv")]
    assert names == [f"Group {n}" for n in range(100)]
    count = run("query", "SELECT COUNT() FROM CollaborationGroup WHERE Name LIKE 'Group %'")
    assert count.output == "100 records\n"


def test_the_state_of_another_job_is_not_taken_for_ones_own(service: Service, tmp_path: Path) -> None:
    file = groups(tmp_path, 10)
    job = loading.Job(file, "CollaborationGroup", "insert", batch=5)
    partner = Partner(service.url, "alice@acme.com", "orgbox1!")
    progress = loading.Progress(5)
    loading.note(job, progress)
    file.write_text("Name\nx\n", "utf-8")

    other = replace(job)
    with pytest.raises(loading.LoadError, match="--fresh begins again"):
        loading.resume(other)
    assert loading.resume(other, fresh=True) == loading.Progress()
    assert partner.query("SELECT COUNT() FROM CollaborationGroup WHERE Name LIKE 'Group %'").size == 0


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("Name,Name\n", (), "line 1: two columns of one name"),
        ("Name,\n", (), "line 1: '' is no name of a field"),
        ("Name\nx\n", ("--operation", "update"), "line 1: update needs a column Id"),
        ("Name\nx\n", ("--operation", "upsert"), "upsert needs a key field"),
        ("Name,Description\nx\n", (), "line 2: not as many cells as columns"),
        ("Nome\nx\n", (), "No such column 'Nome' on entity 'CollaborationGroup'"),
        ("", (), "line 1 must have the names of the columns"),
        ("Name\nB\udcfcro\n", (), "can't decode byte 0xfc"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_one_line(
    run: Run, tmp_path: Path, text: str, options: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "f.csv"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))

    done = run("load", file, "--object", "CollaborationGroup", *options)

    assert done.exit_code == 1 and said in done.output, done.output
    assert done.output.splitlines()[-1].startswith("Error: ")


def test_a_character_xml_does_not_have_is_refused_for_its_row_alone(run: Run, tmp_path: Path) -> None:
    file = groups(tmp_path, 3)
    file.write_text(file.read_text("utf-8").replace("Group 1", "Group \x01"), "utf-8")

    done = run("load", file, "--object", "CollaborationGroup")

    assert "2 saved, 1 refused" in done.output
    assert table(tmp_path / "groups.error.csv")[0]["ERROR"] == "Name: a character that cannot be sent"


def test_children_and_aggregates_are_shown_too(run: Run) -> None:
    children = run("export", "SELECT Name, (SELECT MemberId FROM GroupMembers) FROM CollaborationGroup "
                             "WHERE Name = 'Board'")  # fmt: skip
    grouped = "SELECT CollaborationType, COUNT(Id) FROM CollaborationGroup GROUP BY CollaborationType"
    sums = run("query", grouped)
    empty = run("export", "SELECT Name FROM CollaborationGroup WHERE Name = 'None'")

    name, members = next(csv.reader(children.stdout.splitlines()[1:]))
    assert name == "Board" and json.loads(members)[0]["MemberId"].startswith("005")
    assert sums.output.split()[:2] == ["CollaborationType", "expr0"]
    assert empty.stdout == "Name\n" or empty.stdout == "Name\r\n"


def test_children_are_fetched_to_the_last_batch() -> None:
    def result(more: str, *children: str) -> str:
        rest = f"<done>false</done><queryLocator>{more}</queryLocator>" if more else "<done>true</done>"
        records = "".join(f"<records><Name>{name}</Name></records>" for name in children)
        return f"{rest}{records}<size>3</size>"

    class Batches:
        def more(self, locator: str) -> Element:
            return fromstring(f"<result>{result('', 'Cyd') if locator == 'on' else ''}</result>")

    group = f"<records><Id>1</Id><GroupMembers>{result('on', 'Abe', 'Bea')}</GroupMembers></records>"
    first = fromstring(f"<result><done>true</done>{group}<size>1</size></result>")

    [row] = Query(Batches(), first)  # type: ignore[arg-type]

    assert row == {"Id": "1", "GroupMembers": [{"Name": "Abe"}, {"Name": "Bea"}, {"Name": "Cyd"}]}


def test_who_cannot_sign_in_is_told_so(service: Service) -> None:
    who = ["--url", service.url, "--username", "alice@acme.com", "--password", "wrong"]

    done = CliRunner().invoke(main, ["query", "SELECT Id FROM User", *who])

    assert done.exit_code == 1 and "Error: INVALID_LOGIN: " in done.output


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:8080", "Error: localhost:8080/services/Soap/u/60.0: <urlopen error unknown url type"),
        ("not a url", "unknown url type"),
        ("http://127.0.0.1:9", "Connection refused"),
        ("{service}/nowhere", "/nowhere/services/Soap/u/60.0: HTTP 404"),
    ],
)
def test_an_address_where_no_service_is_is_told_in_one_line(service: Service, url: str, words: str) -> None:
    address = url.replace("{service}", service.url)
    who = ["--url", address, "--username", "alice@acme.com", "--password", "orgbox1!"]

    done = CliRunner().invoke(main, ["query", "SELECT Id FROM User", *who])

    assert (done.exit_code, len(done.output.splitlines())) == (1, 1)
    assert words in done.output
