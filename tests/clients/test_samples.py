"""The samples of the reference page of CollaborationInvitation, in Python, against a running service."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orgbox_client import ApiFault, Connection, DmlException, quote
from service import Service

CLIENTS = Path(__file__).parents[2] / "clients"
SAMPLES = CLIENTS / "samples"
IN_JAVA = CLIENTS / "java/src/main/java/orgbox/Samples.java"


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Gives a sample by its name."""
    monkeypatch.syspath_prepend(SAMPLES)
    return importlib.import_module


def invitations(sf: Connection) -> list[tuple[str, str, str]]:
    found = sf.query("SELECT InvitedUserEmail, SharedEntityId, Status FROM CollaborationInvitation")
    return [(i.InvitedUserEmail, i.SharedEntityId, i.Status) for i in found]


def group_id(sf: Connection, name: str) -> str:
    group = sf.query(f"SELECT Id FROM CollaborationGroup WHERE Name = {quote(name)}")[0]
    return str(group.Id)


def test_the_first_java_sample_invites_a_colleague(sf: Connection, sample: Any) -> None:
    sample("invite_people").invite_people(sf, sf.user_id, "new@acme.com")

    assert invitations(sf) == [("new@acme.com", sf.user_id, "Sent")]


def test_the_first_java_sample_refuses_outsiders(sf: Connection, sample: Any) -> None:
    with pytest.raises(DmlException) as caught:
        sample("invite_people").invite_people(sf, sf.user_id, "bob@external.com")

    assert caught.value.status_code == "FIELD_INTEGRITY_EXCEPTION"
    assert caught.value.fields == ("InvitedUserEmail",)


def test_the_second_java_sample_as_printed_lacks_a_quote(sf: Connection, sample: Any) -> None:
    with pytest.raises(ApiFault) as caught:
        sample("invite_to_group").invite_to_group(sf, "All acme.com", "bob@external.com")

    assert caught.value.exception_code == "MALFORMED_QUERY"
    assert caught.value.row == 1
    assert invitations(sf) == []


def test_the_second_java_sample_with_its_quote_invites_a_customer(sf: Connection, sample: Any) -> None:
    sample("invite_to_group").invite_to_group_soundly(sf, "All acme.com", "bob@external.com")

    assert invitations(sf) == [("bob@external.com", group_id(sf, "All acme.com"), "Sent")]


def test_the_apex_sample_invites_a_customer(
    sf: Connection, sample: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    sample("invite_customer").invite_customer(sf)

    assert invitations(sf) == [("bob@external.com", group_id(sf, "All acme.com"), "Sent")]
    assert capsys.readouterr().out == ""


def test_the_apex_sample_tells_of_an_error(
    sf: Connection, sample: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    sample("invite_customer").invite_customer(sf, "sam@acme.com")

    assert capsys.readouterr().out == (
        "There was an error with the invite: Insert failed. First exception on row 0; first error: "
        "FIELD_INTEGRITY_EXCEPTION, You can't send invitations to users of the organization the invite was "
        "sent from.: [InvitedUserEmail]\n"
    )


RUNS = [
    ("invite_people", ["new@acme.com"], "Alice Archer invited new@acme.com"),
    (
        "invite_to_group",
        ["All acme.com", "bob@external.com"],
        "As printed: MALFORMED_QUERY at row 1, column 60\n"
        "With the quote closed: invited bob@external.com to All acme.com",
    ),
    ("invite_customer", [], ""),
]


@pytest.mark.parametrize(("name", "arguments", "output"), RUNS, ids=[run[0] for run in RUNS])
def test_each_sample_is_a_program(service: Service, name: str, arguments: list[str], output: str) -> None:
    command = [sys.executable, str(SAMPLES / f"{name}.py"), service.url, *arguments]

    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.strip() == output


@pytest.mark.parametrize("name", ["invite_people", "invite_to_group"])
def test_the_java_client_runs_the_samples_as_they_are_kept_here(name: str) -> None:
    printed = (SAMPLES / f"{name}.java").read_text("utf-8").split()

    assert " ".join(printed) in " ".join(IN_JAVA.read_text("utf-8").split())
