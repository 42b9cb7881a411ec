"""A service of many orgs: keys by which an engine can spread them, memory that does not grow with them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import UniqueConstraint

from orgbox.catalog import standard_catalog
from orgbox.org import calllog, registry, schema
from orgbox.org.calllog import Call, CallLog
from orgbox.org.lifecycle import Lifecycle
from orgbox.org.seed import read_seed
from service import Service

_EVERYWHERE_THE_SAME = {"orgbox_schema"}
"""Tables every node has whole."""


def test_every_key_begins_with_the_org_and_no_other_index_is_unique() -> None:
    tables = [layout.whole_table() for layout in schema.build(standard_catalog()).layouts.values()]

    keys = {table.name: [column.name for column in table.primary_key] for table in tables}
    unique = [index.name for table in tables for index in table.indexes if index.unique]
    constraints = [c for table in tables for c in table.constraints if isinstance(c, UniqueConstraint)]

    assert len(tables) > 25
    assert {name for name, key in keys.items() if key[:1] != ["org"]} == _EVERYWHERE_THE_SAME
    assert not unique
    assert not constraints
    assert not [table.name for table in tables if table.foreign_keys]


def noted(log: CallLog, org: int, times: int = 1) -> None:
    for _ in range(times):
        when = datetime(2026, 1, 1, tzinfo=UTC)
        body = b"x" * 500
        log.add(org, Call("query", when, "", "", 66, "partner", "", 1.0, 200, body, body, 1))


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
