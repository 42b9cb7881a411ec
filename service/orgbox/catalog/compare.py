"""What differs between two catalogues, in lines."""

from collections.abc import Iterator

from orgbox.catalog.load import Catalog
from orgbox.catalog.sobject import Field, SObject


def differences(org: Catalog, other: Catalog, *, whole: bool, exact: bool) -> Iterator[str]:
    """`+` what only the other one has, `-` what only the org has, `~` what they have differently.

    `whole` says that the other one tells all there is. Types are compared as a client sees them, with
    `exact` also lengths and what references lead to.
    """
    mine = {s.name: s for s in org}
    for theirs in sorted(other, key=lambda s: s.name):
        known = mine.pop(theirs.name, None)
        if known is None:
            yield f"+ {theirs.name}"
        else:
            yield from _fields(known, theirs, exact)
    if whole:
        yield from (f"- {name}" for name in sorted(mine))


def _fields(mine: SObject, theirs: SObject, exact: bool) -> Iterator[str]:
    names = {f.name for f in mine.fields} | {f.name for f in theirs.fields}
    for name in sorted(names):
        a, b = mine.field(name), theirs.field(name)
        here = f"{mine.name}.{name}"
        if a is None and b is not None:
            yield f"+ {here} {_said(b, exact)}"
        elif b is None and a is not None:
            yield f"- {here} {_said(a, exact)}"
        elif a and b and _said(a, exact) != _said(b, exact):
            yield f"~ {here} {_said(a, exact)} in the org, {_said(b, exact)} in the file"


def _said(f: Field, exact: bool) -> str:
    if not exact:
        return f.type.soap_type.partition(":")[2]
    length = f"({f.length})" if f.type.family == "text" and f.length else ""
    return f"{f.type.name}{length}" + "".join(f" {name}" for name in sorted(f.reference_to))
