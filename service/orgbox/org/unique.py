"""Values that may be taken once, decided by the database and not by a look beforehand.

`orgbox_unique` holds (scope, kind, folded value) -> record. The scope is the org's number, or EVERYWHERE
for what is unique over all orgs of the service, such as a username.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, Table, bindparam, delete, select

from orgbox.catalog.fieldtypes import fold
from orgbox.org.store import Store

EVERYWHERE = 0
"""No org has this number."""


def claim(
    store: Store, connection: Connection, scope: int, kind: str, claims: Mapping[str, str], org: int
) -> dict[str, str]:
    """Take values (text -> Id of the record that takes it); returns those already taken, text -> Id.

    Rows are inserted first and read back after, so that of two transactions only one can win.
    """
    if not claims:
        return {}
    table = store.schema.system["orgbox_unique"]
    rows = [
        {"org": scope, "kind": kind, "value": fold(text), "id": id_, "owner_org": org}
        for text, id_ in claims.items()
    ]
    connection.execute(store.database.insert(table).on_conflict_do_nothing(), rows)
    holders = _holders(store, connection, table, scope, kind, claims)
    return {
        text: holders[fold(text)] for text, id_ in claims.items() if holders[fold(text)] != id_
    }


def _holders(
    store: Store, connection: Connection, table: Table, scope: int, kind: str, texts: Mapping[str, str]
) -> dict[str, str]:
    statement = (
        select(table.c.value, table.c.id)
        .where(table.c.org == scope, table.c.kind == kind)
        .where(store.is_one_of(table.c.value, "values"))
    )
    given = {"values": store.array([fold(text) for text in texts])}
    return {value: id_ for value, id_ in connection.execute(statement, given)}


def release(
    store: Store, connection: Connection, scope: int, kind: str, holders: list[str]
) -> None:
    """Give back what these records hold of a kind."""
    table = store.schema.system["orgbox_unique"]
    where = (table.c.org == scope) & (table.c.kind == kind) & (table.c.id == bindparam("holder"))
    if holders:
        connection.execute(delete(table).where(where), [{"holder": h} for h in holders])


def holder(store: Store, connection: Connection, scope: int, kind: str, text: str) -> tuple[int, str] | None:
    """The org and the Id of the record that holds a value, or None."""
    table = store.schema.system["orgbox_unique"]
    where = (table.c.org == scope) & (table.c.kind == kind) & (table.c.value == fold(text))
    row = connection.execute(select(table.c.owner_org, table.c.id).where(where)).one_or_none()
    return (int(row[0]), str(row[1])) if row else None
