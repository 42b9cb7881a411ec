"""Several processes at one port: what they share, what becomes of the dead, new code without a lost call."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import requests

from served import children, served, workers
from service import Client

RULE = """
from orgbox.errors import RecordError
from orgbox.org.rulebook import Rules

def refuse(invitation, batch):
    raise RecordError("FIELD_CUSTOM_VALIDATION_EXCEPTION", "{text}", ["OptionalMessage"])

RULES = {{"CollaborationInvitation": Rules(before_create=(refuse,))}}
"""


def until(what: Callable[[], object]) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + 20
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def said(alice: Client) -> str | None:
    """What the rule says to an invitation."""
    invited = {"InvitedUserEmail": "x@acme.com", "SharedEntityId": alice.user_id}
    return alice.create("CollaborationInvitation", invited).text("message")


class Callers:
    """Threads that call all the while: some on a connection they keep, some on a new one for each call."""

    def __init__(self, alice: Client) -> None:
        self.statuses: list[int | str] = []
        self._alice = alice
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(kept,)) for kept in (True, True, False)]

    def _run(self, kept: bool) -> None:
        client = Client(self._alice.url)
        client.session_id = self._alice.session_id
        while not self._stopping.is_set():
            if not kept:
                client.http = requests.Session()
            try:
                self.statuses.append(client.query("SELECT Id FROM User").status)
            except requests.RequestException as error:
                self.statuses.append(str(error))

    def __enter__(self) -> "Callers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()


def test_workers_share_sessions_and_the_dead_are_replaced(tmp_path: Path) -> None:
    with served(tmp_path, "--workers", "2") as (process, url):
        alice = Client(url).login("alice@acme.com")
        until(lambda: len(workers(process.pid)) == 2)
        killed = workers(process.pid)[0]

        os.kill(killed, signal.SIGKILL)

        for n in range(20):
            alice.http = requests.Session()
            made = alice.create(
                "CollaborationInvitation",
                {"InvitedUserEmail": f"w{n}@acme.com", "SharedEntityId": alice.user_id},
            )
            assert made.text("success") == "true"
        until(lambda: killed not in workers(process.pid))
        until(lambda: len(workers(process.pid)) == 2)


def test_a_reload_brings_new_code_and_no_call_fails(tmp_path: Path) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text(RULE.format(text="no. 0"), "utf-8")
    with served(tmp_path, "--workers", "2", "--rules", str(rules)) as (process, url):
        alice = Client(url).login("alice@acme.com")
        with Callers(alice) as callers:
            for number in (1, 2):
                old = children(process.pid)
                rules.write_text(RULE.format(text=f"no. {number}"), "utf-8")
                process.send_signal(signal.SIGHUP)
                until(lambda: said(alice) == f"no. {number}")  # noqa: B023
                until(lambda: not any(map(lives, old)))  # noqa: B023
            until(lambda: len(workers(process.pid)) == 2)
        assert set(callers.statuses) == {200}


def test_code_that_cannot_start_changes_nothing(tmp_path: Path) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text(RULE.format(text="as ever"), "utf-8")
    with served(tmp_path, "--workers", "2", "--rules", str(rules)) as (process, url):
        alice = Client(url).login("alice@acme.com")
        rules.write_text("RULES = 1", "utf-8")

        process.send_signal(signal.SIGHUP)

        lines = iter(process.stderr or ())
        assert any("has no RULES" in line for line in lines)
        assert any("not reloaded" in line for line in lines)
        assert said(alice) == "as ever"


def test_a_leader_that_dies_is_replaced(tmp_path: Path) -> None:
    with served(tmp_path, "--workers", "2") as (process, url):
        alice = Client(url).login("alice@acme.com")
        (leader,), old = children(process.pid), workers(process.pid)

        os.kill(leader, signal.SIGKILL)

        until(lambda: not any(map(lives, old)))
        assert alice.call("<getUserInfo/>").status == 200
        assert leader not in children(process.pid)


def test_workers_that_cannot_be_replaced_at_once_are_replaced_later(tmp_path: Path) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text(RULE.format(text="as ever"), "utf-8")
    with served(tmp_path, "--workers", "2", "--rules", str(rules)) as (process, url):
        alice = Client(url).login("alice@acme.com")
        rules.write_text("RULES = 1", "utf-8")

        os.kill(children(process.pid)[0], signal.SIGKILL)

        lines = iter(process.stderr or ())
        assert any("not started" in line for line in lines)
        rules.write_text(RULE.format(text="as before"), "utf-8")
        assert any("reloaded" in line for line in lines)
        assert said(alice) == "as before"


def test_nothing_outlives_the_process_that_was_started(tmp_path: Path) -> None:
    with served(tmp_path, "--workers", "2") as (process, url):
        until(lambda: len(workers(process.pid)) == 2)
        all_of_them = [*children(process.pid), *workers(process.pid)]

        process.kill()

        until(lambda: not any(map(lives, all_of_them)))


DEAF = """
import os, signal, sys, time
from orgbox.http import workers

def work(number):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, b"%d\\n" % number)  # at once, or the lines of the two mix
    while True:
        time.sleep(1)

workers._PATIENCE = 0.2
workers.Leader(work, 2).lead(sys.stdin.fileno())
"""


def test_workers_that_do_not_end_are_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DEAF], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as leader:
        assert leader.stdout
        assert sorted(leader.stdout.readline() for _ in range(2)) == ["0\n", "1\n"]
        deaf = children(leader.pid)

        leader.terminate()

        assert leader.wait(20) == 0
        assert not any(map(lives, deaf))


def test_who_is_told_to_end_again_and_again_ends(tmp_path: Path) -> None:
    with served(tmp_path, "--workers", "2") as (process, url):
        assert requests.get(f"{url}/health", timeout=10).status_code == 200
        all_of_them = [process.pid, *children(process.pid), *workers(process.pid)]
        for _ in range(200):
            for pid in filter(lives, all_of_them):
                with suppress(ProcessLookupError):  # it may end just now
                    os.kill(pid, signal.SIGTERM)

        assert process.wait(20) == 0
        until(lambda: not any(map(lives, all_of_them[1:])))
