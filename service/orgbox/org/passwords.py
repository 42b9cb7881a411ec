"""Passwords: argon2id with OWASP's parameters, and policy.

A hash is kept as the reference implementation writes it, `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
"""

import hmac
import re
import secrets
import threading
from base64 import b64decode, b64encode
from binascii import Error as NotBase64

from argon2 import Parameters, Type, extract_parameters
from argon2.exceptions import InvalidHashError
from argon2.low_level import ARGON2_VERSION

from orgbox.baton import BATON
from orgbox.errors import ApiFault
from orgbox.org.hashing import argon2id

_LONGEST = 16_000
"""Bytes of a password; a longer one is wrong without hashing it."""
_TOKEN_LENGTHS = (24, 25)
_TOKEN = re.compile(r"[A-Za-z0-9]+")
_SALT_BYTES, _HASH_BYTES = 16, 32


class Passwords:
    """Hashes and checks; at most two hashes at once, so that a burst of logins does not fill memory.

    Raises ValueError for costs that argon2 does not take.
    """

    def __init__(self, memory_kib: int, rounds: int) -> None:
        self._costs = Parameters(
            Type.ID, ARGON2_VERSION, _SALT_BYTES, _HASH_BYTES, rounds, memory_kib, parallelism=1
        )
        if rounds < 1 or memory_kib < 8:
            raise ValueError("a password hash takes at least 8 KiB of memory and one round")
        self._turn = threading.BoundedSemaphore(2)
        self._dummy = self._text(secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_HASH_BYTES))

    def hash(self, password: str) -> str:
        """The hash to keep."""
        salt = secrets.token_bytes(_SALT_BYTES)
        return self._text(salt, self._hashed(password, salt, self._costs))

    def matches(self, password: str, kept: str | None) -> bool:
        """Whether the password is the one kept. Takes as long for a user that does not exist."""
        if len(password.encode("utf-8", "surrogatepass")) > _LONGEST:
            return False
        try:
            costs, salt, hash_ = _read(kept or self._dummy)
            return hmac.compare_digest(self._hashed(password, salt, costs), hash_) and kept is not None
        except (InvalidHashError, ValueError):
            return False

    def _hashed(self, password: str, salt: bytes, costs: Parameters) -> bytes:
        with BATON.laid_down(), self._turn:
            return argon2id(
                password.encode(), salt, memory_kib=costs.memory_cost, rounds=costs.time_cost,
                lanes=costs.parallelism, length=costs.hash_len,
            )  # fmt: skip

    def _text(self, salt: bytes, hash_: bytes) -> str:
        costs = f"m={self._costs.memory_cost},t={self._costs.time_cost},p={self._costs.parallelism}"
        return f"$argon2id$v={ARGON2_VERSION}${costs}${_base64(salt)}${_base64(hash_)}"


def _read(kept: str) -> tuple[Parameters, bytes, bytes]:
    """Costs, salt and hash. Raises InvalidHashError."""
    costs = extract_parameters(kept)
    if (costs.type, costs.version) != (Type.ID, ARGON2_VERSION):
        raise InvalidHashError
    try:
        salt, hash_ = (b64decode(part + "=" * (-len(part) % 4)) for part in kept.split("$")[-2:])
    except NotBase64:
        raise InvalidHashError from None
    return costs, salt, hash_


def _base64(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")


def without_token(password: str) -> tuple[str, ...]:
    """What the password is if its end is a security token: nobody can tell 24 characters from 25."""
    return tuple(
        password[:-length]
        for length in _TOKEN_LENGTHS
        if len(password) > length and _TOKEN.fullmatch(password, len(password) - length)
    )


def check_policy(password: str) -> None:
    """Raises ApiFault INVALID_NEW_PASSWORD: at least 8 characters, letters and digits; 16,000 bytes."""
    if len(password.encode("utf-8", "surrogatepass")) > _LONGEST:
        raise ApiFault("INVALID_NEW_PASSWORD", f"Your password cannot be longer than {_LONGEST} bytes.")
    if len(password) < 8:
        raise ApiFault("INVALID_NEW_PASSWORD", "Your password must be at least 8 characters long.")
    if not (re.search(r"[^\W\d_]", password) and re.search(r"\d", password)):
        raise ApiFault("INVALID_NEW_PASSWORD", "Your password must include letters and numbers")
