"""One org as a check sees it, and how findings are put into words."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Executable, TableClause

from orgbox.catalog.sobject import SObject
from orgbox.frozen import value
from orgbox.org.org import Org
from orgbox.org.settings import OrgSettings

_SHOWN = 3


@value
class View:
    """An org of any kind, at the moment its checks began. `link_key` is None where there is none."""

    connection: Connection
    org: Org
    kind: str
    settings: OrgSettings
    link_key: bytes | None

    def table(self, name: str) -> TableClause:
        """The table of an SObject, or of the service itself."""
        schema = self.org.store.schema
        found = schema.system.get(name)
        return schema.records[name] if found is None else found

    def rows(self, statement: Executable) -> Iterator[Any]:
        """The rows of a statement, a thousand at a time."""
        yield from self.connection.execute(statement, execution_options={"yield_per": 1000})

    @property
    def sobjects(self) -> list[SObject]:
        """What the org knows."""
        return list(self.org.catalog)


Check = Callable[[View], Iterator[str]]
"""Yields a line for each thing that is wrong."""


def alive(table: TableClause, org: int) -> Any:
    """The condition on rows of an org that are not in the recycle bin."""
    mine = table.c.org == org
    return mine & table.c.IsDeleted.is_not(True) if "IsDeleted" in table.c else mine


def some(found: Iterable[object]) -> str:
    """The first of what was found, and how many more there are."""
    listed = [str(one) for one in found]
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
