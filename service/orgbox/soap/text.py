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
_CONTROLS = [chr(code) for code in range(0x20) if chr(code) not in "\t\n"]
_NONCHARACTERS = ("\ufffe", "\uffff")


def escape_all(texts: Sequence[str]) -> Sequence[str]:
    """`escape` of each text. Many are looked at as one, for one character after the other: to find out that
    a long text lacks a character takes next to nothing.
    """
    if len(texts) < _FEW:
        return [escape(text) for text in texts]
    joined = "".join(texts)
    if _has_rare(joined):
        return [escape(text) for text in texts]
    needed = [character for character in "&<>" if character in joined]
    if not needed:
        return texts
    made = _BETWEEN.join(texts)
    for character in needed:
        made = made.replace(character, _ESCAPES[character])
    return made.split(_BETWEEN)


def _has_rare(text: str) -> bool:
    """Whether there are control characters, or what XML cannot carry."""
    if any(character in text for character in _CONTROLS):
        return True
    return not text.isascii() and (_has_surrogate(text) or any(c in text for c in _NONCHARACTERS))


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def attribute(text: str) -> str:
    """Text for an attribute in double quotes."""
    return escape(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
