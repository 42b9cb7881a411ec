"""Passwords: argon2id with OWASP's parameters, and policy."""

import re
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from orgbox.errors import ApiFault

_LONGEST = 16_000
"""Bytes of a password; a longer one is wrong without hashing it."""
_TOKEN_LENGTHS = (24, 25)
_TOKEN = re.compile(r"[A-Za-z0-9]+")


class Passwords:
    """Hashes and checks; at most two hashes at once, so that a burst of logins does not fill memory."""

    def __init__(self, memory_kib: int, rounds: int) -> None:
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)
        self._turn = threading.BoundedSemaphore(2)
        self._dummy = self._hasher.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """The argon2id hash to keep."""
        with self._turn:
            return self._hasher.hash(password)

    def matches(self, password: str, kept: str | None) -> bool:
        """Whether the password is the one kept. Takes as long for a user that does not exist."""
        if len(password.encode("utf-8", "surrogatepass")) > _LONGEST:
            return False
        try:
            with self._turn:
                return self._hasher.verify(kept or self._dummy, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def without_token(password: str) -> tuple[str, ...]:
    """What the password is if its end is a security token: nobody can tell 24 characters from 25."""
    return tuple(
        password[:-length]
        for length in _TOKEN_LENGTHS
        if len(password) > length and _TOKEN.fullmatch(password, len(password) - length)
    )


def check_policy(password: str) -> None:
    """Raises ApiFault INVALID_NEW_PASSWORD: at least 8 characters, letters and digits."""
    if len(password) < 8:
        raise ApiFault("INVALID_NEW_PASSWORD", "Your password must be at least 8 characters long.")
    if not (re.search(r"[^\W\d_]", password) and re.search(r"\d", password)):
        raise ApiFault("INVALID_NEW_PASSWORD", "Your password must include letters and numbers")
