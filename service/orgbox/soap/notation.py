"""The notation of the files under `wsdl/`, as explained at the head of `wsdl/types.toml`.

Text in, keyword arguments of the classes in `description` out. Whatever does not fit is refused,
naming the place where it stands.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orgbox.catalog.sobject import FOREVER


class DescriptionError(ValueError):
    """A file under `wsdl/` says something the loader does not understand."""


_SPAN = r"(?:@(?=[\d-])(?P<since>\d+)?(?:-(?P<until>\d+))?)?"
_KNOWN = re.compile(rf"(?P<name>[\w:]+){_SPAN}", re.ASCII)
_MEMBER = re.compile(
    rf"(?P<type>[A-Za-z]\w*(?::\w+)?)(?P<occurs>[?*+]|\{{\d+,\d+\}})?(?P<nillable>~)?{_SPAN}"
    r"(?: \((?P<only>partner|enterprise)\))?",
    re.ASCII,
)
_OCCURS: dict[str | None, tuple[int, int | None]] = {
    None: (1, 1),
    "?": (0, 1),
    "*": (0, None),
    "+": (1, None),
}


def members(where: str, rows: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The members that lines describe; several of one name where the type changed over time."""
    for name, text in rows.items():
        for notation in text if isinstance(text, list) else [text]:
            match = _MEMBER.fullmatch(notation) if isinstance(notation, str) else None
            if match is None:
                raise DescriptionError(f"{where} {name}: cannot read {notation!r}")
            low, high = _occurs(match["occurs"])
            yield {
                "name": name,
                "type": match["type"],
                "min": low,
                "max": high,
                "nillable": match["nillable"] is not None,
                "only": match["only"],
                **_span(match),
            }


def known(where: str, words: str) -> Iterator[dict[str, Any]]:
    """Names separated by blanks, each with the versions that know it."""
    for word in words.split():
        match = _KNOWN.fullmatch(word)
        if match is None:
            raise DescriptionError(f"{where}: cannot read {word!r}")
        yield {"name": word} if match["name"] == word else {"name": match["name"], **_span(match)}


def reach(where: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The versions and the dialect that have a whole call, type or header."""
    since, until, only = row.get("since", 0), row.get("until", FOREVER - 1), row.get("only")
    if not (isinstance(since, int) and isinstance(until, int)):
        raise DescriptionError(f"{where}: since and until are whole numbers")
    if only not in (None, "partner", "enterprise"):
        raise DescriptionError(f"{where} only: no dialect {only!r}")
    return {"since": since, "until": until + 1, "only": only}


def refuse_unknown(where: str, row: Mapping[str, object], keys: Iterable[str]) -> None:
    """Raise DescriptionError when the row has a key that is none of `keys`."""
    if unknown := row.keys() - set(keys):
        raise DescriptionError(f"{where}: unknown {', '.join(sorted(unknown))}")


def _span(match: re.Match[str]) -> dict[str, int]:
    """@33-36 counts both ends; kept is the first version without."""
    until = match["until"]
    return {"since": int(match["since"] or 0), "until": int(until) + 1 if until else FOREVER}


def _occurs(text: str | None) -> tuple[int, int | None]:
    if text in _OCCURS:
        return _OCCURS[text]
    low, high = str(text).strip("{}").split(",")
    return int(low), int(high)
