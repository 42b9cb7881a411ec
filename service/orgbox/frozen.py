"""Values that do not change, where thousands are made: fields, members of types, what queries are made of."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_V = TypeVar("_V")


@dataclass_transform(frozen_default=True)
def value(cls: type[_V]) -> type[_V]:
    """A dataclass that only the type checker holds frozen: freezing it at run time too would make a value
    cost three times as much, and the class twice.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
