"""SObjects of an org's own: taking them in, giving them out, doing without them.

All in one transaction, on either database: tables, texts and the revision in the register, so that other
processes see the whole of it or nothing.
"""

from collections.abc import Iterable, Mapping

import tomli
from sqlalchemy import Connection, TableClause, delete, insert, update

from orgbox.catalog import own
from orgbox.catalog.importing import Imported
from orgbox.catalog.load import CatalogError
from orgbox.catalog.merging import merged
from orgbox.frozen import value
from orgbox.org.model import STANDARD, Model
from orgbox.org.org import Org
from orgbox.org.registry import Orgs
from orgbox.org.schema import fill_shadow, make_tables


@value
class Extension:
    """The SObjects an import has added and changed, and what there is to say about it."""

    added: list[str]
    changed: list[str]
    notes: list[str]


def extend(orgs: Orgs, org: Org, imported: Imported) -> Extension:
    """Take SObjects in. Raises CatalogError, and then nothing has changed."""
    standard = orgs.catalog
    with orgs.database.write(org=org.number) as connection:
        _lock(connection, orgs)
        old = orgs.models.texts(connection, org.number)
        texts = merged(old, imported, standard)
        model = orgs.models.make({**old, **texts})
        documents = {name: tomli.loads(text) for name, text in texts.items()}
        own.check(model.catalog, documents, standard)
        tables = model.store.schema.records
        for table in make_tables(connection, tables, texts):
            _fill(connection, org, model, table)
        _write(connection, orgs, org, texts)
        _register(connection, orgs, org, model)
    orgs.models.keep(model)
    org.model = model
    added = sorted(texts.keys() - old.keys())
    return Extension(added, sorted(texts.keys() & old.keys()), imported.notes)


def texts_of(orgs: Orgs, org: Org) -> dict[str, str]:
    """The TOML of each SObject the org has of its own or has added to."""
    with orgs.database.read() as connection:
        return orgs.models.texts(connection, org.number)


def remove(orgs: Orgs, org: Org, names: Iterable[str]) -> None:
    """Do without SObjects of the org's own, and drop their records; from standard ones, what was added.

    Raises CatalogError for names the org has not of its own, and where others refer to them.
    """
    gone = set(names)
    with orgs.database.write(org=org.number) as connection:
        _lock(connection, orgs)
        old = orgs.models.texts(connection, org.number)
        if missing := gone - old.keys():
            raise CatalogError(f"the org has no {', '.join(sorted(missing))} of its own")
        kept = {name: text for name, text in old.items() if name not in gone}
        model = orgs.models.make(kept)
        documents = {name: tomli.loads(text) for name, text in kept.items()}
        own.check(model.catalog, documents, orgs.catalog)
        before = orgs.models.make(old)
        for name in gone:
            if not orgs.catalog.get(name):
                table = before.store.schema.records[name]
                connection.execute(delete(table).where(table.c.org == org.number))
        texts = orgs.store.schema.system["orgbox_sobject"]
        mine = (texts.c.org == org.number) & texts.c.name.in_(gone)
        connection.execute(delete(texts).where(mine))
        _register(connection, orgs, org, model)
    org.model = orgs.models.keep(model) if model.revision != STANDARD else model


def _lock(connection: Connection, orgs: Orgs) -> None:
    """One import at a time, also on a database with many writers."""
    table = orgs.store.schema.system["orgbox_schema"]
    connection.execute(update(table).where(table.c.name == "version").values(value=table.c.value))


def _fill(connection: Connection, org: Org, model: Model, table: TableClause) -> None:
    """What rows of the org lack in columns that were added: false, defaults, folded text."""
    sobject = model.catalog[table.name]
    for f in sobject.fields:
        if not f.stored:
            continue
        default = f.default if f.default is not None or f.type.name != "boolean" else False
        if default is not None:
            empty = (table.c.org == org.number) & table.c[f.name].is_(None)
            connection.execute(update(table).where(empty).values({table.c[f.name]: default}))
        if f.shadow:
            fill_shadow(connection, table, table.c[f.shadow], org.number)


def _write(connection: Connection, orgs: Orgs, org: Org, texts: Mapping[str, str]) -> None:
    table = orgs.store.schema.system["orgbox_sobject"]
    rows = [{"org": org.number, "name": name, "toml": text} for name, text in texts.items()]
    if rows:
        mine = (table.c.org == org.number) & table.c.name.in_([*texts])
        connection.execute(delete(table).where(mine))
        connection.execute(insert(table), rows)


def _register(connection: Connection, orgs: Orgs, org: Org, model: Model) -> None:
    table = orgs.store.schema.system["orgbox_org"]
    values = {"revision": model.revision or None}
    connection.execute(update(table).where(table.c.org == org.number).values(values))
