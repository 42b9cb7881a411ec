"""How much there is of what a service keeps, over all its orgs."""


from sqlalchemy import func, select

from orgbox.frozen import value
from orgbox.org.registry import ORG, Orgs


@value
class Census:
    """Orgs, API sessions that have not been ended, and mails by their status."""

    orgs: int
    sessions: int
    mails: dict[str, int]


def census(orgs: Orgs) -> Census:
    """The numbers of this moment."""
    register, sessions, mails = (
        orgs.store.schema.system[name] for name in ("orgbox_org", "orgbox_session", "orgbox_mail")
    )
    by_status = select(mails.c.status, func.count()).group_by(mails.c.status)
    with orgs.database.read() as connection:
        return Census(
            connection.scalar(select(func.count()).select_from(register).where(register.c.kind == ORG)) or 0,
            connection.scalar(select(func.count()).select_from(sessions)) or 0,
            {status: count for status, count in connection.execute(by_status)},
        )
