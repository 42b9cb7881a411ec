"""Field values: texts of XML Schema on the wire, Python's own types here. Moments are in UTC."""

import base64
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache, partial
from typing import Any

DECODE: dict[str, Callable[[str], Any]] = {
    "base64Binary": base64.b64decode,
    "boolean": lambda text: text in ("true", "1"),
    "date": lambda text: date.fromisoformat(text[:10]),
    "dateTime": lambda text: datetime.fromisoformat(text).astimezone(UTC),
    "double": float,
    "int": int,
    "long": int,
    "time": lambda text: time.fromisoformat(text.removesuffix("Z")),
}
"""By local name of the type; any other type is text."""


@cache
def reader(type_name: str) -> Callable[[str], Any]:
    """What reads texts of that type. A text that is none, as the query itself formatted it, stays text."""
    return partial(_read, DECODE[type_name]) if type_name in DECODE else str


def _read(decode: Callable[[str], Any], text: str) -> Any:
    try:
        return decode(text)
    except ValueError:
        return text


def encode(value: object) -> str:
    """The text of a value. A datetime without zone is taken as UTC. Raises TypeError for other types."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return str(value)
        case datetime():
            moment = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
            return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("milliseconds") + "Z"
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case _:
            raise TypeError(f"no field holds {type(value).__name__}")
