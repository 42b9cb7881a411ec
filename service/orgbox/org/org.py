"""An org: its rows, its catalogue, its clock and its rules. No behaviour of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orgbox import ids
from orgbox.catalog.load import Catalog
from orgbox.clock import Clock
from orgbox.limits import Limits
from orgbox.org.rulebook import NO_RULES, Rules
from orgbox.org.store import Store
from orgbox.org.visibility import Rows
from orgbox.soql import Plans


@dataclass
class Org:
    """`number` is the org's Id as an integer: the first column of every key."""

    id: str
    name: str
    catalog: Catalog
    store: Store
    clock: Clock
    limits: Limits
    rules: Mapping[str, Rules]
    plans: Plans
    rows: Rows
    requests: int = field(default=0)

    @property
    def number(self) -> int:
        """The number inside the org's Id."""
        return ids.number(self.id)

    def rules_of(self, sobject: str) -> Rules:
        """The rules of an SObject, by its name in the catalogue."""
        return self.rules.get(sobject, NO_RULES)
