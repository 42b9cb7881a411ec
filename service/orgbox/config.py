"""How this process runs. One tuple of settings gives the flags, the environment variables and the table
in the documentation.
"""

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from orgbox.frozen import value

PREFIX = "ORGBOX_"


@value
class Setting:
    """One setting; its type is that of its default. `--session-seconds` and ORGBOX_SESSION_SECONDS set it."""

    name: str
    default: str | int | bool
    help: str
    least: int = 1
    """Of a number."""

    @property
    def flag(self) -> str:
        """The command-line flag."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()


SETTINGS = (
    Setting("host", "127.0.0.1", "Address to listen on."),
    Setting("port", 8080, "Port to listen on; 0 picks a free one.", least=0),
    Setting("database", "sqlite:///orgbox.db", "SQLAlchemy URL of the database."),
    Setting("read_database", "", "SQLAlchemy URL of a PostgreSQL replica for calls that only read "
            "(docs/scale.md)."),
    Setting("threads", 8, "Calls answered at the same time by one process."),
    Setting("seed", "", "TOML file with the org a new database begins with; empty for Acme."),
    Setting("rules", "", "Python module or file with rules of your own (docs/rules.md)."),
    Setting("external_url", "", "URL under which clients reach this service, if not the one they call."),
    Setting("smtp_url", "", "Mail server, as smtp://[user:password@]host:port or smtps://…; "
            "empty keeps mails in the outbox."),
    Setting("secret", "", "Key that links in mails are made with; empty for one in a file beside the "
            "SQLite database, or made from the URL of another."),
    Setting("session_seconds", 7200, "Seconds a session lives after its last call."),
    Setting("message_bytes", 50 * 1024 * 1024, "Largest request body, also after inflating gzip."),
    Setting("connections", 1000, "Connections of one process; who comes later waits."),
    Setting("idle_seconds", 60, "Seconds after which a connection is closed on which nothing moves."),
    Setting("request_seconds", 300, "Seconds after which a request must have come in whole."),
    Setting("durable", True, "Whether a SQLite commit waits for the disk (synchronous=FULL)."),
    Setting("hash_memory_kib", 19_456, "Memory of one argon2id password hash, in KiB."),
    Setting("hash_rounds", 2, "Rounds of one argon2id password hash."),
    Setting("call_log", 200, "SOAP calls the console shows of an org; 0 keeps none.", least=0),
    Setting("log", "", "File for the log as lines of JSON, one for each call; - is stderr, empty for none."),
    Setting("control_key", "", "Key of the control API; empty for a random one, printed at start, that "
            "opens it to this machine alone."),
    Setting("published_passwords", False, "Whether other machines may reach a service whose users have the "
            "password that this manual gives them."),
    Setting("tls", False, "Whether to serve https, with certificates made at the first start."),
    Setting("tls_folder", "", "Folder of these certificates; empty for one beside the SQLite database."),
    Setting("strict_soap_action", False, "Whether a missing SOAPAction header is a fault."),
)


def new_control_key() -> str:
    """A key for the control API, made up; it begins with no dash, so that a command line takes it."""
    return secrets.token_hex(24)


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone; of names, only localhost is."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Config:
    """The values of all settings, by name."""

    values: Mapping[str, Any]

    @property
    def takes_published(self) -> bool:
        """Whether what the manual tells of passwords may open the service."""
        return is_loopback(self.host) or self.published_passwords is True

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None


def configure(**given: Any) -> Config:
    """Defaults, then environment, then `given` (None counts as not given). Raises ValueError."""
    values: dict[str, Any] = {s.name: _from_environment(s) for s in SETTINGS}
    unknown = given.keys() - values.keys()
    if unknown:
        raise ValueError(f"no setting {', '.join(sorted(unknown))}")
    values |= {name: value for name, value in given.items() if value is not None}
    for setting in SETTINGS:
        value = values[setting.name]
        if type(setting.default) is int and value < setting.least:
            raise ValueError(f"{setting.name}: {value} is less than {setting.least}")
    values["external_url"] = _url(values["external_url"])
    return Config(values)


def _url(text: str) -> str:
    """The URL without a slash at its end."""
    found = urlsplit(text)
    if text and (found.scheme not in ("http", "https") or not found.hostname):
        raise ValueError(f"external_url: {text!r} is not of the form http://host or https://host")
    return text.rstrip("/")


def _from_environment(setting: Setting) -> str | int | bool:
    text = os.environ.get(setting.variable)
    if text is None:
        return setting.default
    if isinstance(setting.default, bool):
        if text.lower() not in _SWITCH:
            raise ValueError(f"{setting.variable}: {text!r} is neither true nor false")
        return _SWITCH[text.lower()]
    try:
        return type(setting.default)(text)
    except ValueError:
        raise ValueError(f"{setting.variable}: {text!r} is not a number") from None


_SWITCH = {"true": True, "1": True, "yes": True, "on": True,
           "false": False, "0": False, "no": False, "off": False}  # fmt: skip
