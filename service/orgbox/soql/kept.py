"""Values kept by key, bounded in number."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

_V = TypeVar("_V")


class Kept(Generic[_V]):
    """The `most` values used last; safe to share between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, _V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], _V]) -> _V:
        """The value under the key, made if there is none; two threads may both make it."""
        found = self.find(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found

    def find(self, key: Hashable) -> _V | None:
        """The value under the key, or None."""
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def drop(self, key: Hashable) -> None:
        """Keep the value under the key no longer, if there is one."""
        with self._lock:
            self._values.pop(key, None)

    def put(self, key: Hashable, value: _V) -> None:
        """Keep a value."""
        with self._lock:
            self._values[key] = value
            if len(self._values) > self._most:
                self._values.popitem(last=False)
