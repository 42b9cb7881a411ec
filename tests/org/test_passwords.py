"""Passwords are hashed as the reference implementation of argon2 does it, in memory that is given back."""

import threading
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from orgbox.org.passwords import Passwords

QUICK = {"memory_kib": 64, "rounds": 1}


def resident_kib() -> int:
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def test_a_hash_is_that_of_the_reference_implementation() -> None:
    kept = Passwords(**QUICK).hash("pässword1")

    assert PasswordHasher().verify(kept, "pässword1")


def test_a_hash_of_other_costs_is_still_known() -> None:
    kept = PasswordHasher(time_cost=2, memory_cost=256, parallelism=2).hash("orgbox1!")

    assert Passwords(**QUICK).matches("orgbox1!", kept)
    assert not Passwords(**QUICK).matches("orgbox2!", kept)


@pytest.mark.parametrize(
    "kept", [None, "", "$argon2id$v=19$m=64,t=1,p=1$@$@", "$argon2i$v=19$m=64,t=1,p=1$YQ$YQ"]
)
def test_what_is_no_hash_matches_no_password(kept: str | None) -> None:
    assert not Passwords(**QUICK).matches("", kept)


def test_a_thread_that_hashed_keeps_no_memory_for_it() -> None:
    passwords, done, end = Passwords(20 * 1024, 1), threading.Barrier(5), threading.Event()
    before = resident_kib()

    def work() -> None:
        for _ in range(2):
            passwords.hash("orgbox1!")
        done.wait()
        end.wait()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    done.wait()
    grown = resident_kib() - before
    end.set()
    for thread in threads:
        thread.join()

    assert grown < 20 * 1024
