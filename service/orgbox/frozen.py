"""Values that do not change: what the service is made of has some 150 classes of them.

The standard library compiles every method of every dataclass anew, and two more to hold it frozen, which took
a tenth of a second of each start (Python 3.11). Here only `__init__` is compiled; the rest is shared.
"""

from dataclasses import dataclass, field, fields
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[_T]) -> type[_T]:
    """A dataclass with slots, compared and hashed by what it holds.

    Only the type checker holds it frozen: at run time that would make a value cost three times as much.
    """
    made = entity(cls)
    names = [f.name for f in fields(made) if f.compare]  # type: ignore[arg-type]
    contents = attrgetter(*names) if names else type

    def same(self: Any, other: object) -> Any:
        return contents(self) == contents(other) if type(other) is made else NotImplemented

    def hashed(self: Any) -> int:
        return hash(contents(self))

    made.__eq__, made.__hash__ = same, hashed  # type: ignore[method-assign]
    return made


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def entity(cls: type[_T]) -> type[_T]:
    """The same, but equal to nothing except itself."""
    if "__repr__" not in cls.__dict__:
        cls.__repr__ = _shown  # type: ignore[method-assign]
    return dataclass(eq=False, repr=False, slots=True)(cls)


@recursive_repr()
def _shown(self: Any) -> str:
    """As a dataclass shows itself."""
    contents = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
    return f"{type(self).__qualname__}({', '.join(contents)})"
