"""Which field a relationship of a WSDL goes by. A parent is named beside its field (`Author__r` for
`Author__c`); of child records the WSDL says the relationship's name alone, so that the child and its field
must be recognized by their names.
"""

import re
from collections.abc import Iterator, Sequence

from orgbox.catalog.importing.drafts import Kind, facts
from orgbox.catalog.own import plural

Place = tuple[str, str]
"""An SObject and one of its fields."""
_SEVERAL = ("sObject", "Name")
_STAMPS = ("CreatedById", "LastModifiedById")
_EXACT, _CLOSE, _ALIKE = 3, 2, 1


def targets_of(kinds: Sequence[Kind]) -> dict[Place, tuple[str, ...]]:
    """The SObjects each reference leads to, as far as the WSDL says."""
    found: dict[Place, tuple[str, ...]] = {}
    open_ones: dict[str, Place] = {}
    for kind in kinds:
        for field, relationship, target in _parents(kind):
            if target not in _SEVERAL:
                found[kind.name, field] = (target,)
            elif relationship in facts()["targets"]:
                found[kind.name, field] = tuple(facts()["targets"][relationship])
            else:
                open_ones.setdefault(kind.name, (kind.name, field))
                found[kind.name, field] = ()
    by_plural = {plural(name): place for name, place in open_ones.items()}
    for parent in kinds:
        for member in parent.members.values():
            place = by_plural.get(member.name) if member.type == "tns:QueryResult" else None
            if place and not _is_person(parent.name, place[0]):
                found[place] += (parent.name,)
    return {place: _enough(targets) for place, targets in found.items()}


def _is_person(parent: str, child: str) -> bool:
    """Activities of people go by another field than those of things."""
    return child in ("Task", "Event") and parent in facts()["targets"]["Who"]


def _enough(targets: tuple[str, ...]) -> tuple[str, ...]:
    """A reference whose relationship is to several SObjects must have several, or it is written as one."""
    return targets or ("Group", "User")


def _parents(kind: Kind) -> Iterator[tuple[str, str, str]]:
    """Field, relationship and target of each parent."""
    for member in kind.members.values():
        if member.type.startswith("ens:"):
            name = member.name
            field = f"{name[:-1]}c" if name.endswith("__r") else f"{name}Id"
            if field in kind.members and kind.members[field].type == "tns:ID":
                yield field, name, member.type.removeprefix("ens:")


def child_names(
    kinds: Sequence[Kind], targets: dict[Place, tuple[str, ...]]
) -> tuple[dict[Place, str], list[str]]:
    """The name of the child relationship of each reference that has one, and the names left over."""
    pointing: dict[str, list[Place]] = {}
    for place, parents in targets.items():
        if place[1] not in _STAMPS:
            for parent in parents:
                pointing.setdefault(parent, []).append(place)
    names = _Names(targets)
    left: list[str] = []
    for kind in kinds:
        children = [m.name for m in kind.members.values() if m.type == "tns:QueryResult"]
        left += [f"{kind.name}.{n}" for n in _match(names, children, pointing.get(kind.name, []))]
    return names.given, left


class _Names:
    """Names given to references; a parent has each name once, also by references to several SObjects."""

    def __init__(self, targets: dict[Place, tuple[str, ...]]) -> None:
        self.given: dict[Place, str] = {}
        self._targets = targets
        self._taken: set[tuple[str, str]] = set()

    def reach(self, place: Place) -> int:
        """To how many SObjects a reference leads: the name of many is worth more than that of one."""
        return len(self._targets[place])

    def give(self, place: Place, name: str) -> bool:
        """Name a reference, if its parents do not have the name yet."""
        claims = {(parent, name) for parent in self._targets[place]}
        if place in self.given or claims & self._taken:
            return False
        self.given[place] = name
        self._taken |= claims
        return True


def _match(names: _Names, children: list[str], places: list[Place]) -> list[str]:
    """Name the places that lead to one parent, best matches first; returns the names left over."""
    here = {names.given.get(place) for place in places}
    left = [name for name in children if name not in here]
    free = [place for place in places if place not in names.given]
    scored = sorted(
        ((_score(name, place), name, place) for name in left for place in free),
        key=lambda item: (-item[0], -names.reach(item[2]), item[1], item[2]),
    )
    for score, name, place in scored:
        if score and name in left and names.give(place, name):
            left.remove(name)
    names_left = [n for n in left if n.endswith("__r")]
    fields_left = [p for p in free if p[1].endswith("__c") and p not in names.given]
    if len(names_left) == len(fields_left) == 1 and names.give(fields_left[0], names_left[0]):
        left.remove(names_left[0])
    return left


def _score(name: str, place: Place) -> int:
    """How much the name of a relationship looks like records of that SObject, found by that field."""
    child, field = place
    if name.endswith("__r") is not field.endswith("__c"):
        return 0
    said = _bare(name)
    kind = _bare(child)
    if said == f"child{plural(kind)}":
        return _EXACT if field.startswith("Parent") else _CLOSE
    if said in (_bare(plural(kind)), kind):
        return _EXACT
    stem = re.sub(r"(ies|es|s)$", "", said)
    if len(stem) < 3:
        return 0
    if stem in kind:
        return _CLOSE
    return _ALIKE if stem in _bare(field) else 0


def _bare(name: str) -> str:
    """Without package, suffix and underscores, in lower case."""
    bare = re.sub(r"__\w$", "", name)
    return re.sub(r"^[A-Za-z0-9]+__", "", bare).replace("_", "").lower()
