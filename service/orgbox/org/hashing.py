"""argon2id in memory that goes back to the system at once.

Left to malloc, 19 MiB stay with each thread that ever hashed a password (glibc's arenas), 150 MB of a
process that serves. argon2 takes its memory from whom it is told to; huge pages make it a tenth faster.
Source: `argon2_context` in argon2.h (allocate_cbk, free_cbk); argon2-cffi, "low_level.core".
"""

import mmap
from contextlib import suppress
from typing import Any

from argon2.low_level import ARGON2_VERSION, Type, core, error_to_str, ffi

_NO_MEMORY = -22
"""ARGON2_MEMORY_ALLOCATION_ERROR"""
_lent: dict[int, mmap.mmap] = {}


@ffi.callback("int(uint8_t **, size_t)", error=_NO_MEMORY)  # type: ignore[untyped-decorator]
def _lend(where: Any, size: int) -> int:
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(AttributeError, OSError):  # only Linux has huge pages
        memory.madvise(mmap.MADV_HUGEPAGE)
    where[0] = ffi.cast("uint8_t *", ffi.from_buffer(memory))
    _lent[_address(where[0])] = memory
    return 0


@ffi.callback("void(uint8_t *, size_t)")  # type: ignore[untyped-decorator]
def _take_back(pointer: Any, _size: int) -> None:
    _lent.pop(_address(pointer)).close()


def _address(pointer: Any) -> int:
    return int(ffi.cast("uintptr_t", pointer))


def argon2id(password: bytes, salt: bytes, *, memory_kib: int, rounds: int, lanes: int, length: int) -> bytes:
    """The hash, of `length` bytes. Raises MemoryError, and ValueError for parameters out of range."""
    made, given, salted = (ffi.new("uint8_t[]", of) for of in (length, password, salt))
    context = {
        "out": made, "outlen": length, "pwd": given, "pwdlen": len(password), "salt": salted,
        "saltlen": len(salt), "t_cost": rounds, "m_cost": memory_kib, "lanes": lanes, "threads": lanes,
        "version": ARGON2_VERSION, "allocate_cbk": _lend, "free_cbk": _take_back,
    }  # fmt: skip
    code = core(ffi.new("argon2_context *", context), Type.ID.value)
    if code:
        raise (MemoryError if code == _NO_MEMORY else ValueError)(error_to_str(code))
    return bytes(ffi.buffer(made))
