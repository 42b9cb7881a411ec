"""What only PostgreSQL does: transactions it undoes, connections it loses, limits of time, several hosts."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, event, inspect, make_url, text

from orgbox.errors import ApiFault
from orgbox.org.database import Database, Undone
from postgres import new_database, require_server
from service import Service, start_service

_NOBODY = "127.0.0.1:1"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return new_database(tmp_path, require_server())


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    made = Database(url)
    with made.write() as connection:
        connection.execute(text("CREATE TABLE sheep (name TEXT PRIMARY KEY, legs INT)"))
        connection.execute(text("INSERT INTO sheep VALUES ('dolly', 4), ('shaun', 4)"))
    yield made
    made.close()


def set_legs(connection: Connection, name: str, legs: int) -> None:
    connection.execute(text(f"UPDATE sheep SET legs = {legs} WHERE name = '{name}'"))


def legs(connection: Connection, name: str) -> int:
    return int(connection.execute(text(f"SELECT legs FROM sheep WHERE name = '{name}'")).scalar_one())


def end_connections(url: str) -> None:
    """End the connections of the service at a URL `named`, as a server that stops does."""
    name = make_url(url).query["application_name"]
    engine = create_engine(make_url(url).set(query={}))
    with engine.begin() as connection:
        mine = f"application_name = '{name}'"
        connection.execute(text(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {mine}"))
    engine.dispose()


def named(url: str) -> str:
    """The URL with an application_name, by which `end_connections` finds its connections."""
    schema = str(make_url(url).query["options"]).rpartition("=")[2]
    return make_url(url).update_query_dict({"application_name": schema}).render_as_string(hide_password=False)


def test_a_reading_transaction_sees_one_snapshot_and_cannot_write(database: Database) -> None:
    with database.read() as reading:
        before = legs(reading, "dolly")
        with database.write() as connection:
            set_legs(connection, "dolly", 3)
        after = legs(reading, "dolly")
    with database.read() as reading:
        later = legs(reading, "dolly")

    assert (before, after, later) == (4, 4, 3)
    with pytest.raises(ApiFault, match="SERVER_UNAVAILABLE"), database.read() as connection:
        set_legs(connection, "dolly", 5)


def test_of_two_transactions_that_wait_for_each_other_one_is_done_again(database: Database) -> None:
    both_hold = threading.Barrier(2, timeout=20)
    attempts = []

    def shear(first: str, second: str) -> None:
        def work() -> None:
            attempts.append(first)
            with database.write() as connection:
                set_legs(connection, first, 5)
                if len(attempts) <= 2:
                    both_hold.wait()
                set_legs(connection, second, 5)

        database.repeat(work)

    threads = [threading.Thread(target=shear, args=names) for names in
               (("dolly", "shaun"), ("shaun", "dolly"))]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(attempts) > 2  # whoever is done again may be quick enough to meet the other once more
    with database.read() as connection:
        assert legs(connection, "dolly") == legs(connection, "shaun") == 5


def test_a_lock_held_too_long_is_a_fault_that_is_not_repeated(database: Database) -> None:
    attempts = []

    def work() -> None:
        attempts.append(1)
        with database.write() as second:
            second.execute(text("SET LOCAL lock_timeout = '50ms'"))
            set_legs(second, "dolly", 2)

    with database.write() as first:
        set_legs(first, "dolly", 3)
        with pytest.raises(ApiFault, match="UNABLE_TO_LOCK_ROW"):
            database.repeat(work)

    assert len(attempts) == 1


def test_the_server_is_told_the_limits_of_a_connection(database: Database) -> None:
    limits = {
        "statement_timeout": "30s", "lock_timeout": "6s", "idle_in_transaction_session_timeout": "1min",
        "tcp_keepalives_idle": "2", "tcp_keepalives_interval": "1", "tcp_keepalives_count": "3",
        "tcp_user_timeout": "5000",
    }  # fmt: skip
    with database.read() as connection:
        assert {name: connection.scalar(text(f"SHOW {name}")) for name in limits} == limits


def test_a_statement_that_takes_too_long_is_ended(database: Database) -> None:
    with pytest.raises(ApiFault, match="SERVER_UNAVAILABLE"), database.write() as connection:
        connection.execute(text("SET LOCAL statement_timeout = '50ms'"))
        connection.execute(text("SELECT pg_sleep(10)"))


def test_a_transaction_whose_connection_is_lost_is_undone_and_one_whose_commit_is_lost_is_not(
    database: Database,
) -> None:
    def lose(connection: Connection) -> None:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        with database.write() as other:
            other.execute(text(f"SELECT pg_terminate_backend({pid}, 5000)"))

    with pytest.raises(Undone, match="SERVER_UNAVAILABLE"), database.write() as connection:
        lose(connection)
        set_legs(connection, "dolly", 3)
    with pytest.raises(ApiFault, match="SERVER_UNAVAILABLE") as caught, database.write() as connection:
        set_legs(connection, "dolly", 3)
        lose(connection)

    assert not isinstance(caught.value, Undone)
    with database.read() as connection:
        assert legs(connection, "dolly") == 4


def test_more_transactions_than_connections_wait_for_one(url: str) -> None:
    database = Database(url, connections=2)
    opened: list[object] = []
    at_once = []
    event.listen(database.engine, "connect", lambda made, _: opened.append(made))
    event.listen(database.engine, "close", lambda made, _: opened.remove(made))
    ready = threading.Barrier(4, timeout=20)
    answers = []

    def ask() -> None:
        ready.wait()
        with database.read() as connection:
            at_once.append(len(opened))
            answers.append(connection.scalar(text("SELECT 1 FROM pg_sleep(0.05)")))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()

    assert answers == [1] * 4
    assert max(at_once) <= 2
    assert not opened


def test_calls_go_on_when_every_connection_has_been_cut(url: str, tmp_path: Path) -> None:
    url = named(url)
    service = start_service(tmp_path, database=url)
    alice = service.client("alice@acme.com")
    end_connections(url)

    read = alice.query("SELECT Name FROM Organization")
    end_connections(url)
    written = alice.create(
        "CollaborationInvitation",
        {"InvitedUserEmail": "bob@acme.com", "SharedEntityId": alice.user_id},
    )
    service.stop()

    assert read.text("Name") == "Acme"
    assert written.text("success") == "true", written.body


def test_of_several_hosts_the_one_that_may_write_is_found(url: str) -> None:
    parsed = make_url(url)
    hosts = {"host": [_NOBODY, f"{parsed.host}:{parsed.port}"], "target_session_attrs": "read-write"}
    several = parsed.set(host=None, port=None).update_query_dict(hosts)
    database = Database(several.render_as_string(hide_password=False))

    with database.write() as connection:
        answered = connection.scalar(text("SELECT 1"))
    database.close()

    assert answered == 1


def test_a_server_that_refuses_is_not_waited_for(url: str) -> None:
    database = Database(make_url(url).set(database="nowhere").render_as_string(hide_password=False))

    with pytest.raises(ApiFault, match="SERVER_UNAVAILABLE") as caught, database.read():
        pass

    assert "does not exist" in str(caught.value.__cause__)


def test_services_that_begin_at_once_on_an_empty_database_make_one_org(url: str, tmp_path: Path) -> None:
    started: list[Service] = []

    def start(n: int) -> None:
        folder = tmp_path / str(n)
        folder.mkdir()
        started.append(start_service(folder, database=url))

    threads = [threading.Thread(target=start, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    orgs = [service.app.orgs.default() for service in started]
    for service in started:
        service.stop()

    assert len(orgs) == 2
    assert len({org.id for org in orgs if org}) == 1


def test_a_key_of_an_older_release_becomes_the_one_it_has_now(url: str, tmp_path: Path) -> None:
    service = start_service(tmp_path, database=url)
    alice = service.client("alice@acme.com")
    service.stop()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE orgbox_session DROP CONSTRAINT orgbox_session_pkey"))
        connection.execute(text("ALTER TABLE orgbox_session ADD PRIMARY KEY (hash)"))
        connection.execute(text("DELETE FROM orgbox_schema WHERE name = 'tables'"))

    again = start_service(tmp_path, database=url)
    alice.url = again.url
    found = alice.query("SELECT Name FROM Organization")
    key = inspect(engine).get_pk_constraint("orgbox_session")["constrained_columns"]
    again.stop()
    engine.dispose()

    assert found.text("Name") == "Acme"
    assert key == ["org", "hash"]
