"""Who may do what. Profiles and permission sets are records; this module reads them for one user.

A permission is the name of a Permissions* field without that word: `ModifyAllData`. What a user has is
what the profile gives and what assigned permission sets add.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, TableClause, bindparam, exists, select

from orgbox.errors import ApiFault
from orgbox.org.store import Store
from orgbox.org.user import User

DECIDING = (
    "ApiEnabled", "ChatterInternalUser", "ChatterInviteExternalUsers", "ChatterOwnGroups",
    "ManageUnlistedGroups", "ManageUsers", "ModerateChatter", "ModifyAllData", "ResetPasswords",
    "ViewAllData", "ViewAllUsers",
)  # fmt: skip
"""The permissions that decide something in Orgbox."""


def check_api(user: User, kind: str | None = None) -> None:
    """Raises ApiFault API_DISABLED_FOR_ORG, of this kind of fault, for a user without API Enabled."""
    if "ApiEnabled" not in user.permissions:
        text = "API is not enabled for this Organization or Partner"
        raise ApiFault("API_DISABLED_FOR_ORG", text, kind=kind)


def columns(table: TableClause) -> list[Any]:
    """The deciding columns of Profile or PermissionSet."""
    return [table.c[f"Permissions{name}"] for name in DECIDING]


def of_profile(values: Any) -> frozenset[str]:
    """Permissions of a row of `columns`."""
    return frozenset(name for name, value in zip(DECIDING, values, strict=True) if value)


def has_sets(store: Store, org: Any, user_id: Any) -> ColumnElement[bool]:
    """Whether any permission set is assigned to a user, as part of a statement."""
    assigned = store.schema.records["PermissionSetAssignment"]
    return exists().where(assigned.c.org == org, assigned.c.AssigneeId == user_id)


def added_by_sets(
    store: Store, connection: Connection, org: int, user_id: str
) -> frozenset[str]:
    """Permissions of the permission sets assigned to a user, in one statement."""
    given = {"org": org, "user": user_id}
    rows = store.rows(connection, "permission_sets", lambda: _sets(store), given)
    found: frozenset[str] = frozenset()
    for row in rows:
        found |= of_profile(row)
    return found


def _sets(store: Store) -> Any:
    sets = store.schema.records["PermissionSet"]
    assigned = store.schema.records["PermissionSetAssignment"]
    joined = sets.join(
        assigned, (assigned.c.org == sets.c.org) & (assigned.c.PermissionSetId == sets.c.Id)
    )
    return (
        select(*columns(sets))
        .select_from(joined)
        .where(assigned.c.org == bindparam("org"), assigned.c.AssigneeId == bindparam("user"))
    )


def users_without(
    store: Store, connection: Connection, org: int, permission: str, user_ids: Iterable[str]
) -> set[str]:
    """Which of these users have a permission neither by their profile nor by permission sets."""
    given = {"org": org, "values": store.array(user_ids)}
    rows = store.rows(connection, ("users_without", permission), lambda: _without(store, permission), given)
    return {str(row[0]) for row in rows}


def _without(store: Store, permission: str) -> Any:
    tables, name = store.schema.records, f"Permissions{permission}"
    users, profiles, sets = tables["User"], tables["Profile"], tables["PermissionSet"]
    assigned = tables["PermissionSetAssignment"]
    added = (
        exists()
        .where(assigned.c.org == users.c.org, assigned.c.AssigneeId == users.c.Id)
        .where(sets.c.org == assigned.c.org, sets.c.Id == assigned.c.PermissionSetId, sets.c[name].is_(True))
    )
    return (
        select(users.c.Id)
        .join(profiles, (profiles.c.org == users.c.org) & (profiles.c.Id == users.c.ProfileId))
        .where(users.c.org == bindparam("org"), store.is_one_of(users.c.Id, "values"))
        .where(profiles.c[name].is_not(True), ~added)
    )
