"""getUpdated() and getDeleted(): what changed in a span of time. Only for SObjects marked replicateable."""


from sqlalchemy import select

from orgbox.catalog.sobject import SObject
from orgbox.errors import ApiFault
from orgbox.frozen import value
from orgbox.org.session import Session

_MOST_DELETED = 600_000


@value
class Deleted:
    """Deleted records as (Id, moment), and the span the answer covers."""

    records: list[tuple[str, str]]
    earliest: str
    latest: str


def get_deleted(session: Session, sobject: SObject, start: str, end: str) -> Deleted:
    """Records deleted from `start` on and before `end`. Raises ApiFault as getDeleted() does."""
    _check(session, sobject, start, end)
    table = session.org.store.schema.system["orgbox_deleted"]
    statement = (
        select(table.c.id, table.c.deleted)
        .where(table.c.org == session.org.number, table.c.sobject == sobject.name)
        .where(table.c.deleted >= start, table.c.deleted < end)
        .order_by(table.c.deleted, table.c.id)
        .limit(_MOST_DELETED + 1)
    )
    rows = [(row[0], row[1]) for row in session.connection.execute(statement)]
    if len(rows) > _MOST_DELETED:
        raise ApiFault("EXCEEDED_ID_LIMIT", "exceeded maximum number of results")
    organization = session.org.store.where(
        session.connection, session.org.number, session.org.catalog["Organization"],
        "Id", [session.org.id], ("CreatedDate",),
    )  # fmt: skip
    return Deleted(rows, organization[0]["CreatedDate"], min(end, session.now))


def get_updated(session: Session, sobject: SObject, start: str, end: str) -> tuple[list[str], str]:
    """Ids of records created or changed from `start` on and before `end` that the caller may see, and the
    latest moment covered.
    """
    _check(session, sobject, start, end)
    table = session.org.store.table(sobject)
    changed = table.c.get("SystemModstamp", table.c.get("LastModifiedDate", table.c.CreatedDate))
    statement = (
        select(table.c.Id)
        .where(table.c.org == session.org.number, changed >= start, changed < end)
        .order_by(changed, table.c.Id)
    )
    if "IsDeleted" in table.c:
        statement = statement.where(table.c.IsDeleted.is_(False))
    hides = session.org.rows.filter_of(session.user)
    seen = hides(sobject, table) if hides else None
    if seen is not None:
        statement = statement.where(seen)
    who = {"org": session.org.number, "user": session.user.id}
    return list(session.connection.scalars(statement, who)), min(end, session.now)


def _check(session: Session, sobject: SObject, start: str, end: str) -> None:
    if not sobject.supports("getUpdated"):
        text = f"entity type {sobject.name} does not support replication"
        raise ApiFault("INVALID_TYPE_FOR_OPERATION", text)
    if start >= end:
        raise ApiFault("INVALID_REPLICATION_DATE", "startDate cannot be greater than or equal to endDate")
    if start > session.now:
        raise ApiFault("INVALID_REPLICATION_DATE", "startDate cannot be in the future")
