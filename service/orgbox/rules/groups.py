"""What several rules need to know of groups: their settings and who runs them."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from orgbox.errors import RecordError
from orgbox.frozen import value
from orgbox.org import permissions
from orgbox.org.session import Session
from orgbox.org.visibility import administers
from orgbox.rules.counts import count_by

_GROUP_FIELDS = ("Id", "Name", "OwnerId", "CollaborationType", "CanHaveGuests", "IsArchived",
                 "Description")  # fmt: skip


@value
class Group:
    """A CollaborationGroup as the caller of a session stands to it."""

    id: str
    name: str
    owner_id: str
    type: str
    allows_customers: bool
    archived: bool
    caller_role: str | None
    description: str

    def is_run_by(self, session: Session) -> bool:
        """Owner, manager or system administrator; the administrator need not be a member."""
        mine = self.owner_id == session.user.id or self.caller_role == "Admin"
        return mine or administers(session.user, self.type)


def load(session: Session, keys: Iterable[str]) -> dict[str, Group]:
    """Groups by Id, in two statements however many there are."""
    org, groups = session.org, session.org.catalog["CollaborationGroup"]
    wanted = [key for key in dict.fromkeys(keys) if key[:3] == groups.key_prefix]
    if not wanted:
        return {}
    rows = org.store.fetch(session.connection, org.number, groups, wanted, _GROUP_FIELDS)
    roles = _roles_of_caller(session, list(rows)) if rows else {}
    return {key: _group(row, roles.get(key)) for key, row in rows.items()}


def _group(row: dict[str, Any], role: str | None) -> Group:
    return Group(
        row["Id"], row["Name"], row["OwnerId"], row["CollaborationType"],
        bool(row["CanHaveGuests"]), bool(row["IsArchived"]), role,
        row["Description"] or "",
    )  # fmt: skip


def _roles_of_caller(session: Session, keys: list[str]) -> dict[str, str]:
    org = session.org
    rows = org.store.where(
        session.connection, org.number, org.catalog["CollaborationGroupMember"], "MemberId",
        [session.user.id], ("CollaborationGroupId", "CollaborationRole"),
    )  # fmt: skip
    wanted = set(keys)
    return {
        row["CollaborationGroupId"]: row["CollaborationRole"] or "Standard"
        for row in rows
        if row["CollaborationGroupId"] in wanted
    }


def places_taken(session: Session, user_ids: Iterable[str]) -> Counter[str]:
    """In how many groups each of these users is or, by a pending request, wants to be."""
    users = set(user_ids)
    asked = count_by(session, "CollaborationGroupMemberRequest", "RequesterId", users, Status="Pending")
    return count_by(session, "CollaborationGroupMember", "MemberId", users) + asked


def take_place(places: Counter[str], user_id: str, session: Session, field: str) -> None:
    """One more group for a user, of 300 there can be. Raises RecordError."""
    places[user_id] += 1
    limit = session.org.limits.groups_per_user
    if places[user_id] > limit:
        raise RecordError("LIMIT_EXCEEDED", f"A user can be a member of {limit} groups.", [field])


def without(session: Session, permission: str, user_ids: Iterable[str]) -> set[str]:
    """Which of these users lack a permission."""
    users, org = set(user_ids), session.org
    if not users:
        return set()
    return permissions.users_without(org.store, session.connection, org.number, permission, users)
