"""What follows from a catalogue: tables, statements, plans. Orgs with the same catalogue share it.

An org with SObjects of its own has a revision, which follows from their texts: the register tells it
with every session, so that all processes work with what was imported last.
"""

import hashlib
from collections.abc import Mapping
from threading import Lock

import tomli
from sqlalchemy import Connection, select

from orgbox.baton import BATON
from orgbox.catalog import own
from orgbox.catalog.load import Catalog
from orgbox.frozen import entity
from orgbox.limits import Limits
from orgbox.org import schema as schemas
from orgbox.org.database import Database
from orgbox.org.store import Store
from orgbox.org.visibility import Rows
from orgbox.soql import Plans
from orgbox.soql.kept import Kept

STANDARD = ""
"""The revision of an org without SObjects of its own."""
_MOST_KEPT = 64


@entity
class Model:
    """A catalogue and what is made from it."""

    revision: str
    catalog: Catalog
    store: Store
    plans: Plans
    rows: Rows


class Models:
    """The models of a database, by revision."""

    def __init__(self, database: Database, catalog: Catalog, limits: Limits) -> None:
        self._database = database
        self._limits = limits
        self._schema = schemas.build(catalog)
        self.standard = self._make(STANDARD, catalog, self._schema)
        self._kept: Kept[Model] = Kept(_MOST_KEPT)
        self._making = Lock()

    def of(self, connection: Connection, org: int, revision: str) -> Model:
        """The model of an org whose revision the register tells."""
        if revision == STANDARD:
            return self.standard
        found = self._kept.find(revision)
        if found is None:
            with BATON.holding(self._making):  # hundreds of SObjects take a while: others wait for the same
                found = self._kept.find(revision) or self.keep(self.make(self.texts(connection, org)))
        return found

    def keep(self, model: Model) -> Model:
        """Hand the model out from now on."""
        self._kept.put(model.revision, model)
        return model

    def texts(self, connection: Connection, org: int) -> dict[str, str]:
        """The TOML of each SObject the org has of its own or has added to."""
        table = self._schema.system["orgbox_sobject"]
        statement = select(table.c.name, table.c.toml).where(table.c.org == org).order_by(table.c.name)
        return {row.name: row.toml for row in connection.execute(statement)}

    def make(self, texts: Mapping[str, str]) -> Model:
        """The model of SObjects in TOML. Raises CatalogError."""
        if not texts:
            return self.standard
        known, revision = self.standard.catalog, _revision(texts)
        documents = {name: tomli.loads(text) for name, text in texts.items()}
        catalog = own.own_catalog(documents, known, f"{known.content_hash}/{revision}")
        return self._make(revision, catalog, schemas.extended(self._schema, known, catalog))

    def _make(self, revision: str, catalog: Catalog, schema: schemas.Schema) -> Model:
        store = Store(self._database, schema)
        return Model(revision, catalog, store, Plans(schema.records, self._limits), Rows(schema))


def _revision(texts: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()[:16]
