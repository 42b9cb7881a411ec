"""Records: light objects whose attributes are the fields of their SObject."""

from collections.abc import Iterator
from typing import Any

from orgbox_client.query import QueryResult
from orgbox_client.sobjects import SObject


class Record:
    """One record, new or read.

    Fields and relationships are attributes, in any case: `group.Name`, `group.owner.name`; also items:
    `group["Name"]`. What has no value, or was not asked for, is None; a child relationship then is empty.
    Only fields can be assigned. `dict(record)` gives what has a value.

    Raises AttributeError (KeyError for an item) for a name that is no field of the SObject.
    """

    __slots__ = ("_changed", "_sobject", "_values")

    def __init__(self, sobject: SObject, values: dict[str, Any] | None = None) -> None:
        self._sobject = sobject
        self._values = {} if values is None else values
        self._changed: set[str] = set()

    @property
    def sobject_type(self) -> str:
        """Name of the SObject; AggregateResult for a record of a query with groups or totals."""
        return self._sobject.name

    def __getitem__(self, name: str) -> Any:
        found = self._find(name)
        if found is None:
            raise KeyError(self._sobject.unknown(name))
        if found not in self._values and found in self._sobject.children.values():
            return QueryResult[Record].of_none()
        return self._values.get(found)

    def __setitem__(self, name: str, value: object) -> None:
        found = self._sobject.fields.get(name.lower())
        if found is None:
            raise KeyError(self._sobject.unknown(name))
        self._values[found] = value
        self._changed.add(found)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_"):
            return object.__setattr__(self, name, value)
        try:
            self[name] = value
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def keys(self) -> list[str]:
        """Names of what has a value."""
        return [name for name, value in self._values.items() if value is not None]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return self.sobject_type == other.sobject_type and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> "Record":
        made = Record(self._sobject, dict(self._values))
        made._changed = set(self._changed)
        return made

    def __repr__(self) -> str:
        return f"{self.sobject_type}({', '.join(f'{k}={self[k]!r}' for k in self)})"

    def _find(self, name: str) -> str | None:
        """The key of a name: a field, a relationship, or an alias of the query."""
        found = self._sobject.find(name)
        if found is None:
            found = next((known for known in self._values if known.lower() == name.lower()), None)
        return found


def pending(record: Record) -> dict[str, Any]:
    """What a save sends: the Id, if there is one, and the fields assigned since the last save."""
    values = {name: record._values[name] for name in record._values if name in record._changed}
    return values if record.Id is None else {**values, "Id": record.Id}


def saved(record: Record, record_id: str | None) -> None:
    """Note that a record has been saved under that Id."""
    record._values["Id"] = record_id
    record._changed.clear()
