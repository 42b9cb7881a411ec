"""Results of queries, and values within their texts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, overload

from orgbox_client.values import encode

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """One QueryResult of the WSDL: `size` counts all records, `locator` leads to the next batch."""

    records: list[T]
    size: int
    locator: str | None


class QueryResult(Sequence[T]):
    """All records of a query, fetched batch by batch as they are wanted, and kept.

    `size` is what the service counted; it alone answers SELECT COUNT(). Raises ApiFault when a further
    batch cannot be had.
    """

    def __init__(self, first: Batch[T], more: Callable[[str], Batch[T]]) -> None:
        self.size = first.size
        self._records = list(first.records)
        self._locator = first.locator
        self._more = more

    @classmethod
    def of_none(cls) -> "QueryResult[T]":
        """The result without records."""
        return cls(Batch([], 0, None), lambda _: Batch([], 0, None))

    @property
    def done(self) -> bool:
        """Whether every batch has been fetched."""
        return self._locator is None

    def __len__(self) -> int:
        return len(self._records) if self._locator is None else self.size

    def __iter__(self) -> Iterator[T]:
        position = 0
        while self._reach(position):
            yield self._records[position]
            position += 1

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        self._reach(index if isinstance(index, int) and index >= 0 else self.size)
        return self._records[index]

    def __repr__(self) -> str:
        return f"QueryResult(size={self.size}, done={self.done})"

    def _reach(self, position: int) -> bool:
        """Fetch batches until there is a record at that position; whether there is one."""
        while position >= len(self._records) and self._locator is not None:
            batch = self._more(self._locator)
            self._records.extend(batch.records)
            self._locator = batch.locator
        return position < len(self._records)


_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def quote(value: object) -> str:
    """A value as SOQL writes it: `quote("O'Brien")` is `'O\\'Brien'`, a list is `('a', 'b')`.

    Raises TypeError for a value that no field can hold.
    """
    if value is None:
        return "null"
    if isinstance(value, str):
        return f"'{value.translate(_ESCAPES)}'"
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return f"({', '.join(quote(item) for item in value)})"
    return encode(value)
