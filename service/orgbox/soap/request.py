"""What the HTTP edge hands to SOAP, and what a call works with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from orgbox.catalog.load import Catalog
from orgbox.frozen import value
from orgbox.org.faults import Rule
from orgbox.org.org import Org
from orgbox.org.registry import Orgs
from orgbox.org.session import Session
from orgbox.soap.dialects import Dialect
from orgbox.soap.envelope import Envelope


@value
class Request:
    """One POST: where it came to and its body, already inflated. `base_url` has no slash at its end.

    `client` is its User-Agent.
    """

    dialect: Dialect
    version: int
    body: bytes
    base_url: str
    org_id: str | None = None
    package_id: str | None = None
    client: str = ""


@value
class Interruption:
    """What the client gets in place of the answer: a connection that ends `before`, `during` or `after`
    the work, or a `page` of that HTTP status.
    """

    drop: str
    page: int
    body: str


class Interrupted(Exception):
    """The answer to a call is not to reach the client as it is."""

    def __init__(self, interruption: Interruption, status: int, body: bytes) -> None:
        super().__init__(interruption.drop or f"page {interruption.page}")
        self.interruption = interruption
        self.status = status
        self.body = body


@dataclass(slots=True)
class Context:
    """A call under way. `session_id` is the text of its SessionHeader, empty if there is none. `session` is
    there for every call that needs one, `org` once it is known. `rows` counts the records of the answer,
    for the call log.

    `afterwards` is run in a writing transaction once the reading one of the call has ended. Fault rules
    (`trouble`) set `interruption` and `refusing`, the rule that refuses some records; `requests` counts
    the calls of the org's day where that is asked for.
    """

    request: Request
    orgs: Orgs
    call_name: str
    envelope: Envelope
    arguments: list[Any]
    session_id: str = ""
    session: Session | None = None
    org: Org | None = None
    rows: int = 0
    afterwards: list[Callable[[Connection], None]] = field(default_factory=list)
    interruption: Interruption | None = None
    refusing: Rule | None = None
    requests: int = 0

    @property
    def signed_in(self) -> Session:
        """The session. Only login() has none."""
        assert self.session is not None
        return self.session

    @property
    def catalog(self) -> Catalog:
        """The org's catalogue as the caller's version and permissions have it."""
        return self.signed_in.catalog

