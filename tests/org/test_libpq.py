"""Statements that PostgreSQL keeps prepared, and transactions that end without being waited for."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from orgbox.org import libpq
from orgbox.org.database import Database, Undone
from orgbox.org.modes import Parameters
from postgres import new_database, require_server


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database of one sheep, and one connection to it."""
    made = Database(new_database(tmp_path, require_server()), connections=2)
    with made.write() as connection:
        made.rows(connection, "CREATE TABLE sheep (name TEXT PRIMARY KEY, legs INT)")
        made.rows(connection, "INSERT INTO sheep VALUES (%s, %s)", ("dolly", 4))
    yield made
    made.close()


def prepared(connection: Connection) -> list[str]:
    found = "SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%FROM sheep%'"
    return list(connection.execute(text(found)).scalars())


@pytest.mark.parametrize(("statement", "parameters", "rows"), [
    ("SELECT %s::text, %s::int8, %s::bool", ("a", 2**40, True), [("a", 2**40, True)]),
    ("SELECT %s::text, %s::float8, '%%'", (None, 1.5), [(None, 1.5, "%")]),
    ("SELECT %(b)s::text || %(a)s || %(b)s", {"a": "a", "b": "b"}, [("bab",)]),
    ("SELECT name FROM sheep WHERE name = ANY(%s)", (["dolly", "shaun"],), [("dolly",)]),
    ("SELECT name FROM sheep WHERE legs > %s", (4,), []),
    ("UPDATE sheep SET legs = %s", (3,), []),
    ("SAVEPOINT here", (), []),
])  # fmt: skip
def test_a_statement_gives_rows_as_the_driver_does(
    statement: str, parameters: Parameters, rows: list[object], database: Database
) -> None:
    with database.write() as connection:
        assert database.rows(connection, statement, parameters) == rows
        assert database.rows(connection, statement, parameters) == rows


def test_a_statement_is_prepared_once(database: Database) -> None:
    for _ in range(3):
        with database.read() as connection:
            database.rows(connection, "SELECT legs FROM sheep WHERE name = %s", ("dolly",))

    with database.read() as connection:
        assert prepared(connection) == ["SELECT legs FROM sheep WHERE name = $1"]


def test_large_records_are_sent_together(database: Database) -> None:
    flock = [(f"{number} {'x' * 50_000}", 4) for number in range(250)]

    with database.write() as connection:
        database.many(connection, "INSERT INTO sheep (legs, name) VALUES (%s, left(%s, 9))", [
            (legs, name) for name, legs in flock
        ])  # fmt: skip

    with database.read() as connection:
        assert database.rows(connection, "SELECT count(*) FROM sheep") == [(251,)]


def test_the_server_keeps_no_more_statements_than_so_many(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libpq, "_PREPARED", 2)
    texts = [f"SELECT {n} FROM sheep" for n in range(3)]

    with database.read() as connection:
        for asked in (texts[0], texts[1], texts[0], texts[2], texts[0]):
            database.rows(connection, asked)
        kept = prepared(connection)

    assert sorted(kept) == [texts[0], texts[2]]


def test_a_statement_for_many_is_executed_for_each(database: Database) -> None:
    with database.write() as connection:
        rows = [(f"number {n}", n * 1_000 if n % 3 else None) for n in range(250)]
        database.many(connection, "INSERT INTO sheep VALUES (%s, %s)", rows)
        found = database.rows(connection, "SELECT name, legs FROM sheep WHERE name LIKE 'number %%'")

    assert sorted(found) == sorted(rows)


def test_of_many_that_fail_the_first_one_tells_why_and_nothing_is_kept(database: Database) -> None:
    names = [(f"number {n}", 4) for n in range(150)]
    with pytest.raises(IntegrityError, match="number 120"), database.write() as connection:
        database.many(connection, "INSERT INTO sheep VALUES (%s, %s)", names)
        database.many(connection, "INSERT INTO sheep VALUES (%s, %s)", names[120:])

    with database.read() as connection:
        assert database.rows(connection, "SELECT name FROM sheep") == [("dolly",)]


@pytest.mark.parametrize("lost", ["before", "on the way"])
def test_a_connection_lost_before_many_have_been_executed_undoes_them(lost: str, database: Database) -> None:
    ending = "SELECT pg_terminate_backend(%s, 5000)"
    with pytest.raises(Undone), database.write() as connection:
        pid = database.rows(connection, "SELECT pg_backend_pid()")[0][0]
        if lost == "before":
            with database.write() as other:
                database.rows(other, ending, (pid,))
            database.many(connection, "INSERT INTO sheep VALUES (%s, 4)", [("shaun",), ("timmy",)])
        else:
            database.many(connection, ending, [(0,), (pid,), (0,)])

    with database.read() as connection:
        assert database.rows(connection, "SELECT name FROM sheep") == [("dolly",)]


def test_what_others_alter_and_undo_on_a_connection_leaves_its_statements(database: Database) -> None:
    for n in range(10):
        with suppress(ZeroDivisionError), database.write() as connection:
            connection.execute(text(f"ALTER TABLE sheep ADD COLUMN wool{n} INT"))
            database.rows(connection, "SELECT legs FROM sheep")
            raise ZeroDivisionError

    with database.read() as connection:
        assert prepared(connection) == ["SELECT legs FROM sheep"]


@pytest.mark.parametrize("change", ["ALTER TABLE sheep ALTER legs TYPE TEXT", "DEALLOCATE ALL"])
def test_what_was_prepared_and_holds_no_longer_is_prepared_anew(change: str, database: Database) -> None:
    def legs() -> str:
        with database.read() as connection:
            return str(database.rows(connection, "SELECT legs FROM sheep")[0][0])

    before = legs()
    with database.write() as connection:
        connection.execute(text(change))

    with pytest.raises(Undone):
        legs()
    assert database.repeat(legs) == before == "4"


def test_a_reading_transaction_ends_on_the_server_though_nobody_waits_for_it(database: Database) -> None:
    state, until = "SELECT state FROM pg_stat_activity WHERE pid = %s", time.monotonic() + 10
    with database.write() as observer:
        with database.read() as connection:
            pid = database.rows(connection, "SELECT pg_backend_pid()")[0]
            during = database.rows(observer, state, pid)
        while (after := database.rows(observer, state, pid)) != [("idle",)] and time.monotonic() < until:
            database.rows(observer, "SELECT pg_stat_clear_snapshot()")

    assert (during, after) == ([("idle in transaction",)], [("idle",)])
