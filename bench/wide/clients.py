"""Clients of a cluster: each invites, asks for what it has just invited, and never tries again."""

import http.client
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bench.inside import text_of
from bench.workloads import LOGIN, PATH, Data, Workload, search

_TIMEOUT = 60.0
_FOUND = b"OptionalMessage>"


@dataclass
class Seen:
    """What happened in some time: calls answered, calls that failed, seconds."""

    began: float = field(default_factory=time.monotonic)
    calls: int = 0
    failed: int = 0
    longest: float = 0.0
    pause: float = 0.0
    last: float = field(default_factory=time.monotonic)
    reasons: Counter[str] = field(default_factory=Counter)

    def note(self, began: float, reason: str) -> None:
        """Add a call that has ended, and why it failed if it did."""
        now, answered = time.monotonic(), not reason
        self.calls += answered
        self.failed += not answered
        if reason:
            self.reasons[reason] += 1
        self.longest = max(self.longest, now - began)
        if answered:
            self.pause = max(self.pause, now - self.last)
            self.last = now


class Clients:
    """So many threads, each with a connection."""

    def __init__(self, url: str, count: int) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), parts.port
        self._seen, self._lock = Seen(), threading.Lock()
        self._acknowledged: list[str] = []
        self._stopping = threading.Event()
        answer = self._post(LOGIN.request(Data("", []), 0))
        self._session, self._user = text_of(answer, "sessionId"), text_of(answer, "userId")
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(count)]
        for thread in self._threads:
            thread.start()

    @property
    def acknowledged(self) -> int:
        """Invitations the service said it has."""
        return len(self._acknowledged)

    def begin(self) -> None:
        """Count from now on."""
        with self._lock:
            self._seen = Seen()

    def end(self) -> Seen:
        """What has been counted."""
        with self._lock:
            seen = self._seen
            seen.pause = max(seen.pause, time.monotonic() - seen.last)
            return seen

    def stop(self) -> None:
        """Let calls under way end."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def lost(self) -> int:
        """How many acknowledged invitations are not there."""
        return sum(_FOUND not in self._ask(search(address)) for address in self._acknowledged)

    def _work(self, number: int) -> None:
        turn = 0
        while not self._stopping.is_set():
            turn += 1
            address = f"wide{number}.{turn}@acme.com"
            if b"success>true<" in self._timed(_inviting(self._user, address)):
                self._acknowledged.append(address)
                self._timed(search(address), proof=_FOUND)

    def _timed(self, body: str, proof: bytes = b"success>true<") -> bytes:
        began = time.monotonic()
        try:
            answer = self._ask(body)
            reason = "" if proof in answer else _reason(answer)
        except (OSError, http.client.HTTPException) as error:
            answer, reason = b"", type(error).__name__
        with self._lock:
            self._seen.note(began, reason)
        if reason:
            time.sleep(0.05)
        return answer

    def _ask(self, body: str) -> bytes:
        return self._post(Workload("", lambda _, __: body, "", 0).request(Data("", []), 0, self._session))

    def _post(self, request: bytes) -> bytes:
        """The answer, on a connection of its own: which host gives it, the proxy decides each time."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT)
        try:
            headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
            connection.request("POST", PATH, request, headers)
            return connection.getresponse().read()
        finally:
            connection.close()


def _reason(answer: bytes) -> str:
    """The words of a fault, or of the proxy."""
    found = re.search(rb"<faultcode>(.*?)</faultcode>|<statusCode>(.*?)</statusCode>|<h1>(.*?)</h1>", answer)
    return next((word.decode() for word in found.groups() if word), "") if found else "not found"


def _inviting(user: str, address: str) -> str:
    return (
        '<urn:create><urn:sObjects xsi:type="ens:CollaborationInvitation">'
        f"<ens:InvitedUserEmail>{address}</ens:InvitedUserEmail><ens:OptionalMessage>Come.</ens:OptionalMessage>"
        f"<ens:SharedEntityId>{user}</ens:SharedEntityId></urn:sObjects></urn:create>"
    )
