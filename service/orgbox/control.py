"""A client of the control API, for the command and the test kit. Standard library only: it loads quickly.

Made for one thread at a time; the connection is kept open.
"""

import json
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from selectors import EVENT_READ, DefaultSelector
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

_REPEATABLE = ("GET", "PATCH", "DELETE")
"""What may be done twice; a PUT may move a clock on."""


class ControlError(Exception):
    """The service refused; `status` is its HTTP status, 0 when it could not be reached."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ControlClient:
    """Requests to `/_orgbox/` of the service at `url`. Every method raises ControlError."""

    def __init__(self, url: str, key: str, timeout: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self._key = key
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ControlError(0, f"{url!r} is no URL, as http://127.0.0.1:8080 is one")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._prefix = parts.path
        self._connection = kind(parts.netloc, timeout=timeout)

    def get(self, *path: str, **query: Any) -> Any:
        """What is there."""
        asked = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", path, None, asked)

    def post(self, *path: str, **values: Any) -> Any:
        """Make or do something."""
        return self._ask("POST", path, values, {})

    def put(self, *path: str, **values: Any) -> Any:
        """Set something."""
        return self._ask("PUT", path, values, {})

    def patch(self, *path: str, **values: Any) -> Any:
        """Change some of it."""
        return self._ask("PATCH", path, values, {})

    def delete(self, *path: str) -> None:
        """Remove something."""
        self._ask("DELETE", path, None, {})

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _ask(
        self, method: str, path: tuple[str, ...], values: dict[str, Any] | None, query: dict[str, Any]
    ) -> Any:
        target = "/".join((self._prefix, "_orgbox", *(quote(part, safe="") for part in path)))
        body = None if values is None else json.dumps(values)
        status, text = self._send(method, f"{target}?{urlencode(query)}" if query else target, body)
        answer = None
        with suppress(ValueError):
            answer = json.loads(text) if text else None
        if status >= 400:
            said = answer.get("error") if isinstance(answer, dict) else None
            raise ControlError(status, str(said or f"HTTP {status}"))
        return answer

    def _send(self, method: str, target: str, body: str | None) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        if self._has_news():
            self._connection.close()
        kept = self._connection.sock is not None
        for last in (not kept, True):
            try:
                self._connection.request(method, target, body, headers)
                response = self._connection.getresponse()
                return response.status, response.read()
            except (OSError, HTTPException) as error:
                self._connection.close()
                if last or method not in _REPEATABLE:
                    raise ControlError(0, f"{self.url} does not answer: {error}") from None
        raise AssertionError("the last attempt returns or raises")

    def _has_news(self) -> bool:
        """Whether something came unasked: the service has ended the connection, on which nothing moved."""
        if self._connection.sock is None:
            return False
        with DefaultSelector() as selector:
            selector.register(self._connection.sock, EVENT_READ)
            return bool(selector.select(0))
