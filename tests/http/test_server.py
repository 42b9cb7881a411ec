"""The command as a user runs it: the line it prints, its settings, how it ends."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from served import served
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
        statuses: list[int] = []

        def invite(n: int) -> None:
            client = Client(url)
            client.session_id, client.user_id = alice.session_id, alice.user_id
            records = [
                {"InvitedUserEmail": f"end{n}x{i}@acme.com", "SharedEntityId": alice.user_id}
                for i in range(200)
            ]
            statuses.append(client.create("CollaborationInvitation", *records).status)

        threads = [threading.Thread(target=invite, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()

        assert process.wait(30) == 0
        assert statuses == [200] * 4


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
        (["--port", "99999"], "port"),
        (["--workers", "2", "--seed", "missing.toml"], "missing.toml"),
        (["--workers", "2", "--database", "sqlite://"], "must not be in memory"),
    ],
)
def test_a_service_that_cannot_start_says_why(tmp_path: Path, flags: list[str], words: str) -> None:
    command = [sys.executable, "-m", "orgbox", "serve", "--database", f"sqlite:///{tmp_path}/x.db", *flags]

    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert run.returncode == 1
    assert words in run.stderr
    assert "Traceback" not in run.stderr
