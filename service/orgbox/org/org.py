"""An org: its model, its clock and its rules. No behaviour of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection

from orgbox import ids
from orgbox.catalog.load import Catalog
from orgbox.clock import Clock
from orgbox.frozen import value
from orgbox.limits import Limits
from orgbox.org.model import STANDARD, Model, Models
from orgbox.org.rulebook import NO_RULES, Rules
from orgbox.org.store import Store
from orgbox.org.visibility import Rows
from orgbox.soql import Plans


@value
class Conditions:
    """What a test imposes on the calls of an org: fault rules (see `faults`), a limit that bites."""

    faults: str = ""
    metered: bool = False


CALM = Conditions()


@dataclass
class Org:
    """`number` is the org's Id as an integer: the first column of every key.

    `origin` is the number of the template an isolated org was copied from: its user names are its own
    affair, unknown to other orgs, and its new Ids go on where the template's end.
    `conditions` are those last read; they and the clock are kept in the register for all processes.
    `model` is that of the revision last read.
    `swept` is when this process last removed sessions that had ended.
    `fiscal_month`, the first of the fiscal year, is 0 until a query has asked for it.
    """

    id: str
    name: str
    models: Models
    model: Model
    clock: Clock
    limits: Limits
    rules: Mapping[str, Rules]
    origin: int | None = None
    requests: int = field(default=0)
    conditions: Conditions = CALM
    fiscal_month: int = 0
    swept: datetime | None = None

    @property
    def catalog(self) -> Catalog:
        """All SObjects of the org."""
        return self.model.catalog

    @property
    def store(self) -> Store:
        """What writes the org's rows."""
        return self.model.store

    @property
    def plans(self) -> Plans:
        """The plans of queries."""
        return self.model.plans

    @property
    def rows(self) -> Rows:
        """What hides rows from users."""
        return self.model.rows

    def follow(self, connection: Connection, revision: str | None) -> None:
        """Work with the model of a revision the register tells."""
        if self.model.revision != (revision or STANDARD):
            self.model = self.models.of(connection, self.number, revision or STANDARD)

    @cached_property
    def number(self) -> int:
        """The number inside the org's Id."""
        return ids.number(self.id)

    @property
    def isolated(self) -> bool:
        """Whether user names need to be unique in this org only; login() must name the org."""
        return self.origin is not None

    def next_ids(self, connection: Connection, prefix: str, count: int) -> list[str]:
        """New Ids for `count` records of a key prefix, ascending."""
        last = self.store.count_up(connection, self.number, prefix, count)
        return ids.sequence(prefix, self._first_number + last - count + 1, count)

    def id_of(self, prefix: str, n: int) -> str:
        """The n-th Id of a key prefix. Ids of orgs with different origins differ in their first digits."""
        return ids.make(prefix, self._first_number + n)

    @cached_property
    def _first_number(self) -> int:
        origin = self.number if self.origin is None else self.origin
        return (origin % 62**4) * 62**8

    def rules_of(self, sobject: str) -> Rules:
        """The rules of an SObject, by its name in the catalogue."""
        return self.rules.get(sobject, NO_RULES)
