"""Orgs on demand: create, delete, reset, snapshot, restore, fork. All of them copy rows of one org to another
number within the database, so an org takes milliseconds.

For each seed there is one hidden template; an org made from it is isolated: it has the template's Ids
and user names, whatever other orgs have, and login() must name it by its Id.
"""

import hashlib
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    CursorResult,
    Delete,
    Insert,
    Select,
    TableClause,
    Update,
    bindparam,
    delete,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from orgbox import ids
from orgbox.errors import OrgboxError
from orgbox.org import unique
from orgbox.org.model import STANDARD, Model
from orgbox.org.org import Org
from orgbox.org.registry import ORG, ORG_PREFIX, SNAPSHOT, TEMPLATE, Orgs, new_org_id
from orgbox.org.seed import Seed
from orgbox.org.store import Store

_OWN = (
    "orgbox_org", "orgbox_session", "orgbox_console_session", "orgbox_cursor", "orgbox_cursor_chunk",
    "orgbox_mail", "orgbox_letter", "orgbox_refresh", "orgbox_schema",
)  # fmt: skip
"""Tables whose rows belong to one org for good: who is signed in stays signed in when it is reset."""


class NoSuchSnapshot(OrgboxError):
    """The org has no snapshot of that name."""


class Lifecycle:
    """Makes and unmakes orgs of a registry."""

    def __init__(self, orgs: Orgs) -> None:
        self._orgs = orgs
        self._register = orgs.store.schema.system["orgbox_org"]

    def create(self, seed: Seed, name: str | None = None) -> Org:
        """A new isolated org as the seed has it. Raises SeedError for a seed that is refused."""
        template = self._template(seed)
        return self._copy_to_new(template, name or seed.name, template)

    def fork(self, org: Org, name: str | None = None) -> Org:
        """A new isolated org with everything another one has, but nobody signed in."""
        origin = org.number if org.origin is None else org.origin
        return self._copy_to_new(org.number, name or org.name, origin, turn=org.number)

    def delete(self, org: Org) -> None:
        """Remove an org with all its rows and snapshots."""
        with self._orgs.database.write(org=org.number) as connection:
            register = self._register
            mine = (register.c.kind == SNAPSHOT) & (register.c.origin == org.number)
            for number in connection.scalars(select(register.c.org).where(mine)).all():
                self._clear(connection, number, with_own=True)
            self._clear(connection, org.number, with_own=True)
        self._orgs.forget(org)

    def reset(self, org: Org) -> None:
        """Bring an isolated org back to what its template has. Raises NoSuchSnapshot for another org."""
        if org.origin is None:
            raise NoSuchSnapshot(f"{org.id} was not made on demand: it has nothing to go back to")
        self._replace(org, org.origin)

    def snapshot(self, org: Org, name: str) -> None:
        """Keep what the org has now under a name; an older snapshot of that name goes."""
        kept = self._orgs.make(new_org_id(), name, None)
        with self._orgs.database.write(org=org.number) as connection:
            old = self._find(connection, org, name)
            if old is not None:
                self._clear(connection, old, with_own=True)
            settings, revision = self._registered(connection, org.number)
            self._orgs.enter(connection, kept, settings, SNAPSHOT, org.number, revision)
            self._copy(connection, org.number, kept)

    def snapshots(self, org: Org) -> list[str]:
        """Names of the org's snapshots, oldest first."""
        register = self._register
        mine = (register.c.kind == SNAPSHOT) & (register.c.origin == org.number)
        statement = select(register.c.name).where(mine).order_by(register.c.created, register.c.name)
        with self._orgs.database.read() as connection:
            return list(connection.scalars(statement))

    def restore(self, org: Org, name: str) -> None:
        """Bring the org back to a snapshot. Raises NoSuchSnapshot."""
        with self._orgs.database.read() as connection:
            found = self._find(connection, org, name)
        if found is None:
            raise NoSuchSnapshot(f"{org.id} has no snapshot {name!r}")
        self._replace(org, found)

    def _template(self, seed: Seed) -> int:
        """The number of the seed's template, made when there is none. It follows from the seed's text."""
        digest = hashlib.sha256(repr(seed).encode() + self._orgs.catalog.content_hash.encode())
        number = int.from_bytes(digest.digest()[:6], "big")
        if not self._is_there(number):
            template = self._orgs.make(ids.make(ORG_PREFIX, number), seed.name, number)
            try:
                self._orgs.fill(template, seed, TEMPLATE)
            except IntegrityError:  # somebody else has just made it
                if not self._is_there(number):
                    raise
        return number

    def _is_there(self, number: int) -> bool:
        with self._orgs.database.read() as connection:
            statement = select(self._register.c.org).where(self._register.c.org == number)
            return connection.scalar(statement) is not None

    def _copy_to_new(self, source: int, name: str, origin: int, turn: int | None = None) -> Org:
        """A copy of a template, which never changes, or of an org whose `turn` it takes."""
        made = self._orgs.make(new_org_id(), name, origin)
        with self._orgs.database.write(org=turn) as connection:
            settings, revision = self._registered(connection, source)
            self._orgs.enter(connection, made, settings, ORG, origin, revision)
            self._copy(connection, source, made)
            made.follow(connection, revision)
        return made

    def _replace(self, org: Org, source: int) -> None:
        with self._orgs.database.write(org=org.number) as connection:
            self._clear(connection, org.number, with_own=False)
            self._copy(connection, source, org)
            if not org.isolated:
                self._publish_names(connection, org)
            register = self._register
            settings, revision = self._registered(connection, source)
            values = {"settings": settings, "faults": None, "revision": revision or None}
            connection.execute(update(register).where(register.c.org == org.number).values(values))
            self._drop_later_mails(connection, org)

    def _drop_later_mails(self, connection: Connection, org: Org) -> None:
        """Mails written since then go, and with them their links: their numbers will be given again."""
        system = self._orgs.store.schema.system
        mails, letters, counters = (system[f"orgbox_{name}"] for name in ("mail", "letter", "counter"))
        mine = (counters.c.org == org.number) & (counters.c.name == mails.name)
        last = connection.scalar(select(counters.c.value).where(mine)) or 0
        for table in (mails, letters):
            connection.execute(delete(table).where(table.c.org == org.number, table.c.number > last))

    def _copy(self, connection: Connection, source: int, target: Org) -> None:
        given = {"source": source, "target": target.number, "target_id": target.id}
        model = self._model(connection, source)
        for table in self._tables(connection, source, model):
            _run(connection, model.store, ("copy", table.name), partial(_copying, table), given)
        schema = self._orgs.store.schema
        names, organization = schema.system["orgbox_unique"], schema.records["Organization"]
        for make, table in ((_claiming, names), (_owning, names), (_naming, organization)):
            _run(connection, self._orgs.store, (make.__name__, table.name), partial(make, table), given)

    def _publish_names(self, connection: Connection, org: Org) -> None:
        """An org that is not isolated takes its user names back from the snapshot it was restored to."""
        table = self._orgs.store.schema.system["orgbox_unique"]
        kinds = [u.kind for rules in org.rules.values() for u in rules.unique if u.everywhere]
        mine = (table.c.org == org.number) & table.c.kind.in_(kinds)
        everywhere: ColumnElement[int] = literal_column(str(unique.EVERYWHERE))
        rows = select(everywhere, table.c.kind, table.c.value, table.c.id, table.c.owner_org).where(mine)
        names = ["org", "kind", "value", "id", "owner_org"]
        connection.execute(insert(table).from_select(names, rows))  # no row changes its org: it may move
        connection.execute(delete(table).where(mine))

    def _clear(self, connection: Connection, number: int, *, with_own: bool) -> None:
        model = self._model(connection, number)
        store = model.store
        tables = self._tables(connection, number, model)
        if with_own:
            tables += [store.schema.system[name] for name in _OWN[:-1]]
        given = {"number": number}
        for table in tables:
            _run(connection, store, ("clear", table.name), partial(_clearing, table), given)
        names = store.schema.system["orgbox_unique"]
        _run(connection, store, "release", partial(_releasing, names), given)

    def _model(self, connection: Connection, number: int) -> Model:
        _, revision = self._registered(connection, number)
        return self._orgs.models.of(connection, number, revision)

    def _tables(self, connection: Connection, number: int, model: Model) -> list[TableClause]:
        """Tables whose rows are copied: of an org's own SObjects those that ever had a row of it."""
        schema = model.store.schema
        counting = partial(_counting, schema.system["orgbox_counter"])
        used = set(_run(connection, model.store, "counters", counting, {"number": number}).scalars())
        known = self._orgs.catalog
        records = [s.name for s in model.catalog if known.get(s.name) or (s.key_prefix or "000") in used]
        system = [table for name, table in schema.system.items() if name not in _OWN]
        return [*(schema.records[name] for name in records), *system]

    def _registered(self, connection: Connection, number: int) -> tuple[str, str]:
        """Settings and revision of an org, as the register has them."""
        reading = partial(_registering, self._register)
        row = _run(connection, self._orgs.store, "registered", reading, {"number": number}).one_or_none()
        return (row.settings, row.revision or STANDARD) if row else ("", STANDARD)

    def _find(self, connection: Connection, org: Org, name: str) -> int | None:
        register = self._register
        statement = select(register.c.org).where(
            register.c.kind == SNAPSHOT, register.c.origin == org.number, register.c.name == name
        )
        return connection.scalar(statement)


