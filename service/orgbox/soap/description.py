"""The API's own description, read from `wsdl/*.toml`: calls, types, headers and enumerations, each
with the versions that know it. Encoders, readers, WSDL and Spyne models are all made from it.

A newcomer adds a member by a line in `wsdl/types.toml`, whose head explains the notation.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import tomli

from orgbox.catalog.sobject import FOREVER
from orgbox.frozen import value
from orgbox.soap import notation
from orgbox.soap.notation import DescriptionError

WILDCARD = "xsd:any"
"""Type of the member that stands for any elements of its own schema's namespace."""

_XSD = frozenset(
    f"xsd:{name}"
    for name in "any anyType base64Binary boolean date dateTime double int long string time".split()
)


@value
class Known:
    """A name (an enumeration's value, a bound fault or header) and the versions that know it.

    `since` is the first API version (34 for 34.0), `until` the first one without it.
    """

    name: str
    since: int = 0
    until: int = FOREVER
    only: str | None = None


@value
class Member:
    """An element of a type, call or header.

    `type` is the WSDL's name: without prefix for the API's own, else `ens:`, `fns:` or `xsd:`.
    `max` is None when unbounded. `only` names the dialect that has it, if not both.
    """

    name: str
    type: str
    min: int = 1
    max: int | None = 1
    nillable: bool = False
    since: int = 0
    until: int = FOREVER
    only: str | None = None


@value
class Type:
    """A complex type; `members` are its own, in wire order after those of `base`."""

    name: str
    members: tuple[Member, ...]
    base: str | None = None
    since: int = 0
    until: int = FOREVER
    only: str | None = None


@value
class Header:
    """A SOAP header and its children."""

    name: str
    members: tuple[Member, ...]
    since: int = 0
    until: int = FOREVER
    only: str | None = None


@dataclass(frozen=True)
class Enumeration:
    """A simple type. It has `values`, or `facets` such as ("length", "18"), or is plain text."""

    name: str
    values: tuple[Known, ...] = ()
    facets: tuple[tuple[str, str], ...] = ()
    base: str = "xsd:string"
    since: int = 0
    until: int = FOREVER
    only: str | None = None

    @cached_property
    def names(self) -> frozenset[str]:
        """The values as a set."""
        return frozenset(value.name for value in self.values)


@value
class Call:
    """An operation. `result` is None where the answer is empty; faults are named without `fns:`."""

    name: str
    arguments: tuple[Member, ...]
    result: Member | None
    faults: tuple[Known, ...]
    headers_in: tuple[Known, ...]
    headers_out: tuple[Known, ...]
    since: int = 0
    until: int = FOREVER
    only: str | None = None


class _Spanned(Protocol):
    @property
    def since(self) -> int: ...
    @property
    def until(self) -> int: ...
    @property
    def only(self) -> str | None: ...


_S = TypeVar("_S", bound=_Spanned)


@dataclass(frozen=True, eq=False, repr=False)
class Description:
    """The whole API, or what one version and dialect know of it. All by name, in WSDL order."""

    versions: tuple[int, ...]
    calls: Mapping[str, Call]
    types: Mapping[str, Type]
    headers: Mapping[str, Header]
    enumerations: Mapping[str, Enumeration]
    _cuts: dict[tuple[int, str | None], "Description"] = field(default_factory=dict)

    def as_of(self, version: int, dialect: str | None = None) -> "Description":
        """What that API version (of that dialect) knows; the same object each time."""
        key = (version, dialect)
        if key not in self._cuts:
            self._cuts[key] = _cut(self, version, dialect)
        return self._cuts[key]

    def members(self, type_name: str) -> tuple[Member, ...]:
        """All members of a type in wire order: those of its bases first."""
        this = self.types[type_name]
        inherited = self.members(this.base) if this.base else ()
        return inherited + this.members


def _cut(whole: Description, version: int, dialect: str | None) -> Description:
    def known(items: Iterable[_S]) -> Iterable[_S]:
        for item in items:
            if item.since <= version < item.until and dialect in (None, item.only or dialect):
                yield item

    headers = {h.name: replace(h, members=tuple(known(h.members))) for h in known(whole.headers.values())}
    types = {t.name: replace(t, members=tuple(known(t.members))) for t in known(whole.types.values())}
    calls = {
        c.name: replace(
            c,
            arguments=tuple(known(c.arguments)),
            faults=tuple(f for f in known(c.faults) if f"fns:{f.name}" in types),
            headers_in=tuple(h for h in known(c.headers_in) if h.name in headers),
            headers_out=tuple(h for h in known(c.headers_out) if h.name in headers),
        )
        for c in known(whole.calls.values())
    }
    enumerations = {
        e.name: replace(e, values=tuple(known(e.values))) for e in known(whole.enumerations.values())
    }
    return Description(whole.versions, calls, types, headers, enumerations)


