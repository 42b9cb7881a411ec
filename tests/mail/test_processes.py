"""Several processes on one outbox: nobody gets a mail twice, and a killed process loses none."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from inviting import invite
from orgbox.mail import sender
from postbox import OK, Postbox, wait_until
from served import served
from service import Client


def test_workers_deliver_each_mail_once(tmp_path: Path, postbox: Postbox) -> None:
    addresses = [f"u{n}@acme.com" for n in range(120)]
    with served(tmp_path, "--smtp-url", postbox.url, "--workers", "3") as (_, url):
        alice = Client(url).login("alice@acme.com")
        for n in range(0, 120, 20):
            invite(alice, *addresses[n : n + 20])
        postbox.wait(120, 30)
        time.sleep(1.5)

    assert Counter(postbox.attempts) == Counter(addresses)


def test_a_killed_process_loses_no_mail_and_repeats_at_most_the_one_under_way(
    tmp_path: Path, postbox: Postbox
) -> None:
    addresses = [f"u{n}@acme.com" for n in range(150)]
    postbox.replies.extend([OK] * 100 + ["hang"])
    with served(tmp_path, "--smtp-url", postbox.url) as (process, url):
        invite(Client(url).login("alice@acme.com"), *addresses)
        wait_until(lambda: len(postbox.mails) >= 20)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)
    assert len(postbox.mails) < 150
    postbox.replies.clear()

    with served(tmp_path, "--smtp-url", postbox.url):
        wait_until(lambda: {m.recipients[0] for m in postbox.mails} == set(addresses), 60)

    repeated = [address for address, times in Counter(postbox.attempts).items() if times > 1]
    assert len(repeated) <= 1
    ids = {m.message["Message-ID"] for m in postbox.mails}
    assert len(ids) == 150


def test_a_process_told_to_end_ends_though_the_mail_server_hangs(tmp_path: Path, postbox: Postbox) -> None:
    postbox.replies.extend(["hang"] * 5)
    with served(tmp_path, "--smtp-url", postbox.url) as (process, url):
        invite(Client(url).login("alice@acme.com"), "bob@acme.com")
        wait_until(lambda: bool(postbox.attempts))

        process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 0


def test_an_outcome_the_database_does_not_take_is_noted_before_anybody_sends_another_mail() -> None:
    class Unreliable:
        """An outbox whose database fails once, when the first mail is to be noted as sent."""

        def __init__(self) -> None:
            self.waiting = [sender.Waiting((1, n), 0, f"u{n}@acme.com", b"") for n in range(3)]
            self.noted: list[int] = []
            self.noted_when_released: list[int] = []
            self.failures = 1

        def hold(self) -> bool:
            return True

        def claim(self) -> sender.Waiting | None:
            left = [mail for mail in self.waiting if mail.key[1] not in self.noted]
            return left[0] if left else None

        def settle(self, mail: sender.Waiting, outcome: sender.Outcome) -> None:
            if self.failures:
                self.failures -= 1
                raise OSError("disk full")
            self.noted.append(mail.key[1])

        def release(self) -> None:
            self.noted_when_released.append(len(self.noted))

    class Server:
        """Takes every mail."""

        def __init__(self) -> None:
            self.taken: list[str] = []

        def connect(self) -> "Server":
            return self

        def send(self, _: str, recipient: str, __: bytes) -> sender.Outcome:
            self.taken.append(recipient)
            return sender.Outcome("Sent")

        def close(self) -> None:
            pass

    server = Server()
    outbox = Unreliable()
    made = sender.Sender(outbox, server)  # type: ignore[arg-type]

    with pytest.raises(OSError):
        made.deliver()
    made.deliver()

    assert server.taken == ["u0@acme.com", "u1@acme.com", "u2@acme.com"]
    assert outbox.noted_when_released == [3]
