"""For clients that insist on https and Salesforce's own hosts: a requests session that leads them to Orgbox.

    from simple_salesforce import Salesforce

    session = routed("http://127.0.0.1:8080")
    sf = Salesforce("alice@acme.com", "orgbox1!", security_token="", session=session)
"""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

_SALESFORCE = (".salesforce.com", ".force.com")


class Routing(HTTPAdapter):  # type: ignore[misc]
    """Sends requests for Salesforce's hosts, and for Orgbox's own by https, to Orgbox at `url`; others go
    where they go. `url` may have a path, as that of an isolated org.
    """

    def __init__(self, url: str, **settings: Any) -> None:
        super().__init__(**settings)
        self._to = urlsplit(url.rstrip("/"))

    def send(self, request: requests.PreparedRequest, *rest: Any, **named: Any) -> requests.Response:
        """As the parent. Raises as it does."""
        request.url = self.route(request.url or "")
        return super().send(request, *rest, **named)

    def route(self, url: str) -> str:
        """Where a request for a URL goes."""
        asked = urlsplit(url)
        if (asked.hostname or "").endswith(_SALESFORCE):
            path = self._to.path + asked.path
        elif asked.netloc == self._to.netloc:
            path = asked.path
        else:
            return url
        return urlunsplit((self._to.scheme, self._to.netloc, path, asked.query, ""))


def routed(url: str) -> requests.Session:
    """A new session whose https requests go through `Routing`."""
    session = requests.Session()
    session.mount("https://", Routing(url))
    return session
