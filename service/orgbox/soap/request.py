"""What the HTTP edge hands to SOAP, and what a call works with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from orgbox.catalog.load import Catalog
from orgbox.org.org import Org
from orgbox.org.registry import Orgs
from orgbox.org.session import Session
from orgbox.soap.dialects import Dialect
from orgbox.soap.envelope import Envelope


@dataclass(frozen=True, slots=True)
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


@dataclass(slots=True)
class Context:
    """A call under way. `session` is there for every call that needs one, `org` once it is known.

    `afterwards` is run in a writing transaction once the reading one of the call has ended.
    """

    request: Request
    orgs: Orgs
    call_name: str
    envelope: Envelope
    arguments: list[Any]
    session: Session | None = None
    org: Org | None = None
    afterwards: list[Callable[[Connection], None]] = field(default_factory=list)

    @property
    def signed_in(self) -> Session:
        """The session. Only login() has none."""
        assert self.session is not None
        return self.session

    @property
    def catalog(self) -> Catalog:
        """The org's catalogue as the caller's version and permissions have it."""
        return self.signed_in.catalog

    @property
    def session_id(self) -> str:
        """The text of the SessionHeader, empty if there is none."""
        return self.envelope.header("SessionHeader", "sessionId") or ""
