"""Handing mails to an SMTP server: where it is, how a connection ends, what its replies mean.

A reply 5xx refuses a mail for good, 4xx for now (RFC 5321, 4.2.1). Everything that happens to the
connection instead - refused, cut, silent - says nothing about the mail: it is tried again.
"""

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import unquote, urlsplit

from orgbox.frozen import value

SILENCE_SECONDS = 10.0
"""How long the server may take for one reply."""
SEND_SECONDS = 15.0
"""How long one mail may take altogether."""
_PORTS = {"smtp": 25, "smtps": 465}
_ABOUT_US = (421, 530, 534, 535, 538)
"""Replies that concern the connection and not the mail: closing, and sign-in wanted (RFC 4954, 6)."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NAME = re.compile(r"[A-Za-z0-9.-]{1,64}")


class RelayAway(Exception):
    """The server cannot be reached, or the connection to it ended before its reply."""


@value
class Outcome:
    """What became of a mail: Sent, Failed for good, or to be tried Later; and the server's words."""

    result: Literal["Sent", "Failed", "Later"]
    reply: str = ""


@value
class Relay:
    """The SMTP server of a URL."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None

    @classmethod
    def of(cls, url: str) -> "Relay":
        """The server of `smtp[s]://[user:password@]host[:port]`. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("smtp_url: not of the form smtp://[user:password@]host:port or smtps://…")
        user, password = (None if p is None else unquote(p) for p in (parts.username, parts.password))
        port = parts.port or _PORTS[parts.scheme]
        return cls(parts.hostname, port, parts.scheme == "smtps", user, password)

    def connect(self) -> "Connection":
        """A connection, encrypted where the server offers it, signed in to if there is a user.

        Raises RelayAway.
        """
        smtp = None
        try:
            smtp = self._open()
            self._greet(smtp)
        except (smtplib.SMTPException, OSError) as error:
            if smtp is not None:
                smtp.close()
            raise RelayAway(_words(error)) from error
        return Connection(smtp)

    def _open(self) -> smtplib.SMTP:
        name = socket.gethostname()
        name = name if _NAME.fullmatch(name) else "localhost"
        if not self.tls:
            return smtplib.SMTP(self.host, self.port, name, SILENCE_SECONDS)
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(self.host, self.port, name, timeout=SILENCE_SECONDS, context=context)

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        encrypted = self.tls
        if not encrypted and smtp.has_extn("starttls"):
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo()
            encrypted = True
        if self.user is not None:
            if not encrypted and self.host not in _LOOPBACK:
                raise smtplib.SMTPException("the password is not sent over a connection in the clear")
            smtp.login(self.user, self.password or "")


class Connection:
    """A connection that takes mails one after the other."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp

    def send(self, sender: str, recipient: str, raw: bytes) -> Outcome:
        """Hand one mail over. Raises RelayAway when the server's reply to it is not known."""
        options = () if recipient.isascii() else ("SMTPUTF8", "BODY=8BITMIME")
        try:
            with _deadline(self._smtp):
                self._smtp.sendmail(sender, [recipient], raw, options)
        except smtplib.SMTPRecipientsRefused as error:
            return _outcome(*error.recipients[recipient])
        except smtplib.SMTPResponseException as error:
            return _outcome(error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError as error:
            return Outcome("Failed", str(error))
        except (smtplib.SMTPException, OSError) as error:
            raise RelayAway(_words(error)) from error
        return Outcome("Sent")

    def close(self) -> None:
        """Say goodbye, if the server still listens."""
        with suppress(smtplib.SMTPException, OSError), _deadline(self._smtp):
            self._smtp.quit()
        self._smtp.close()


def _outcome(code: int, reply: bytes | str) -> Outcome:
    words = f"{code} {reply.decode('utf-8', 'replace') if isinstance(reply, bytes) else reply}"
    if code in _ABOUT_US:
        raise RelayAway(words)
    return Outcome("Failed" if 500 <= code < 600 else "Later", words)


@contextmanager
def _deadline(smtp: smtplib.SMTP) -> Iterator[None]:
    """Cut the connection of a server that answers in time, but byte by byte."""
    timer = threading.Timer(SEND_SECONDS, _cut, [smtp])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(smtp: smtplib.SMTP) -> None:
    if smtp.sock is not None:
        with suppress(OSError):
            smtp.sock.shutdown(socket.SHUT_RDWR)


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return f"{error.smtp_code} {reply.decode('utf-8', 'replace') if isinstance(reply, bytes) else reply}"
    return str(error) or type(error).__name__