def _copying(table: TableClause) -> Insert:
    """All rows of the org `source` to the org `target`."""
    names = [name for name in table.c.keys() if name != "org"]
    target = bindparam("target", type_=BigInteger())
    rows = select(target, *(table.c[name] for name in names))
    return insert(table).from_select(
        ["org", *names], rows.where(table.c.org == bindparam("source"))
    )


def _clearing(table: TableClause) -> Delete:
    return delete(table).where(table.c.org == bindparam("number"))


def _releasing(names: TableClause) -> Delete:
    """What an org holds of the values that may be taken once."""
    return delete(names).where(names.c.owner_org == bindparam("number"))


def _claiming(names: TableClause) -> Insert:
    """What is unique over all orgs (user names) is held by the copy for itself alone."""
    everywhere: ColumnElement[int] = literal_column(str(unique.EVERYWHERE))
    held = (names.c.org == everywhere) & (names.c.owner_org == bindparam("source"))
    here = bindparam("target", type_=BigInteger())
    rows = select(here, names.c.kind, names.c.value, names.c.id, here).where(held)
    return insert(names).from_select(["org", "kind", "value", "id", "owner_org"], rows)


def _owning(names: TableClause) -> Update:
    """What the copy has taken is its own."""
    return update(names).where(names.c.org == bindparam("target")).values(owner_org=bindparam("target"))


def _naming(organization: TableClause) -> Update:
    """The copy's Organization has the Id of its org."""
    mine = organization.c.org == bindparam("target")
    return update(organization).where(mine).values(Id=bindparam("target_id"))


def _counting(counters: TableClause) -> Select[Any]:
    """The names of an org's counters."""
    return select(counters.c.name).where(counters.c.org == bindparam("number"))


def _registering(register: TableClause) -> Select[Any]:
    """What the register says of an org."""
    return select(register.c.settings, register.c.revision).where(register.c.org == bindparam("number"))


def _run(
    connection: Connection,
    store: Store,
    key: Hashable,
    make: Callable[[], Any],
    given: Mapping[str, Any],
) -> CursorResult[Any]:
    """Execute a statement that is compiled once; these many are most of what making an org costs."""
    text, order = store.kept(key, make)
    return connection.exec_driver_sql(text, tuple(given[name] for name in order))
