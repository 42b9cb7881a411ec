"""A service of many orgs: keys by which an engine can spread them, memory that does not grow with them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Table, UniqueConstraint

from orgbox.catalog import standard_catalog
from orgbox.org import calllog, registry, schema
from orgbox.org.calllog import Call, CallLog
from orgbox.org.lifecycle import Lifecycle
from orgbox.org.seed import read_seed
from service import Service

_EVERYWHERE_THE_SAME = {"orgbox_schema"}
"""Tables every node has whole."""


def keys_of(table: Table) -> dict[str, list[str]]:
    """The columns of everything that is unique in a table, by its name."""
    unique = {str(i.name): [c.name for c in i.columns] for i in table.indexes if i.unique}
    constraints = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
    return unique | {str(c.name): [x.name for x in c.columns] for c in constraints} | {
        "primary key": [c.name for c in table.primary_key]
    }  # fmt: skip


def test_every_key_and_every_unique_index_begins_with_the_org() -> None:
    tables = schema.build(standard_catalog()).metadata.tables.values()

    wrong = [
        f"{table.name}: {name} {columns}"
        for table in tables
        if table.name not in _EVERYWHERE_THE_SAME
        for name, columns in keys_of(table).items()
        if columns[:1] != ["org"]
    ]

    assert len(tables) > 25
    assert not wrong


def test_no_table_refers_to_another_which_might_be_elsewhere() -> None:
    tables = schema.build(standard_catalog()).metadata.tables.values()

    assert not [table.name for table in tables if table.foreign_keys]


def noted(log: CallLog, org: int, times: int = 1) -> None:
    for _ in range(times):
        when = datetime(2026, 1, 1, tzinfo=UTC)
        log.add(org, Call("query", when, "", "", 66, "partner", "", 1.0, 200, b"x" * 500, b"y" * 500))


def test_the_calls_of_the_orgs_called_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calllog, "_MOST_BYTES", 10_000)
    log = CallLog(3)

    for org, times in ((1, 2), (2, 5), (1, 1), (3, 1)):
        noted(log, org, times)

    assert [len(log.last(org)) for org in (1, 2, 3)] == [3, 0, 1]


def test_an_org_forgotten_for_others_is_read_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_MOST_KNOWN", 2)
    orgs = service.app.orgs
    made = [Lifecycle(orgs).create(read_seed("")) for _ in range(4)]

    found = [orgs.get(org.id) for org in [*made, *made]]

    assert [org.id for org in found if org] == [org.id for org in [*made, *made]]
    assert found[0] is not found[4]
