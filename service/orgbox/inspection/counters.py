"""Numbers that are kept beside the rows they count: members of groups, used licenses."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from orgbox.inspection.view import View, alive, some


def members_are_counted(view: View) -> Iterator[str]:
    """MemberCount is the number of a group's members."""
    groups, members = view.table("CollaborationGroup"), view.table("CollaborationGroupMember")
    belong = (members.c.org == groups.c.org) & (members.c.CollaborationGroupId == groups.c.Id)
    counted = select(func.count()).select_from(members).where(belong).scalar_subquery()
    kept = func.coalesce(groups.c.MemberCount, 0)
    yield from _differing(view, "CollaborationGroup", "MemberCount", kept, counted)


def licenses_are_counted(view: View) -> Iterator[str]:
    """UsedLicenses is the number of active users with a profile of the license."""
    users, profiles, licenses = (view.table(name) for name in ("User", "Profile", "UserLicense"))
    has = (profiles.c.org == users.c.org) & (profiles.c.Id == users.c.ProfileId)
    uses = (users.c.org == licenses.c.org) & (profiles.c.UserLicenseId == licenses.c.Id)
    active = select(func.count()).select_from(users.join(profiles, has)).where(users.c.IsActive.is_(True))
    kept = func.coalesce(licenses.c.UsedLicenses, 0)
    yield from _differing(view, "UserLicense", "UsedLicenses", kept, active.where(uses).scalar_subquery())


def _differing(view: View, name: str, field: str, kept: Any, counted: Any) -> Iterator[str]:
    table = view.table(name)
    statement = select(table.c.Id, kept, counted).where(alive(table, view.org.number), kept != counted)
    found = [f"{id_} has {said}, not {real}" for id_, said, real in view.rows(statement)]
    if found:
        yield f"{name}.{field}: {some(found)}"
