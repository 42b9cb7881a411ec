"""Memory of a process that serves: what the interpreter and the C library keep, and what they give back."""

import ctypes
import gc
from contextlib import suppress

_ALLOCATIONS = 20_000
"""New objects after which garbage is looked for. A call leaves none, and a large one has thousands in use."""
_KEPT_BYTES = 4 * 1024 * 1024
_MALLOC = {-1: _KEPT_BYTES, -3: _KEPT_BYTES // 2, -8: 1}
"""M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_ARENA_MAX of mallopt(3). A large answer takes a few buffers of a
megabyte; giving them back to the system and taking them again for the next costs a fifth of it. Of several
arenas each would keep its own.
"""


def settle() -> None:
    """What is there now stays: garbage is looked for among what comes."""
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
    gc.enable()
    with suppress(AttributeError):  # a C library that has none
        for option, value in _MALLOC.items():
            ctypes.CDLL(None).mallopt(option, value)


def give_back() -> None:
    """Give the system what lies unused between what is used: it grows with the variety of answers.

    Takes half a millisecond, and two of the next large answer. Source: malloc_trim(3).
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
