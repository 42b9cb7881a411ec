"""What the client knows of an SObject: the names and types that describeSObject() tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any


@dataclass(frozen=True)
class SObject:
    """Names by their lower case, since Apex and SOQL take any case.

    `types` are the local names of the fields' types. An SObject without fields is one that describe
    does not tell about, such as AggregateResult: its records have what the query gave them.
    """

    name: str
    fields: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    children: Mapping[str, str] = field(default_factory=dict)

    def find(self, name: str) -> str | None:
        """The name, as describe writes it, of a field or relationship; None if there is no such."""
        key = name.lower()
        return self.fields.get(key) or self.parents.get(key) or self.children.get(key)

    def unknown(self, name: str) -> str:
        """The sentence about a name that is none of ours."""
        known = {**self.fields, **self.parents, **self.children}
        near = get_close_matches(name.lower(), known, n=1)
        hint = f". Did you mean {known[near[0]]}?" if near else ""
        return f"{self.name} has no field {name}{hint}"


def read_describe(described: Any) -> SObject:
    """The SObject of a DescribeSObjectResult."""
    links = [f.relationshipName for f in described.fields if f.relationshipName]
    lists = [r.relationshipName for r in described.childRelationships if r.relationshipName]
    return SObject(
        described.name,
        {f.name.lower(): f.name for f in described.fields},
        {f.name: f.soapType.rpartition(":")[2] for f in described.fields},
        {name.lower(): name for name in links},
        {name.lower(): name for name in lists},
    )
