"""The sender: a thread that takes mails from the outbox and hands them to the SMTP server.

It looks into the outbox twice a second, so that mails stored by any process are found. A server that is
away is left alone for longer and longer, up to a minute.
"""

import logging
import threading
from typing import Protocol

from orgbox.frozen import value
from orgbox.mail.letter import SENDER
from orgbox.mail.smtp import Connection, Outcome, Relay, RelayAway

_LOOK_SECONDS = 0.5
_LONGEST_PAUSE = 60.0
_log = logging.getLogger("orgbox.mail")


@value
class Waiting:
    """A mail to be delivered. `key` is the outbox's own; an `error` says why it cannot be composed."""

    key: tuple[int, int]
    attempts: int
    recipient: str
    raw: bytes
    error: str = ""


class Outbox(Protocol):
    """Where mails wait. `hold` makes this process the only sender for a while, `release` ends it early."""

    def hold(self) -> bool:
        """Whether mails wait and no other process is sending."""

    def claim(self) -> Waiting | None:
        """The next mail that is due, if this process is still the sender."""

    def settle(self, mail: Waiting, outcome: Outcome) -> None:
        """Note what became of a mail."""

    def release(self) -> None:
        """Let another process send."""


class Sender:
    """Delivers what is in an outbox, from `start` to `stop`."""

    def __init__(self, outbox: Outbox, relay: Relay) -> None:
        self._outbox = outbox
        self._relay = relay
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="orgbox-mail", daemon=True)
        self._unsettled: list[tuple[Waiting, Outcome]] = []
        self.problem = ""

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the mail under way; a server that hangs is not waited for."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self.deliver()
                self.problem, failures = "", 0
            except Exception as error:
                failures += 1
                self.problem = str(error)
                _log.warning("mail waits: %s", error)
            self._stopping.wait(self._pause(failures))

    def _pause(self, failures: int) -> float:
        """Seconds until the next look; short while the outbox does not know of a mail that went out."""
        if not failures or self._unsettled:
            return _LOOK_SECONDS
        return min(_LOOK_SECONDS * (1 << min(failures, 10)), _LONGEST_PAUSE)

    def deliver(self) -> None:
        """Deliver what is due. Raises RelayAway, and the errors of the database."""
        self._settle()
        if not self._outbox.hold():
            return
        try:
            connection = self._relay.connect()
            try:
                self._deliver_over(connection)
            finally:
                connection.close()
        finally:
            if not self._unsettled:  # else another process would send again what only this one knows is sent
                self._outbox.release()

    def _deliver_over(self, connection: Connection) -> None:
        while not self._stopping.is_set() and (mail := self._outbox.claim()):
            away = None
            try:
                outcome = self._send(connection, mail)
            except RelayAway as error:
                away, outcome = error, Outcome("Later", str(error))
            self._unsettled.append((mail, outcome))
            self._settle()
            if away:
                raise away

    def _send(self, connection: Connection, mail: Waiting) -> Outcome:
        if mail.error:
            return Outcome("Failed", mail.error)
        return connection.send(SENDER.addr_spec, mail.recipient, mail.raw)

    def _settle(self) -> None:
        """Note what became of the mails handed over, before any other is: else one might go out twice."""
        while self._unsettled:
            self._outbox.settle(*self._unsettled[0])
            del self._unsettled[0]
