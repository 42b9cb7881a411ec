"""A real mail server that takes every mail and remembers when, in the numbering of the service's lives."""

import re
import socket
import threading
from collections import defaultdict
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import SMTP
from typing import Any

from aiosmtpd.controller import Controller


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it came: the life of the service that sent it, its Message-ID, the path of its link."""

    life: int
    message_id: str
    link: str


class Letters:
    """All mails by recipient. Each life of the service has a mail server of its own: what a killed one
    has sent is not taken for that of the next.
    """

    def __init__(self) -> None:
        self.life = 0
        self.by_address: dict[str, list[Letter]] = defaultdict(list)
        self.lock = threading.Lock()
        self._open: list[Controller] = []

    def begin_life(self) -> str:
        """The URL of the mail server for the next life; that of the last one still takes mails."""
        self.life += 1
        controller = _Controller(_Server(self, self.life), hostname="127.0.0.1", ready_timeout=60)
        controller.start()
        self._open.append(controller)
        if len(self._open) > 2:
            self._open.pop(0).stop()
        return f"smtp://127.0.0.1:{controller.port}"

    def close(self) -> None:
        """Take no more."""
        while self._open:
            self._open.pop().stop()

    def forget(self) -> None:
        """Begin again."""
        with self.lock:
            self.by_address.clear()

    def link_of(self, address: str) -> str:
        """The path of the link in the mail to an address; empty if none has come."""
        with self.lock:
            found = self.by_address.get(address)
        return found[0].link if found else ""


class _Controller(Controller):
    """A mail server on a port that nobody else can get between the choice and the use."""

    def _create_server(self) -> Any:
        listener = socket.create_server((self.hostname, 0))
        self.port = listener.getsockname()[1]
        return self.loop.create_server(self._factory_invoker, sock=listener)


@dataclass(frozen=True, slots=True)
class _Server:
    """What aiosmtpd calls."""

    letters: Letters
    life: int

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Take a mail."""
        message: Any = message_from_bytes(envelope.content, policy=SMTP)
        link = re.search(r"/join/\S+", message.get_body(("plain",)).get_content())
        letter = Letter(self.life, str(message["Message-ID"]), link[0] if link else "")
        with self.letters.lock:
            self.letters.by_address[envelope.rcpt_tos[0]].append(letter)
        return "250 OK"
