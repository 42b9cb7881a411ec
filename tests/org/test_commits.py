"""Which commits wait for the disk."""

from pathlib import Path

import pytest

from orgbox.org.database import Database
from orgbox.org.modes import Mode
from postgres import only_sqlite

OFF, NORMAL, FULL = 0, 1, 2


@only_sqlite
@pytest.mark.parametrize(("durable", "write", "note"), [(True, FULL, NORMAL), (False, OFF, OFF)])
def test_all_commits_wait_but_those_of_notes(
    durable: bool, write: int, note: int, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{tmp_path}/one.db", durable=durable)
    found = []

    for mode in (Mode.WRITE, Mode.NOTE, Mode.ALONE, Mode.NOTE):
        with database.write(mode) as connection:
            found.append(connection.exec_driver_sql("PRAGMA synchronous").scalar())
    database.close()

    assert found == [write, note, write, note]
