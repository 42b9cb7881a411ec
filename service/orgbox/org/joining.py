"""What the accept page and the acceptance of invitations say to each other, so that neither needs to know
the other: `web` shows it, `rules.acceptance` does it.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

from orgbox.errors import OrgboxError, RecordError
from orgbox.frozen import value

Ended = Literal["unknown", "used", "canceled", "expired"]


class LinkEnded(OrgboxError):
    """The link of an invitation leads nowhere: it never did, or does no longer."""

    def __init__(self, reason: Ended) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(OrgboxError):
    """The answers cannot be accepted; `errors` name fields of User or CollaborationInvitation."""

    def __init__(self, errors: Sequence[RecordError]) -> None:
        super().__init__("; ".join(str(error) for error in errors))
        self.errors = tuple(errors)


@value
class Invited:
    """An open invitation as its link shows it. `group` is empty for one to Chatter alone."""

    org: str
    inviter: str
    group: str
    message: str
    email: str
    is_customer: bool


@value
class Answers:
    """What the invitee entered. `company` is asked of customers only."""

    first_name: str
    last_name: str
    email: str
    company: str
    password: str
    repeated: str


@value
class Joined:
    """The new user, and the Id and the name of the org."""

    org_id: str
    org: str
    user_id: str
    username: str
    name: str
    group: str


class Acceptance(Protocol):
    """The way from a link to a user."""

    def look(self, token: str) -> Invited:
        """The invitation of a link. Raises LinkEnded."""

    def accept(self, token: str, answers: Answers) -> Joined:
        """Make the user. Raises LinkEnded, and Refused when the answers need another try."""
