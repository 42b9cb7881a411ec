"""Text that goes into XML: escaping, and attributes of the envelope."""

import re

_UNSAFE = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_needs_escape = _UNSAFE.search
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def escape(text: str) -> str:
    """Text for an element; characters that XML 1.0 cannot carry become U+FFFD."""
    return _UNSAFE.sub(_replace, text) if _needs_escape(text) else text


def _replace(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0], "\ufffd")


def attribute(text: str) -> str:
    """Text for an attribute in double quotes."""
    return escape(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
