"""An SObject's document as TOML text, a line for each field, as the files of `standard/` have it."""

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(document: Mapping[str, Any]) -> str:
    """The text of a document; `tomli` reads the same from it."""
    head = [f"{_key(k)} = {_value(v)}" for k, v in document.items() if k != "fields"]
    rows = [f"{_key(k)} = {_value(v)}" for k, v in document.get("fields", {}).items()]
    return "\n".join([*head, *([""] if head else []), "[fields]", *rows, ""])


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)
