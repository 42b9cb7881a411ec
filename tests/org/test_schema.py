"""Databases of other releases: older ones are upgraded in place, newer ones left alone."""

import re
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import create_engine, insert, inspect, make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from inviting import invite, mails
from orgbox.catalog.load import standard_catalog
from orgbox.org.layout import Ddl, insertion
from orgbox.org.schema import SchemaError, build
from postgres import only_sqlite
from service import start_service

pytestmark = only_sqlite
OLDER = "DELETE FROM orgbox_schema WHERE name = 'tables'"
"""Makes a database one of a release with other tables."""


def sql(folder: Path, *statements: str) -> None:
    engine = create_engine(f"sqlite:///{folder}/orgbox.db")
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_database_without_the_newest_columns_and_tables_gets_them_and_keeps_its_rows(
    tmp_path: Path,
) -> None:
    start_service(tmp_path).stop()
    sql(
        tmp_path,
        'DROP INDEX "ix_User_Email_ci"',
        'ALTER TABLE "User" DROP COLUMN "Email_ci"',
        'ALTER TABLE "User" DROP COLUMN "Title"',
        "DROP TABLE orgbox_cursor",
        OLDER,
    )

    service = start_service(tmp_path)
    alice = service.client("alice@acme.com")
    found = alice.query("SELECT Id, Title FROM User WHERE Email = 'ALICE@ACME.COM'")
    wrong = service.judge.wrong
    service.stop()

    assert found.texts("Id")[0] == alice.user_id
    assert not wrong


def test_a_table_gets_the_key_it_has_now_and_keeps_its_rows(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    alice = service.client("alice@acme.com")
    service.stop()
    columns = "hash, org, user_id, created, last_used, client"
    sql(
        tmp_path,
        f"CREATE TABLE old AS SELECT {columns} FROM orgbox_session",
        "DROP TABLE orgbox_session",
        "CREATE TABLE orgbox_session (hash TEXT PRIMARY KEY, org BIGINT, user_id CHAR(18),"
        " created TEXT, last_used TEXT, client TEXT) WITHOUT ROWID",
        f"INSERT INTO orgbox_session ({columns}) SELECT {columns} FROM old",
        "DROP TABLE old",
        OLDER,
    )

    service = start_service(tmp_path)
    alice.url = service.url
    found = alice.query("SELECT Id FROM Organization")
    keys = inspect(service.app.orgs.database.engine).get_pk_constraint("orgbox_session")
    service.stop()

    assert found.status == 200
    assert keys["constrained_columns"] == ["org", "hash"]


def test_mails_of_a_release_that_kept_each_letter_with_its_mail_are_still_there(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    invite(service.client("alice@acme.com"), "bob@acme.com", "eve@acme.com", OptionalMessage="Hello")
    before = [mail.letter for mail in mails(service)]
    service.stop()
    letter = "(SELECT {} FROM orgbox_letter WHERE number = letter)"
    sql(
        tmp_path,
        *(f"ALTER TABLE orgbox_mail ADD COLUMN {name} TEXT" for name in ("nonce", "facts", "created")),
        *(f"UPDATE orgbox_mail SET {name} = {letter.format(name)}" for name in ("nonce", "created")),
        f"UPDATE orgbox_mail SET facts = json_set({letter.format('facts')}, '$.message', message)",
        "CREATE TABLE orgbox_link (org, hash)",
        "DROP TABLE orgbox_letter",
        "ALTER TABLE orgbox_mail DROP COLUMN letter",
        "ALTER TABLE orgbox_mail DROP COLUMN message",
        OLDER,
    )

    service = start_service(tmp_path)
    after = [mail.letter for mail in mails(service)]
    wrong = service.judge.wrong
    service.stop()

    assert [replace(m, link="") for m in after] == [replace(m, link="") for m in before]
    assert not wrong


def test_a_database_of_a_newer_release_is_refused_and_not_touched(tmp_path: Path) -> None:
    start_service(tmp_path).stop()
    sql(tmp_path, "UPDATE orgbox_schema SET value = '999' WHERE name = 'version'")

    with pytest.raises(SchemaError, match="newer release"):
        start_service(tmp_path)


def test_tables_of_somebody_else_are_not_overwritten(tmp_path: Path) -> None:
    sql(tmp_path, 'CREATE TABLE "User" (id INTEGER)')

    with pytest.raises(SchemaError, match="not Orgbox's"):
        start_service(tmp_path)


def test_a_service_starts_while_another_one_writes(tmp_path: Path) -> None:
    start_service(tmp_path).stop()
    with sqlite3.connect(tmp_path / "orgbox.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")

        service = start_service(tmp_path)
        found = requests.get(f"{service.url}/health", timeout=10)
        service.stop()

    assert found.status_code == 200


@pytest.mark.parametrize("url", ["sqlite://", "postgresql+psycopg://"])
def test_ddl_is_what_sqlalchemy_writes(url: str) -> None:
    dialect = make_url(url).get_dialect()()
    ddl = Ddl(dialect)
    for layout in build(standard_catalog()).layouts.values():
        table = layout.whole_table()
        wanted = [CreateTable(table), *map(CreateIndex, table.indexes)]

        written = {words(statement) for statement in ddl.create(layout)}

        assert written == {words(str(element.compile(dialect=dialect))) for element in wanted}


@pytest.mark.parametrize(
    "url, arguments", [("sqlite://", {}), ("postgresql+psycopg://", {"paramstyle": "format"})]
)
def test_whole_rows_are_inserted_as_sqlalchemy_would(url: str, arguments: dict[str, Any]) -> None:
    dialect = make_url(url).get_dialect()(**arguments)
    for layout in build(standard_catalog()).layouts.values():
        wanted: Any = insert(layout.whole_table()).compile(dialect=dialect)

        text, names = insertion(layout, dialect)

        assert (text, names) == (re.sub(r'::\w+| COLLATE "C"', "", str(wanted)), tuple(wanted.positiontup))


def words(statement: str) -> str:
    return " ".join(statement.split()).replace("( ", "(").replace(" )", ")")
