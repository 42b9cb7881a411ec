"""The command as a user runs it: the line it prints, its settings, how it ends."""

import signal
import socket
from http.client import HTTPConnection
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from inviting import inviting
from orgbox.cli import main
from served import ran, served
from service import Client


@pytest.mark.parametrize("flags", [[], ["--workers", "2"]], ids=["one process", "two workers"])
def test_the_command_serves_until_it_is_told_to_end(tmp_path: Path, flags: list[str]) -> None:
    with served(tmp_path, *flags) as (process, url):
        assert requests.get(f"{url}/health", timeout=10).json()["status"] == "ok"
        assert "Acme" in requests.get(url, timeout=10).text
        alice = Client(url).login("alice@acme.com")
        assert alice.call("<getUserInfo/>").text("userFullName") == "Alice Archer"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_call_under_way_is_answered_before_the_end(tmp_path: Path) -> None:
    with served(tmp_path) as (process, url):
        alice = Client(url).login("alice@acme.com")
        with inviting(alice, 4) as statuses:
            process.send_signal(signal.SIGTERM)

        assert process.wait(30) == 0
        assert statuses == [200] * 4


@pytest.mark.parametrize("flags", [[], ["--workers", "2"]], ids=["one process", "two workers"])
def test_who_is_told_that_it_is_ready_may_tell_it_to_end(tmp_path: Path, flags: list[str]) -> None:
    for _ in range(3):
        with served(tmp_path, *flags) as (process, url):
            client = HTTPConnection(url.removeprefix("http://"), timeout=20)
            client.request("GET", "/health")
            process.send_signal(signal.SIGTERM)

            assert client.getresponse().status == 200
            assert process.wait(30) == 0
            client.close()


def test_settings_come_from_flags_and_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORGBOX_EXTERNAL_URL", "https://box.example:8443/")
    with served(tmp_path) as (_, url):
        answer = Client(url).call(
            "<login><username>alice@acme.com</username><password>orgbox1!</password></login>"
        )

        found = answer.text("serverUrl")

    assert found == "https://box.example:8443/services/Soap/u/66.0/00D00e000000001"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--database", "sqlite:////nowhere/at/all.db"], "unable to open database file"),
        (["--seed", "missing.toml"], "missing.toml"),
        (["--seed", "wrong.toml"], "seed: unknown colour"),
        (["--rules", "wrong.py"], "rules: wrong.py: SyntaxError: '(' was never closed (wrong.py, line 1)"),
        (["--database", "oracle://host/name"], "database: oracle is none of sqlite, postgresql"),
        (["--external-url", "box.example"], "'box.example' is not of the form http://host"),
        (["--threads", "0"], "threads: 0 is less than 1"),
        (["--port", "99999"], "port"),
        (["--port", "{taken}"], "cannot listen on 127.0.0.1, port {taken}: Address already in use"),
        (["--workers", "2", "--seed", "missing.toml"], "missing.toml"),
        (["--workers", "2", "--database", "sqlite://"], "must not be in memory"),
    ],
)
def test_a_service_that_cannot_start_says_why(tmp_path: Path, flags: list[str], words: str) -> None:
    (tmp_path / "wrong.toml").write_text("colour = 1")
    (tmp_path / "wrong.py").write_text("RULES = (")
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        flags = [flag.replace("{taken}", taken) for flag in flags]

        run = ran("serve", "--database", "sqlite:///x.db", *flags, folder=tmp_path)

    assert run.returncode == 1
    assert words.replace("{taken}", taken) in run.stderr
    assert "Traceback" not in run.stderr


def test_a_seed_that_is_not_there_is_noticed_though_the_database_is(tmp_path: Path) -> None:
    with served(tmp_path):
        pass

    with pytest.raises(AssertionError, match=r"missing\.toml"), served(tmp_path, "--seed", "missing.toml"):
        pass


def test_a_database_is_reset_when_nobody_serves_it(tmp_path: Path) -> None:
    command = ["reset", "--database", f"sqlite:///{tmp_path}/served.db"]
    with served(tmp_path) as (_, url):
        alice = Client(url).login("alice@acme.com")
        invitation = {"InvitedUserEmail": "bob@acme.com", "SharedEntityId": alice.user_id}
        alice.create("CollaborationInvitation", invitation)

        refused = ran(*command)

        assert refused.returncode == 1 and "served.db is in use: end the service first" in refused.stderr
    whole = (tmp_path / "served.db").read_bytes()
    assert "missing.toml" in ran(*command, "--seed", str(tmp_path / "missing.toml")).stderr
    assert (tmp_path / "served.db").read_bytes() == whole
    for content in (None, b"no database " * 1000):
        if content:
            (tmp_path / "served.db").write_bytes(content)
        assert ran(*command).returncode == 0
        with served(tmp_path) as (_, url):
            alice = Client(url).login("alice@acme.com")
            soql = "SELECT Id FROM CollaborationInvitation"
            assert alice.call(f"<query><queryString>{soql}</queryString></query>").text("size") == "0"


@pytest.mark.parametrize("group", [(), ("org",), ("schema",), ("tls",)], ids=" ".join)
def test_the_help_says_of_each_command_a_whole_sentence(group: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*group, "--help"]).output

    assert "Commands:" in shown
    assert "..." not in shown.partition("Commands:")[2]
