"""The key of a database, and what is made from it and a nonce: links of invitations, first passwords.

The key is the setting `secret`; without one, a SQLite file has a random key in a file beside it, any other
database one made from its URL. So the outbox, which keeps the nonce, cannot give a link or a password
away, and the mail can still be composed again after a crash.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
import string
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url

_KEY_BYTES = 32
_LETTERS = string.ascii_letters + string.digits
_PASSWORD_LENGTH = 12


def read_key(url: str, secret: str) -> bytes:
    """The key of the database at a SQLAlchemy URL. Raises OSError when its file cannot be written."""
    if secret:
        return hashlib.sha256(secret.encode()).digest()
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return hashlib.sha256(url.encode()).digest()
    if parsed.database in (None, "", ":memory:"):
        return secrets.token_bytes(_KEY_BYTES)
    return _kept_in(_file_of(parsed.database))


def has_key(url: str, secret: str) -> bool:
    """Whether the key of a database is there already."""
    parsed = make_url(url)
    if secret or parsed.get_backend_name() != "sqlite":
        return True
    return bool(parsed.database) and _file_of(str(parsed.database)).exists()


def _file_of(database: str) -> Path:
    return Path(f"{database}.key")


def _kept_in(path: Path) -> bytes:
    """The key of a file, made if there is none; of several processes that make one, the first wins."""
    if not path.exists():
        made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
        with suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return bytes.fromhex(path.read_text("ascii"))


def new_nonce() -> str:
    """What makes each link and each password another one: 128 random bits."""
    return secrets.token_hex(16)


def invitation_token(key: bytes, org: int, number: int, invitation_id: str, nonce: str) -> str:
    """The last part of the link of an invitation: where its mail is kept, and 256 bits nobody can guess."""
    secret = base64.urlsafe_b64encode(_digest(key, "invitation", invitation_id, nonce)).decode()
    return f"{org}.{number}.{secret.rstrip('=')}"


_TOKEN = re.compile(r"(\d{1,18})\.(\d{1,18})\.[\w-]{43}", re.ASCII)


def place_of(token: str) -> tuple[int, int] | None:
    """The numbers of the org and of the mail in the token of a link, or None when it is no such token."""
    found = _TOKEN.fullmatch(token)
    return (int(found[1]), int(found[2])) if found else None


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def password(key: bytes, user_id: str, nonce: str) -> str:
    """A password that satisfies the policy."""
    for n in range(1000):
        digest = int.from_bytes(_digest(key, "password", user_id, f"{nonce} {n}"))
        made = "".join(_LETTERS[digest // 62**i % 62] for i in range(_PASSWORD_LENGTH))
        if re.search(r"[A-Za-z]", made) and re.search(r"\d", made):
            return made
    raise AssertionError("a thousand digests without a digit")


def _digest(key: bytes, *parts: str) -> bytes:
    return hmac.digest(key, "\0".join(parts).encode(), "sha256")
