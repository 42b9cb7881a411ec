"""A service in memory that is asked without sockets, and brought back to its seed now and then."""

import atexit
import io
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

from orgbox.app import build
from orgbox.config import configure
from orgbox.org import session as sessions
from orgbox.org.lifecycle import Lifecycle
from orgbox.org.org import Org
from orgbox.org.seed import read_seed

CONTROL_KEY = "key"
_AS_GOOD_AS_NEW = 5_000
"""Inputs after which what they left behind is removed."""


@dataclass(frozen=True)
class Answer:
    """What came back: HTTP status, headers by lower-case name, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Box:
    """An isolated org of a service of its own; `sessions` of Alice and `cookie` of the administrator."""

    def __init__(self) -> None:
        config = configure(
            database="sqlite://", durable=False, hash_memory_kib=64, hash_rounds=1, call_log=5,
            control_key=CONTROL_KEY,
        )  # fmt: skip
        self.app = build(config)
        atexit.register(self.app.close)
        self._lifecycle = Lifecycle(self.app.orgs)
        self.renew()

    def renew(self) -> None:
        """A new org in place of those there are, and somebody signed in."""
        for org in self.app.orgs.all():
            if org.isolated:
                self._lifecycle.delete(org)
        self._asked = 0
        self.org: Org = self._lifecycle.create(read_seed(""))
        self.session_id = self.session_of("alice")
        self._signed_in: dict[str, tuple[str, str]] = {}

    def worn(self) -> bool:
        """Whether it was time for a new org; if so it is there now, and nothing of the last one is good."""
        if self._asked < _AS_GOOD_AS_NEW:
            return False
        self.renew()
        return True

    def session_of(self, name: str) -> str:
        """A new session of a user of Acme."""
        user_id = self.user(name)
        with self.app.orgs.database.write() as connection:
            return sessions.start(connection, self.org, user_id)

    def user(self, name: str) -> str:
        """The Id of a user of Acme."""
        found = self.app.orgs.of_username(f"{name}@acme.com", self.org)
        assert found
        return found[1]

    def signed_in(self, name: str = "admin") -> tuple[str, str]:
        """Cookie and form token of a user in the console."""
        if name not in self._signed_in:
            form = self.ask("GET", "/signin")
            values = {"org": self.org.id, "username": f"{name}@acme.com", "password": "orgbox1!"}
            sent = urlencode({**values, "csrf_token": token_of(form)}).encode()
            type_ = "application/x-www-form-urlencoded"
            answer = self.ask("POST", "/signin", sent, CONTENT_TYPE=type_, HTTP_COOKIE=cookie_of(form))
            home = self.ask("GET", "/home", HTTP_COOKIE=cookie_of(answer))
            self._signed_in[name] = cookie_of(home) or cookie_of(answer), token_of(home)
        return self._signed_in[name]

    @property
    def base(self) -> str:
        """The path under which the org answers SOAP."""
        return f"/org/{self.org.id[:15]}/services/Soap/"

    def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        """One HTTP request; `headers` are named as in WSGI (`CONTENT_TYPE`, `HTTP_COOKIE`)."""
        self._asked += 1
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query, "SCRIPT_NAME": "", "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8080", "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr, "HTTP_HOST": "127.0.0.1:8080",
        }  # fmt: skip
        told: list[Any] = []
        answer: Any = self.app.wsgi(environ | headers, lambda status, sent, *_: told.append((status, sent)))
        got = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        ((status, sent),) = told
        return Answer(int(status[:3]), {name.lower(): value for name, value in sent}, got)


def signed_out(answer: Answer) -> bool:
    """Whether the answer leads to the sign-in page."""
    return answer.status == 303 and answer.headers["location"].startswith("/signin")


def cookie_of(answer: Answer) -> str:
    """The cookie that an answer sets, as a browser sends it back; empty for none."""
    return answer.headers.get("set-cookie", "").partition(";")[0]


def token_of(answer: Answer) -> str:
    """The token in the first form of a page."""
    found = re.search(rb'name="csrf_token" value="([^"]+)"', answer.body)
    return found[1].decode() if found else ""
