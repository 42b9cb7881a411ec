"""LastViewedDate and LastReferencedDate: each user sees when it was that he viewed a record.

They are kept per user in a table of their own, which `FOR VIEW` and `FOR REFERENCE` write (`org.views`).
Source: Object Reference, System Fields; SOQL reference, FOR VIEW, FOR REFERENCE.
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, bindparam, column, select, table

from orgbox.catalog.fieldtypes import ID_COLUMN, TEXT_COLUMN

VIEWS = table(
    "orgbox_view", column("org"), column("user_id", ID_COLUMN), column("id", ID_COLUMN),
    column("viewed", TEXT_COLUMN), column("referenced", TEXT_COLUMN),
)  # fmt: skip

COLUMNS = {"LastViewedDate": "viewed", "LastReferencedDate": "referenced"}
"""The column of `VIEWS` by the field that shows it."""


def seen(name: str, record: FromClause) -> ColumnElement[Any]:
    """The moment of the field of that name, of the record in a table read, for the viewer."""
    mine = (VIEWS.c.org == record.c.org, VIEWS.c.user_id == bindparam("user", type_=Text()))
    found = select(VIEWS.c[COLUMNS[name]]).where(*mine, VIEWS.c.id == record.c.Id)
    return found.correlate(record).scalar_subquery()
