"""The command as a user runs it: the line it prints, its settings, how it ends."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from service import Client


@contextmanager
def served(folder: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, serving a database in a folder; the URL it printed."""
    command = [sys.executable, "-m", "orgbox", "serve", "--port", "0", "--no-durable"]
    command += ["--database", f"sqlite:///{folder}/served.db", "--hash-memory-kib", "64", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        found = re.fullmatch(r"orgbox: ready on (http://127\.0\.0\.1:\d+)\n", line)
        assert found, line + (process.stderr.read() if process.stderr else "")
        try:
            yield process, found[1]
        finally:
            process.terminate()
            process.wait(20)


@pytest.mark.parametrize("flags", [[], ["--workers", "2"]], ids=["one process", "two workers"])
def test_the_command_serves_until_it_is_told_to_end(tmp_path: Path, flags: list[str]) -> None:
    with served(tmp_path, *flags) as (process, url):
        assert requests.get(f"{url}/health", timeout=10).json()["status"] == "ok"
        assert "Acme" in requests.get(url, timeout=10).text
        alice = Client(url).login("alice@acme.com")
        assert alice.call("<getUserInfo/>").text("userFullName") == "Alice Archer"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_workers_share_sessions_and_locators_and_the_dead_are_replaced(tmp_path: Path) -> None:
    with served(tmp_path, "--workers", "2") as (process, url):
        alice = Client(url).login("alice@acme.com")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 2

        os.kill(int(children[0]), signal.SIGKILL)

        for n in range(20):
            alice.http = requests.Session()
            made = alice.create(
                "CollaborationInvitation",
                {"InvitedUserEmail": f"w{n}@acme.com", "SharedEntityId": alice.user_id},
            )
            assert made.text("success") == "true"
        until = time.monotonic() + 10
        while len(now := Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()) < 2:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert children[0] not in now


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
    ],
)
def test_a_service_that_cannot_start_says_why(tmp_path: Path, flags: list[str], words: str) -> None:
    command = [sys.executable, "-m", "orgbox", "serve", "--database", f"sqlite:///{tmp_path}/x.db", *flags]

    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert run.returncode == 1
    assert words in run.stderr
    assert "Traceback" not in run.stderr
