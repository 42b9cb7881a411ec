"""All orgs of the service. An org is found by its Id (in a session id or a path) or by a user name."""

import secrets
from collections.abc import Mapping

from sqlalchemy import insert, select

from orgbox import ids
from orgbox.catalog.load import Catalog
from orgbox.clock import Clock, moment_text
from orgbox.limits import Limits
from orgbox.org import schema as schemas
from orgbox.org import unique
from orgbox.org.database import Database
from orgbox.org.org import Org
from orgbox.org.passwords import Passwords
from orgbox.org.rulebook import Rules
from orgbox.org.seed import Seed, SeedError, plant
from orgbox.org.store import Store
from orgbox.org.visibility import Rows
from orgbox.soql import Plans

_ORG_PREFIX = "00D"
_LARGEST = 62**9
"""Org numbers fit a 64-bit column."""


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
        self.catalog = catalog
        self.passwords = passwords
        self._rules = rules
        self._limits = limits
        self._clock = clock
        self.store = Store(database, schemas.build(catalog))
        self._plans = Plans(self.store.schema.records, limits)
        self._rows = Rows(self.store.schema)
        self._known: dict[int, Org] = {}

    def prepare(self) -> None:
        """Create or upgrade the tables. Raises SchemaError."""
        with self.database.write() as connection:
            schemas.upgrade(connection, self.store.schema)

    def get(self, org_id: str) -> Org | None:
        """The org of an Id of 15 or 18 characters, or None."""
        normal = ids.normalize(org_id)
        if normal is None or normal[:3] != _ORG_PREFIX:
            return None
        number = ids.number(normal)
        if number not in self._known:
            table = self.store.schema.system["orgbox_org"]
            with self.database.read() as connection:
                statement = select(table.c.id, table.c.name).where(table.c.org == number)
                row = connection.execute(statement).one_or_none() if number < _LARGEST * 62 else None
            if row is None:
                return None
            self._known[number] = self._org(row.id, row.name)
        return self._known[number]

    def all(self) -> list[Org]:
        """Every org, in the order of their numbers."""
        table = self.store.schema.system["orgbox_org"]
        with self.database.read() as connection:
            found = connection.scalars(select(table.c.id).order_by(table.c.org)).all()
        return [org for org in map(self.get, found) if org]

    def of_username(self, username: str) -> tuple[Org, str] | None:
        """The org and the Id of the user with that user name, or None. User names are unique everywhere."""
        with self.database.read() as connection:
            held = unique.holder(
                self.store, connection, unique.EVERYWHERE, "User.Username", username
            )
        if held is None:
            return None
        number, user_id = held
        org = self.get(ids.make(_ORG_PREFIX, number))
        return (org, user_id) if org else None

    def create(self, seed: Seed) -> Org:
        """A new org filled from a seed. Raises SeedError."""
        org_id = ids.normalize(seed.id) if seed.id else None
        if seed.id and (org_id is None or org_id[:3] != _ORG_PREFIX):
            raise SeedError(f"[org] id: {seed.id!r} is not the Id of an org")
        org_id = org_id or ids.make(_ORG_PREFIX, secrets.randbelow(_LARGEST))
        org = self._org(org_id, seed.name)
        table = self.store.schema.system["orgbox_org"]
        with self.database.write() as connection:
            connection.execute(
                insert(table).values(
                    org=org.number, id=org.id, name=org.name, settings=seed.settings.to_json(),
                    created=moment_text(org.clock.now()),
                )
            )  # fmt: skip
            plant(connection, org, seed, self.passwords)
        self._known[org.number] = org
        return org

    def _org(self, org_id: str, name: str) -> Org:
        return Org(
            org_id, name, self.catalog, self.store, self._clock, self._limits, self._rules,
            self._plans, self._rows,
        )
