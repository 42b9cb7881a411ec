"""What the outbox and the accept page both ask of an invitation: is it open, used, canceled or expired?

There is no Status for an expired invitation: it stays Sent, and its link and mail stop working when
`invitation_days` of the org's own time have passed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection

from orgbox.clock import parse_moment
from orgbox.org import session as sessions
from orgbox.org.org import Org
from orgbox.org.settings import OrgSettings

State = Literal["open", "used", "canceled", "expired"]
_CLOSED: Mapping[str, State] = {"Accepted": "used", "Canceled": "canceled"}


def load(connection: Connection, org: Org, invitation_id: str, recipient: str) -> dict[str, Any] | None:
    """All fields of an invitation of an address, or None when there is no such row.

    An org that is brought back to an earlier state gives the same Id to another invitation.
    """
    sobject = org.catalog["CollaborationInvitation"]
    row = org.store.fetch(connection, org.number, sobject, [invitation_id]).get(invitation_id)
    return row if row and row["InvitedUserEmailNormalized"] == recipient else None


def state(invitation: Mapping[str, Any] | None, org: Org, settings: OrgSettings) -> State:
    """How an invitation stands now; one whose row is gone was canceled."""
    if invitation is None:
        return "canceled"
    if closed := _CLOSED.get(invitation["Status"]):
        return closed
    created = parse_moment(invitation["CreatedDate"])
    return "expired" if org.clock.now() >= expiry(created, settings) else "open"


def expiry(created: datetime, settings: OrgSettings) -> datetime:
    """The moment from which an invitation can no longer be accepted."""
    return created + timedelta(days=settings.invitation_days)


def read_settings(connection: Connection, org: Org) -> OrgSettings:
    """The org's Setup, for work that no session does; its clock is brought up to date."""
    return sessions.catch_up(connection, org)
