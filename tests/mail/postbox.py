"""A real SMTP server on loopback that keeps what it takes, and can be told to misbehave."""

import asyncio
import email
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from aiosmtpd.controller import Controller

OK = "250 OK"


@dataclass(frozen=True)
class Delivered:
    """A mail as it came over the wire."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=SMTP)  # type: ignore[arg-type,return-value]

    def part(self, kind: str) -> str:
        """The text of the part of a content type."""
        found = self.message.get_body((kind,))
        assert found is not None
        return str(found.get_content())


class Postbox:
    """`replies` are the answers to the next mails: a reply line, "cut" or "hang"; OK when it is empty.

    `options` are those of aiosmtpd's Controller and SMTP, as for TLS and signing in.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.mails: list[Delivered] = []
        self.replies: deque[str] = deque()
        self.attempts: list[str] = []
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def open(self) -> "Postbox":
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._options)
        self._controller.start()
        return self

    def close(self) -> None:
        if self._controller:
            self._controller.stop(no_assert=True)
            self._controller = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.attempts.append(envelope.rcpt_tos[0])
        reply = self.replies.popleft() if self.replies else OK
        if reply == "cut":
            server.transport.abort()
        elif reply == "hang":
            await asyncio.sleep(5)
        elif reply == OK:
            self.mails.append(Delivered(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return reply

    def wait(self, count: int, seconds: float = 15.0) -> list[Delivered]:
        """The mails, once there are as many."""
        wait_until(lambda: len(self.mails) >= count, seconds)
        return self.mails


def wait_until(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until something holds; fails when it does not in time."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.02)
