"""What queries `FOR VIEW` and `FOR REFERENCE` leave: when a user last viewed a record, or met it.

CHOICE: a record that is viewed is met as well. Source: SOQL reference, FOR VIEW, FOR REFERENCE.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from orgbox.org.cursors import Later
from orgbox.org.session import Session

_NOTE = text(
    "INSERT INTO orgbox_view (org, user_id, id, viewed, referenced)"
    " VALUES (:org, :user, :id, :viewed, :referenced) ON CONFLICT (org, user_id, id) DO UPDATE SET"
    " viewed = coalesce(excluded.viewed, orgbox_view.viewed), referenced = excluded.referenced"
)


def noted(session: Session, mark: str, found: Sequence[object], later: Later | None) -> Later | None:
    """What is to be written after a query with that mark (`view`, `reference` or none) found these Ids.

    `later` is what is to be written besides.
    """
    if not (mark and found):
        return later
    viewed = session.now if mark == "view" else None
    who = {"org": session.org.number, "user": session.user.id, "viewed": viewed, "referenced": session.now}
    rows = [{**who, "id": id_} for id_ in dict.fromkeys(found)]

    def save(connection: Connection) -> None:
        if later:
            later(connection)
        connection.execute(_NOTE, rows)

    return save
