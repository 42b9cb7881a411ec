"""Values that may be taken once, decided by the database and not by a look beforehand.

`orgbox_unique` holds (scope, kind, folded value) -> record. The scope is the org's number, or EVERYWHERE
for what is unique over all orgs of the service, such as a username.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

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
    values = [fold(text) for text in claims]
    rows = [
        {"org": scope, "kind": kind, "value": value, "id": id_, "owner_org": org}
        for value, id_ in zip(values, claims.values(), strict=True)
    ]
    text, order = store.kept("claim", lambda: _taking(store))
    store.database.many(connection, text, [[row[name] for name in order] for row in rows])
    given = {"scope": scope, "kind": kind, "values": store.array(values)}
    holders = dict(store.rows(connection, "holders", lambda: _holders(store), given))
    return {
        text: holders[fold(text)] for text, id_ in claims.items() if holders[fold(text)] != id_
    }


def _taking(store: Store) -> Any:
    return store.database.insert(store.schema.system["orgbox_unique"]).on_conflict_do_nothing()


def _holders(store: Store) -> Any:
    table = store.schema.system["orgbox_unique"]
    mine = (table.c.org == bindparam("scope")) & (table.c.kind == bindparam("kind"))
    return select(table.c.value, table.c.id).where(mine, store.is_one_of(table.c.value, "values"))


def release(
    store: Store, connection: Connection, scope: int, kind: str, holders: list[str]
) -> None:
    """Give back what these records hold of a kind."""
    text, order = store.kept("give back", lambda: _giving_back(store))
    given = [{"scope": scope, "kind": kind, "holder": holder} for holder in holders]
    store.database.many(connection, text, [[row[name] for name in order] for row in given])


def _giving_back(store: Store) -> Any:
    table = store.schema.system["orgbox_unique"]
    mine = (table.c.org == bindparam("scope")) & (table.c.kind == bindparam("kind"))
    return delete(table).where(mine, table.c.id == bindparam("holder"))


def holder(store: Store, connection: Connection, scope: int, kind: str, text: str) -> tuple[int, str] | None:
    """The org and the Id of the record that holds a value, or None."""
    given = {"scope": scope, "kind": kind, "value": fold(text)}
    rows = store.rows(connection, "holder", lambda: _holder(store), given)
    return (int(rows[0][0]), str(rows[0][1])) if rows else None


def _holder(store: Store) -> Any:
    table = store.schema.system["orgbox_unique"]
    mine = (table.c.org == bindparam("scope")) & (table.c.kind == bindparam("kind"))
    return select(table.c.owner_org, table.c.id).where(mine, table.c.value == bindparam("value"))
