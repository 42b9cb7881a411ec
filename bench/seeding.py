"""Databases filled before anything is measured: Orgbox's own, and the plain one its peers share."""

import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, TableClause

from bench.workloads import PASSWORD, USERNAME, Data, row
from orgbox.app import open_orgs
from orgbox.config import Config, configure
from orgbox.org.org import Org
from orgbox.org.schema import upgrade

_CHUNK = 20_000
SOBJECT = "CollaborationInvitation"


def orgbox_config(url: str, **given: Any) -> Config:
    """Orgbox as it is by default, but for the cost of a password hash, which would drown login()."""
    return configure(**{"database": url, "hash_memory_kib": 64, "hash_rounds": 1, **given})


def seed_orgbox(folder: Path, rows: int) -> tuple[Path, Data]:
    """A SQLite database with the default org and `rows` invitations."""
    path = folder / "orgbox.db"
    orgs = open_orgs(orgbox_config(f"sqlite:///{path}"))
    org = orgs.all()[0]
    user_id = user_of(org)
    data = Data(user_id, fill(org, user_id, rows))
    orgs.database.close()
    return path, data


def user_of(org: Org) -> str:
    """The Id of the user whom the workloads sign in."""
    users = org.catalog["User"]
    with org.store.database.read() as connection:
        found = org.store.where(
            connection, org.number, users, users.by_name["username"].shadow or "Username",
            [USERNAME.upper(), USERNAME], ("Id",),
        )  # fmt: skip
    return str(found[0]["Id"])


def fill(org: Org, user_id: str, rows: int, first: int = 0) -> list[str]:
    """Invitations straight into the tables, from the one numbered `first` on; their Ids in order."""
    sobject, store = org.catalog[SOBJECT], org.store
    made: list[str] = []
    for start in range(first, first + rows, _CHUNK):
        count = min(_CHUNK, first + rows - start)
        with store.database.write() as connection:
            ids = org.next_ids(connection, sobject.key_prefix or "", count)
            values = [{"Id": id_, **row(user_id, start + n)} for n, id_ in enumerate(ids)]
            store.insert(connection, org.number, sobject, values)
        made += ids
    return made


def load(org: Org, user_id: str, rows: int) -> list[str]:
    """As `fill`, for millions of rows in a fresh database: the indexes are made at the end."""
    sobject, database = org.catalog[SOBJECT], org.store.database
    table, made = org.store.schema.layouts[SOBJECT].whole_table(), []
    columns = [c.key for c in table.columns]
    shadows = {f.shadow: f.name for f in sobject.fields if f.shadow}
    with database.write() as connection:
        for index in table.indexes:
            index.drop(connection)
    for start in range(0, rows, _CHUNK):
        with database.write() as connection:
            ids = org.next_ids(connection, sobject.key_prefix or "", min(_CHUNK, rows - start))
            chunk = []
            for n, id_ in enumerate(ids, start):
                values = {"org": org.number, "Id": id_, **row(user_id, n)}
                values |= {shadow: values[name] and values[name].upper() for shadow, name in shadows.items()}
                chunk.append([values[column] for column in columns])
            _write(connection, table, chunk)
        made += ids
    with database.write() as connection:
        upgrade(connection, org.store.schema)  # which makes the indexes, and tells SQLite's planner of them
    return made


def _write(connection: Connection, table: TableClause, rows: list[list[Any]]) -> None:
    names = ", ".join(f'"{c.name}"' for c in table.columns)
    cursor = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(table.columns))
        cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', rows)
        return
    driver: Any = cursor
    with driver.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for values in rows:
            copy.write_row(values)


_PLAIN = """
PRAGMA journal_mode = WAL;
CREATE TABLE users (id TEXT PRIMARY KEY, username TEXT UNIQUE, password TEXT) WITHOUT ROWID;
CREATE TABLE sessions (id TEXT PRIMARY KEY, user_id TEXT) WITHOUT ROWID;
CREATE TABLE invitation (
    Id TEXT PRIMARY KEY, ParentId TEXT, SharedEntityId TEXT, InviterId TEXT, InvitedUserEmail TEXT,
    InvitedUserEmailNormalized TEXT, Status TEXT, OptionalMessage TEXT, CreatedDate TEXT,
    CreatedById TEXT, LastModifiedDate TEXT, LastModifiedById TEXT, SystemModstamp TEXT
) WITHOUT ROWID;
CREATE INDEX invitation_email ON invitation (InvitedUserEmail);
CREATE INDEX invitation_created ON invitation (CreatedDate);
CREATE INDEX invitation_status ON invitation (Status);
"""


def seed_plain(path: Path, data: Data) -> None:
    """The same invitations in a database as an ordinary server would have it."""
    connection = sqlite3.connect(path)
    connection.executescript(_PLAIN)
    connection.execute("INSERT INTO users VALUES (?, ?, ?)", (data.user_id, USERNAME, PASSWORD))
    places = ", ".join("?" * 13)
    rows = ((id_, *row(data.user_id, i).values()) for i, id_ in enumerate(data.ids))
    for chunk in _chunks(rows):
        connection.executemany(f"INSERT INTO invitation VALUES ({places})", chunk)
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _chunks(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk
