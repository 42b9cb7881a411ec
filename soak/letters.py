"""A real mail server that takes every mail and remembers when, in the numbering of the service's lives."""

import re
import threading
from collections import defaultdict
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import SMTP
from typing import Any

from aiosmtpd.controller import Controller

from bench.processes import free_port


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it came: the life of the service that sent it, its Message-ID, the path of its link."""

    life: int
    message_id: str
    link: str


class Letters:
    """All mails by recipient. `life` is the number of the service's life, set by whoever starts it."""

    def __init__(self) -> None:
        self.life = 0
        self.by_address: dict[str, list[Letter]] = defaultdict(list)
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()

    @property
    def url(self) -> str:
        """For `--smtp-url`."""
        return f"smtp://127.0.0.1:{self._controller.port}"

    def close(self) -> None:
        """Take no more."""
        self._controller.stop()

    def forget(self) -> None:
        """Begin again."""
        with self._lock:
            self.by_address.clear()

    def link_of(self, address: str) -> str:
        """The path of the link in the mail to an address; empty if none has come."""
        with self._lock:
            found = self.by_address.get(address)
        return found[0].link if found else ""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """aiosmtpd hands over a mail."""
        message: Any = message_from_bytes(envelope.content, policy=SMTP)
        text = message.get_body(("plain",)).get_content()
        link = re.search(r"/join/\S+", text)
        letter = Letter(self.life, str(message["Message-ID"]), link[0] if link else "")
        with self._lock:
            self.by_address[envelope.rcpt_tos[0]].append(letter)
        return "250 OK"