@lru_cache(maxsize=1)
def description() -> Description:
    """The API of all versions, from the files under `wsdl/`. Raises DescriptionError."""
    whole = Description(
        versions=tuple(int(version.removesuffix(".0")) for version in _rows("versions.toml")),
        calls=_parsed("calls.toml", _call),
        types=_parsed("types.toml", _type),
        headers=_parsed("headers.toml", _header),
        enumerations=_enumerations("enums.toml"),
    )
    _refuse_dangling(whole)
    return whole


def _rows(file: str) -> dict[str, Any]:
    return tomli.loads((_folder() / file).read_text("utf-8"))


def _folder() -> Traversable:
    """`wsdl/` is packaged as orgbox.wsdl; a checkout not installed has it beside `service/`."""
    try:
        return resources.files("orgbox.wsdl")
    except ModuleNotFoundError:
        return Path(__file__).parents[3] / "wsdl"


_T = TypeVar("_T")


def _parsed(file: str, parse: Callable[[str, str, dict[str, Any]], _T]) -> dict[str, _T]:
    return {name: parse(f"{file} [{name}]", name, row) for name, row in _rows(file).items()}


def _call(where: str, name: str, row: dict[str, Any]) -> Call:
    notation.refuse_unknown(where, row, ("since", "in", "out", "faults", "headers_in", "headers_out"))
    results = _members(where, {"result": row["out"]} if "out" in row else {})
    return Call(
        name,
        arguments=_members(where, row.get("in", {})),
        result=results[0] if results else None,
        faults=_known(where, row.get("faults", "")),
        headers_in=_known(where, row.get("headers_in", "")),
        headers_out=_known(where, row.get("headers_out", "")),
        **notation.reach(where, row),
    )


_NOT_MEMBERS = {"base", "since", "until", "only"}


def _type(where: str, name: str, row: dict[str, Any]) -> Type:
    members = {key: text for key, text in row.items() if key not in _NOT_MEMBERS}
    return Type(name, _members(where, members), row.get("base"), **notation.reach(where, row))


def _header(where: str, name: str, row: dict[str, Any]) -> Header:
    members = {key: text for key, text in row.items() if key not in _NOT_MEMBERS - {"base"}}
    return Header(name, _members(where, members), **notation.reach(where, row))


def _enumerations(file: str) -> dict[str, Enumeration]:
    found: dict[str, Enumeration] = {}
    for name, row in _rows(file).items():
        where = f"{file} [{name}]"
        notation.refuse_unknown(where, row, ("base", "since", "values", "values_of", "length", "pattern"))
        if "values_of" in row:
            values = _as_qnames(where, row["values_of"], found)
        else:
            values = _known(where, row.get("values", ""))
        facets = tuple((facet, str(row[facet])) for facet in ("length", "pattern") if facet in row)
        base = row.get("base", "xsd:string")
        found[name] = Enumeration(name, values, facets, base, **notation.reach(where, row))
    return found


def _as_qnames(where: str, name: str, found: Mapping[str, Enumeration]) -> tuple[Known, ...]:
    """The values of another enumeration as QNames in its namespace."""
    if name not in found:
        raise DescriptionError(f"{where} values_of: no {name!r} above it")
    prefix = name.partition(":")[0]
    return tuple(Known(f"{prefix}:{v.name}", v.since, v.until, v.only) for v in found[name].values)


def _members(where: str, rows: Mapping[str, Any]) -> tuple[Member, ...]:
    return tuple(Member(**row) for row in notation.members(where, rows))


def _known(where: str, words: str) -> tuple[Known, ...]:
    return tuple(Known(**row) for row in notation.known(where, words))


def _refuse_dangling(whole: Description) -> None:
    """Every type, fault and header named must exist; SObjects (ens:) are the catalogue's."""
    types = _XSD | whole.types.keys() | whole.enumerations.keys()
    for call in whole.calls.values():
        result = (call.result,) if call.result else ()
        _refuse_members(f"calls.toml [{call.name}]", call.arguments + result, types)
        bound = {k.name for k in call.headers_in + call.headers_out} - whole.headers.keys()
        bound |= {f"fns:{fault.name}" for fault in call.faults} - whole.types.keys()
        if bound:
            raise DescriptionError(f"calls.toml [{call.name}]: no {', '.join(sorted(bound))}")
    for type_ in whole.types.values():
        _refuse_members(f"types.toml [{type_.name}]", type_.members, types)
        if type_.base and type_.base not in whole.types:
            raise DescriptionError(f"types.toml [{type_.name}] base: no type {type_.base!r}")
    for header in whole.headers.values():
        _refuse_members(f"headers.toml [{header.name}]", header.members, types)


def _refuse_members(where: str, members: Iterable[Member], types: Iterable[str]) -> None:
    for member in members:
        if member.type not in types and not member.type.startswith("ens:"):
            raise DescriptionError(f"{where} {member.name}: no type {member.type!r}")
