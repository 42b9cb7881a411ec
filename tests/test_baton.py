"""One thread at a time works; none waits long for it, and who waits for something else is in nobody's way."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orgbox.baton import BATON, Baton
from orgbox.org import login, passwords
from orgbox.org.database import Database
from orgbox.soap import trouble
from orgbox.testing import OrgUnderTest
from service import Client

LONG = 20.0


@pytest.fixture()
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as made:
        yield made


def holding(baton: Baton, work: Callable[[], object] = object) -> Callable[[], object]:
    """The work, done with the baton."""

    def run() -> object:
        with baton.held():
            return work()

    return run


def test_two_threads_do_not_work_at_once(pool: ThreadPoolExecutor) -> None:
    baton, at_work, most = Baton(LONG), [], []

    def work() -> None:
        for _ in range(200):
            with baton.held():
                at_work.append(1)
                most.append(len(at_work))
                with baton.held():
                    at_work.pop()

    for future in [pool.submit(work) for _ in range(8)]:
        future.result(LONG)

    assert len(most) == 1600 and max(most) == 1


def test_another_works_while_the_baton_is_laid_down(pool: ThreadPoolExecutor) -> None:
    baton = Baton(LONG)

    with baton.held():
        waits = pool.submit(holding(baton))
        with baton.laid_down():
            waits.result(LONG)
        waits = pool.submit(holding(baton))
        assert not waits.done()

    waits.result(LONG)


def test_the_baton_is_laid_down_again_by_work_done_while_it_is_laid_down(pool: ThreadPoolExecutor) -> None:
    baton = Baton(LONG)

    with baton.held(), baton.laid_down(), baton.held(), baton.laid_down():
        pool.submit(holding(baton)).result(LONG)


def test_nobody_waits_longer_than_a_moment_and_nobody_after_him_at_all(pool: ThreadPoolExecutor) -> None:
    baton, end = Baton(0.01), threading.Event()
    stuck = pool.submit(holding(baton, lambda: end.wait(LONG)))
    try:
        for _ in range(3):
            pool.submit(holding(baton)).result(LONG)
        assert not stuck.done()
    finally:
        end.set()

    assert stuck.result(LONG)


def test_an_error_gives_the_baton_back(pool: ThreadPoolExecutor) -> None:
    baton = Baton(LONG)

    with pytest.raises(ZeroDivisionError), baton.held(), baton.laid_down():
        raise ZeroDivisionError

    pool.submit(holding(baton)).result(LONG)


class Waiting:
    """What threads of the process come to wait for."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._begun, self._end = threading.Event(), threading.Event()

    def wait(self, *_: object) -> None:
        self._begun.set()
        assert self._end.wait(LONG)

    def wait_apart(self) -> None:
        """Wait without the baton, as for the disk."""
        with BATON.laid_down():
            self.wait()

    def proves_that_others_work(self, *waiting: Callable[[], object]) -> None:
        """Begin these one after the other, once the first has come to `wait`; then let others work."""
        begun = [self._pool.submit(waiting[0])]
        assert self._begun.wait(LONG)
        begun += [self._pool.submit(work) for work in waiting[1:]]
        try:
            for _ in range(20):
                self._pool.submit(holding(BATON)).result(LONG / 2)
            assert not any(future.done() for future in begun)
        finally:
            self._end.set()
        for future in begun:
            future.result(LONG)


@pytest.fixture()
def waiting(pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    monkeypatch.setattr(BATON, "_patience", LONG)  # or else others would go on after a moment anyway
    return Waiting(pool)


def within(
    transaction: Callable[[], AbstractContextManager[object]], work: Callable[[], object] = object
) -> Any:
    """The work in a transaction, done with the process's baton."""

    def run() -> None:
        with transaction():
            work()

    return holding(BATON, run)


@pytest.mark.parametrize("name", ["", "/{folder}/a.db"], ids=["in memory", "in a file"])
def test_who_waits_for_a_turn_to_write_lets_others_work(waiting: Waiting, tmp_path: Path, name: str) -> None:
    database = Database(f"sqlite://{name.format(folder=tmp_path)}")
    others = [database.write, database.read] if database.in_memory else [database.write]

    first = within(database.write, waiting.wait_apart)

    waiting.proves_that_others_work(first, *(within(other) for other in others))
    database.close()


def test_who_waits_while_the_same_user_signs_in_lets_others_work(waiting: Waiting) -> None:
    def turn() -> AbstractContextManager[None]:
        return login.turn(None, "005000100000002AAA")

    waiting.proves_that_others_work(within(turn, waiting.wait_apart), within(turn))


def test_who_waits_for_another_process_to_write_lets_others_work(waiting: Waiting, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.db")
    with database.write():
        pass

    def write() -> None:
        with closing(sqlite3.connect(tmp_path / "a.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting.wait()

    waiting.proves_that_others_work(write, within(database.write))
    database.close()


def test_who_commits_lets_others_work(
    waiting: Waiting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.db")
    monkeypatch.setattr(database.pool, "commit", waiting.wait)

    waiting.proves_that_others_work(within(database.write))
    database.close()


def test_who_hashes_a_password_lets_others_work(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    def hash_(*_: object, **_costs: object) -> bytes:
        waiting.wait()
        return b""

    monkeypatch.setattr(passwords, "argon2id", hash_)

    waiting.proves_that_others_work(holding(BATON, lambda: passwords.Passwords(64, 1).hash("orgbox1!")))


def test_a_call_that_a_fault_rule_delays_lets_others_work(
    waiting: Waiting, org: OrgUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = Client(org.login_url).login("alice@acme.com")
    org.faults.add(delay=1, call="getServerTimestamp")
    monkeypatch.setattr(trouble, "time", SimpleNamespace(sleep=waiting.wait))

    waiting.proves_that_others_work(lambda: alice.call("<getServerTimestamp/>"))
