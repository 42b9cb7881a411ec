"""Text that goes into XML: escaping, and attributes of the envelope."""

import re
from collections.abc import Sequence

_UNSAFE = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_needs_escape = _UNSAFE.search
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def escape(text: str) -> str:
    """Text for an element; characters that XML 1.0 cannot carry become U+FFFD."""
    return _UNSAFE.sub(_replace, text) if _needs_escape(text) else text


def _replace(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0], "\ufffd")


_BETWEEN = "\x1f"
_FEW = 8
_CONTROLS = bytes(c for c in range(0x20) if c not in b"\t\n")
_NONCHARACTERS = ("\ufffe".encode(), "\uffff".encode())


def escape_all(texts: Sequence[str]) -> Sequence[str]:
    """`escape` of each text. Many are looked at as one, which nearly always needs nothing rare."""
    if len(texts) < _FEW:
        return [escape(text) for text in texts]
    joined = _BETWEEN.join(texts)
    if _has_rare(joined, len(texts) - 1):
        return [escape(text) for text in texts]
    made = joined.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return texts if len(made) == len(joined) else made.split(_BETWEEN)


def _has_rare(text: str, controls: int) -> bool:
    """Whether there are other control characters than so many, or what XML cannot carry."""
    try:
        data = text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return True
    if len(data) - len(data.translate(None, _CONTROLS)) != controls:
        return True
    return not text.isascii() and any(character in data for character in _NONCHARACTERS)


def attribute(text: str) -> str:
    """Text for an attribute in double quotes."""
    return escape(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
