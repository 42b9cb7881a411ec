"""User licenses: a profile belongs to one, an active user takes one up (Object Reference, UserLicense)."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update

from orgbox.frozen import value
from orgbox.org.session import Session


@dataclass(slots=True)
class License:
    """How many users a license is for and how many it has; a total of None is no limit."""

    id: str
    total: int | None
    used: int

    def take(self) -> bool:
        """Take up one more; False if none is left."""
        self.used += 1
        return self.total is None or self.used <= self.total


@value
class Profile:
    """What a profile decides for its users."""

    user_type: str
    license: License
    manages_users: bool

    @property
    def only_chatter(self) -> bool:
        """Whether its users have nothing but Chatter."""
        return self.user_type == "CsnOnly"


def load(session: Session, profile_ids: Iterable[str]) -> dict[str, Profile]:
    """Profiles by Id. Their licenses stay locked until the call ends, so that two cannot take the last."""
    store, number = session.org.store, session.org.number
    profiles, licenses = store.schema.records["Profile"], store.schema.records["UserLicense"]
    licensed = (licenses.c.org == profiles.c.org) & (licenses.c.Id == profiles.c.UserLicenseId)
    columns = (licenses.c.Id, licenses.c.TotalLicenses, licenses.c.UsedLicenses)
    statement = (
        select(profiles.c.Id, profiles.c.UserType, profiles.c.PermissionsManageUsers, *columns)
        .join(licenses, licensed)
        .where(profiles.c.org == number, store.is_one_of(profiles.c.Id, "values"))
        .with_for_update(of=licenses)
    )
    rows = session.connection.execute(statement, {"values": store.array(set(profile_ids))})
    known: dict[str, License] = {}
    found = {}
    for profile_id, user_type, manages_users, license_id, total, used in rows:
        kept = known.setdefault(license_id, License(license_id, total, used or 0))
        found[profile_id] = Profile(user_type, kept, bool(manages_users))
    return found


def administered_without(session: Session, user_ids: Iterable[str]) -> bool:
    """Whether anybody but these users is active and has a profile that manages users."""
    tables = session.org.store.schema.records
    users, profiles = tables["User"], tables["Profile"]
    has = (profiles.c.org == users.c.org) & (profiles.c.Id == users.c.ProfileId)
    statement = (
        select(users.c.Id)
        .join(profiles, has)
        .where(users.c.org == session.org.number, users.c.Id.not_in(list(user_ids)))
        .where(users.c.IsActive.is_(True), profiles.c.PermissionsManageUsers.is_(True))
    )
    return session.connection.execute(statement.limit(1)).first() is not None


def count(session: Session, licenses: Iterable[License]) -> None:
    """Bring UsedLicenses of these licenses up to date: the active users of their profiles."""
    tables = session.org.store.schema.records
    users, profiles, table = tables["User"], tables["Profile"], tables["UserLicense"]
    has = (profiles.c.org == users.c.org) & (profiles.c.Id == users.c.ProfileId)
    used = (
        select(func.count())
        .select_from(users.join(profiles, has))
        .where(users.c.org == table.c.org, users.c.IsActive.is_(True))
        .where(profiles.c.UserLicenseId == table.c.Id)
        .scalar_subquery()
    )
    statement = (
        update(table)
        .where(table.c.org == session.org.number, table.c.Id == bindparam("license"))
        .values(UsedLicenses=used, UsedLicensesLastUpdated=session.now)
    )
    rows = [{"license": key} for key in sorted({known.id for known in licenses})]
    if rows:
        session.connection.execute(statement, rows)
