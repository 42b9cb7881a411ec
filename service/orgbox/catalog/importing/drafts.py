"""What the readers of files make."""

from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

import tomli

from orgbox.catalog.own import Document
from orgbox.frozen import value


@value
class Member:
    """An element of a record type: `type` is `xsd:string`, `tns:ID`, `ens:User`, …"""

    name: str
    type: str
    line: int


@value
class Kind:
    """A record type of a WSDL, its members by name."""

    name: str
    line: int
    members: dict[str, Member]


@dataclass(slots=True)
class Imported:
    """Documents by SObject, and what there is to say about them.

    `texts` are those of TOML files, which are kept as written. Documents of a describe are `exact`; those
    of a WSDL are guesses that yield to what the org has already. `version` is that of the API they are of.
    """

    documents: dict[str, Document]
    texts: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    exact: bool = True
    version: int | None = None


@lru_cache(maxsize=1)
def facts() -> dict[str, Any]:
    """`facts.toml`."""
    text = (resources.files("orgbox.catalog.importing") / "facts.toml").read_text("utf-8")
    return tomli.loads(text)
