"""What becomes of subscriptions when a user is switched off and on again. Source: Object Reference,
EntitySubscription: they are deleted softly and come back; those between two inactive users are gone.

Which subscriptions went with which user is noted among the deleted records, under the user's Id.
"""

from collections.abc import Iterable
from typing import Any

from orgbox.org import uniqueness
from orgbox.org.rulebook import Record
from orgbox.org.session import Session

_ENDS = ("SubscriberId", "ParentId")


def set_aside(session: Session, user_id: str) -> None:
    """Delete softly what the user follows and who follows the user."""
    org, connection = session.org, session.connection
    sobject = org.catalog["EntitySubscription"]
    _forget_those_of_the_inactive(session, user_id)
    keys = [row["Id"] for row in _subscriptions(session, user_id) if not row["IsDeleted"]]
    org.store.update(connection, org.number, sobject, [(key, {"IsDeleted": True}) for key in keys])
    uniqueness.release_unique(session, sobject, keys)
    for name in (sobject.name, _note(user_id)):
        org.store.mark_deleted(connection, org.number, name, keys, session.now, session.user.id)


def bring_back(session: Session, user_id: str) -> None:
    """Bring back what went with the user."""
    org, connection = session.org, session.connection
    sobject = org.catalog["EntitySubscription"]
    rows = [row for row in _subscriptions(session, user_id) if row["IsDeleted"]]
    keys = [row["Id"] for row in rows]
    noted = org.store.deleted(connection, org.number, _note(user_id), keys)
    org.store.forget_deleted(connection, org.number, _note(user_id), keys)
    records = [Record(sobject, dict(row), dict(row)) for row in rows if row["Id"] in noted]
    uniqueness.claim(session, sobject, records)
    back = [str(r.id) for r in records if not r.errors]
    org.store.update(connection, org.number, sobject, [(key, {"IsDeleted": False}) for key in back])
    org.store.forget_deleted(connection, org.number, sobject.name, back)


def _forget_those_of_the_inactive(session: Session, user_id: str) -> None:
    """Subscriptions that went with the other user are gone for good now."""
    org, connection = session.org, session.connection
    sobject = org.catalog["EntitySubscription"]
    gone = []
    for row in _subscriptions(session, user_id):
        other = next((row[end] for end in _ENDS if row[end] != user_id), user_id)
        if row["IsDeleted"] and org.store.deleted(connection, org.number, _note(other), [row["Id"]]):
            gone.append(row["Id"])
    org.store.delete(connection, org.number, sobject, gone)


def _subscriptions(session: Session, user_id: str) -> Iterable[dict[str, Any]]:
    """Rows with the user at either end."""
    org = session.org
    sobject = org.catalog["EntitySubscription"]
    columns = ("Id", *_ENDS, "IsDeleted")
    found: dict[str, dict[str, Any]] = {}
    for end in _ENDS:
        rows = org.store.where(session.connection, org.number, sobject, end, [user_id], columns)
        found |= {row["Id"]: row for row in rows}
    return found.values()


def _note(user_id: str) -> str:
    return f"with {user_id}"
