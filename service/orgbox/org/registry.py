"""All orgs of the service. An org is found by its Id (in a session id or a path) or by a user name."""

import secrets
from collections.abc import Mapping
from threading import Lock
from typing import Any

from sqlalchemy import Connection, insert, select, update

from orgbox import ids
from orgbox.catalog.load import Catalog
from orgbox.clock import Clock, moment_text
from orgbox.limits import Limits
from orgbox.org import schema as schemas
from orgbox.org import unique
from orgbox.org.database import Database
from orgbox.org.model import STANDARD, Models
from orgbox.org.org import Org
from orgbox.org.passwords import Passwords
from orgbox.org.rulebook import Rules
from orgbox.org.seed import Seed, SeedError, plant
from orgbox.org.settings import OrgSettings, settings_from_json

ORG_PREFIX = "00D"
ORG, TEMPLATE, SNAPSHOT = "org", "template", "snapshot"
"""Kinds of orgs in the register; only the first one is to be seen."""
_LARGEST = 62**9
"""Org numbers fit a 64-bit column."""


_MOST_KNOWN = 10_000
"""Orgs that a process keeps in memory, about 3 kB each."""


class Orgs:
    """The registry. Orgs are kept once read; what changes in them is in the database."""

    def __init__(
        self,
        database: Database,
        catalog: Catalog,
        rules: Mapping[str, Rules],
        passwords: Passwords,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self.database = database
        self.models = Models(database, catalog, limits)
        self.catalog = catalog
        self.passwords = passwords
        self._rules = rules
        self.limits = limits
        self.clock = clock
        self.store = self.models.standard.store
        self._known: dict[int, Org] = {}
        self._lock = Lock()

    def prepare(self) -> None:
        """Create or upgrade the tables. Raises SchemaError."""
        with self.database.read() as connection:
            current = schemas.is_current(connection, self.store.schema)
        if not current:
            with self.database.write() as connection:
                schemas.upgrade(connection, self.store.schema)

    def is_empty(self) -> bool:
        """Whether there is no org at all."""
        table = self.store.schema.system["orgbox_org"]
        statement = select(table.c.org).where(table.c.kind == ORG).limit(1)
        with self.database.read() as connection:
            return connection.scalar(statement) is None

    def get(self, org_id: str) -> Org | None:
        """The org of an Id of 15 or 18 characters, or None."""
        normal = ids.normalize(org_id)
        if normal is None or normal[:3] != ORG_PREFIX:
            return None
        number = ids.number(normal)
        return self._known.get(number) or self._read(number)

    def _read(self, number: int) -> Org | None:
        """An org that this process does not know yet, or no longer."""
        table = self.store.schema.system["orgbox_org"]
        with self.database.read() as connection:
            statement = select(table).where(table.c.org == number, table.c.kind == ORG)
            row = connection.execute(statement).one_or_none() if number < _LARGEST * 62 else None
            if row is None:
                return None
            made = self.make(row.id, row.name, row.origin)
            made.follow(connection, row.revision)
        with self._lock:
            if len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            return self._known.setdefault(number, made)

    def all(self) -> list[Org]:
        """Every org, in the order of their numbers."""
        table = self.store.schema.system["orgbox_org"]
        with self.database.read() as connection:
            kind = table.c.kind == ORG
            found = connection.scalars(select(table.c.id).where(kind).order_by(table.c.org)).all()
        return [org for org in map(self.get, found) if org]

    def default(self) -> Org | None:
        """The org that an address without an org means: the first that was not made on demand."""
        table = self.store.schema.system["orgbox_org"]
        ours = (table.c.kind == ORG) & table.c.origin.is_(None)
        statement = select(table.c.id).where(ours).order_by(table.c.created, table.c.org)
        with self.database.read() as connection:
            row = connection.execute(statement.limit(1)).one_or_none()
        return self.get(row.id) if row else None

    def of_username(self, username: str, org: Org | None = None) -> tuple[Org, str] | None:
        """The org and the Id of the user with that user name, or None.

        User names are unique over all orgs but the isolated ones, which must be named.
        """
        scope = org.number if org and org.isolated else unique.EVERYWHERE
        with self.database.read() as connection:
            held = unique.holder(self.store, connection, scope, "User.Username", username)
        if held is None:
            return None
        number, user_id = held
        found = self.get(ids.make(ORG_PREFIX, number))
        return (found, user_id) if found else None

    def create(self, seed: Seed) -> Org:
        """A new org filled from a seed. Raises SeedError."""
        org_id = ids.normalize(seed.id) if seed.id else None
        if seed.id and (org_id is None or org_id[:3] != ORG_PREFIX):
            raise SeedError(f"[org] id: {seed.id!r} is not the Id of an org")
        org = self.make(org_id or new_org_id(), seed.name, None)
        self.fill(org, seed, ORG)
        return org

    def fill(self, org: Org, seed: Seed, kind: str) -> None:
        """Enter an org made by `make` and create the seed's records in it. Raises SeedError."""
        with self.database.write() as connection:
            self.enter(connection, org, seed.settings.to_json(), kind, org.origin)
            plant(connection, org, seed, self.passwords)

    def enter(
        self,
        connection: Connection,
        org: Org,
        settings: str,
        kind: str,
        origin: int | None = None,
        revision: str = STANDARD,
    ) -> None:
        """Put an org into the register."""
        table = self.store.schema.system["orgbox_org"]
        connection.execute(
            insert(table).values(
                org=org.number, id=org.id, name=org.name, settings=settings, kind=kind, origin=origin,
                created=moment_text(self.clock.now()), revision=revision or None,
            )
        )  # fmt: skip

    def change_settings(
        self, connection: Connection, org: Org, values: Mapping[str, Any]
    ) -> OrgSettings:
        """Set some of an org's settings; they hold from the next call on, on every process.

        Raises ValueError for a name or a value that does not fit.
        """
        table = self.store.schema.system["orgbox_org"]
        mine = table.c.org == org.number
        kept = connection.execute(select(table.c.settings).where(mine)).scalar_one()
        settings = settings_from_json(kept).changed(values)
        connection.execute(update(table).where(mine).values(settings=settings.to_json()))
        return settings

    def forget(self, org: Org) -> None:
        """Drop what is kept in memory of an org that is gone."""
        with self._lock:
            self._known.pop(org.number, None)

    def make(self, org_id: str, name: str, origin: int | None) -> Org:
        """An org of this service, not entered yet. Its clock runs with the service's until it is set."""
        return Org(
            org_id, name, self.models, self.models.standard, Clock(self.clock.now), self.limits,
            self._rules, origin,
        )  # fmt: skip


def new_org_id() -> str:
    """A random Id for an org."""
    return ids.make(ORG_PREFIX, secrets.randbelow(_LARGEST))
