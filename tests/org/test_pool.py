"""Connections between transactions: which one is used next, and which never again."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from orgbox.org import sqlite
from orgbox.org.modes import Mode
from orgbox.org.pool import Pool


@pytest.fixture
def made(tmp_path: Path) -> Pool:
    return sqlite.make_pool(make_url(f"sqlite:///{tmp_path}/one.db"), durable=True)


@pytest.fixture
def pool(made: Pool) -> Iterator[Pool]:
    """Two connections at most, of which one stays open."""
    yield (pool := Pool(made.engine, made.dialogue, most=2, kept=1, patience=0.01))
    pool.empty()


def test_a_connection_stays_open_for_the_next_transaction(pool: Pool) -> None:
    first = pool.take()
    pool.give(first)

    assert pool.take() is first
    pool.give(first)


def test_no_more_stay_open_than_are_to_be_kept(pool: Pool) -> None:
    first, second = pool.take(), pool.take()
    pool.give(first)
    pool.give(second)

    assert (first.closed, second.closed) == (False, True)


def test_the_one_opened_first_is_used_next(made: Pool) -> None:
    pool = Pool(made.engine, made.dialogue, most=2, kept=2, patience=1)
    first, second = pool.take(), pool.take()
    pool.give(first)
    pool.give(second)

    assert pool.take() is first
    pool.give(first)
    pool.empty()


class Refusing:
    """A driver that refuses the first attempt to write, for this reason."""

    def __init__(self, code: int) -> None:
        self.said: list[str] = []
        self._refusals = [code]

    def execute(self, words: str) -> None:
        self.said.append(words)
        if words == "BEGIN IMMEDIATE" and self._refusals:
            error = sqlite3.OperationalError("refused")
            error.sqlite_errorcode = self._refusals.pop()
            raise error

    def begin(self) -> None:
        connection: Any = SimpleNamespace(connection=SimpleNamespace(dbapi_connection=self), info={})
        sqlite.Dialogue(durable=True).begin(connection, Mode.WRITE, None)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY])
def test_another_process_that_writes_or_recovers_is_waited_for(code: int) -> None:
    driver = Refusing(code)

    driver.begin()

    assert driver.said[-2:] == ["PRAGMA busy_timeout = 6000", "BEGIN IMMEDIATE"]


def test_after_another_refusal_a_connection_waits_as_before() -> None:
    driver = Refusing(sqlite3.SQLITE_CANTOPEN)

    with pytest.raises(sqlite3.OperationalError):
        driver.begin()

    assert driver.said[-1] == "PRAGMA busy_timeout = 6000"


def test_who_finds_none_in_time_is_told(pool: Pool) -> None:
    taken = [pool.take(), pool.take()]

    with pytest.raises(PoolTimeout):
        pool.take()

    for connection in taken:
        pool.give(connection)


def test_what_is_not_committed_is_undone_whoever_executed_it(pool: Pool) -> None:
    connection = pool.take()
    pool.begin(connection, Mode.WRITE)
    connection.execute(text("CREATE TABLE sheep (name TEXT)"))
    pool.commit(connection)
    pool.begin(connection, Mode.WRITE)
    connection.execute(text("INSERT INTO sheep VALUES ('dolly')"))
    pool.dialogue.rows(connection, "INSERT INTO sheep VALUES ('shaun')", ())
    pool.give(connection)

    again = pool.take()

    assert again.execute(text("SELECT COUNT(*) FROM sheep")).scalar() == 0
    pool.give(again)


def test_a_connection_in_use_while_the_pool_is_emptied_is_closed_when_it_comes_back(pool: Pool) -> None:
    connection = pool.take()

    pool.empty()
    pool.give(connection)

    assert connection.closed


def test_a_connection_that_comes_back_in_the_middle_of_it_is_closed_as_well(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_old, looks = pool._is_old, iter([True])

    def look(connection: Connection) -> bool:
        found = is_old(connection)
        if next(looks, False):
            pool.empty()
        return found

    monkeypatch.setattr(pool, "_is_old", look)
    connection = pool.take()

    pool.give(connection)

    assert connection.closed


def test_none_is_used_that_is_too_old(made: Pool) -> None:
    pool = Pool(made.engine, made.dialogue, most=1, kept=1, patience=1, life=-1)
    first = pool.take()
    pool.give(first)

    second = pool.take()
    pool.give(second)
    pool.empty()

    assert second is not first
    assert first.closed
