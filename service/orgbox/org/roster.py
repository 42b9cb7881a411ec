"""Who is in an org: the users with what a test needs to know of them."""

from typing import Any

from sqlalchemy import Connection, select

from orgbox.org.org import Org


def users(connection: Connection, org: Org) -> list[dict[str, Any]]:
    """Id, user name, name, address, profile and whether active, in the order of their Ids."""
    users, profiles = org.store.schema.records["User"], org.store.schema.records["Profile"]
    mine = (profiles.c.org == users.c.org) & (profiles.c.Id == users.c.ProfileId)
    statement = (
        select(
            users.c.Id, users.c.Username, users.c.Name, users.c.Email,
            profiles.c.Name.label("Profile"), users.c.IsActive,
        )
        .select_from(users.join(profiles, mine))
        .where(users.c.org == org.number)
        .order_by(users.c.Id)
    )  # fmt: skip
    names = ("id", "username", "name", "email", "profile", "active")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(statement)]
