"""The baton: of the threads of a process, one at a time works on a call.

The interpreter runs one thread at a time, and SQLite's driver offers it to the others with every row it
steps to; a thread that gives it away so waits up to 5 milliseconds to get it back (CPython documentation,
`sys.setswitchinterval`). Sixteen calls at once then take twice the processor time of the same calls one
after the other. So whoever works holds the baton, and lays it down to wait for something else: the disk,
another process, the hash of a password.

It is a courtesy, nothing is protected by it: who has waited for it too long goes on with a new one, so that
a statement of a minute holds up one call for a moment.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PATIENCE_SECONDS = 0.1


class _Mine(threading.local):
    """What a thread holds, and whether it has held it and comes back."""

    held: "threading.Lock | None" = None
    returns: bool = False
    leaving: Callable[[], None] | None = None


class Baton:
    """One of its own for tests; the process has `BATON`."""

    def __init__(self, patience: float = _PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._newest = threading.Lock()
        self._door = threading.Lock()
        self._mine = _Mine()

    @contextmanager
    def held(self, leaving: Callable[[], None] | None = None) -> Iterator[None]:
        """Hold the baton, for the outermost of nested ones. Those who come anew wait behind who returns.

        `leaving` is called before it is laid down.
        """
        mine = self._mine
        if mine.held:
            yield
            return
        if mine.returns:
            mine.held = self._taken()
        else:
            with self._door:
                mine.held = self._taken()
        mine.leaving = leaving
        try:
            yield
        finally:
            mine.held.release()
            mine.held = mine.leaving = None

    @contextmanager
    def laid_down(self) -> Iterator[None]:
        """Let others work meanwhile; held again afterwards if it was held before."""
        mine = self._mine
        held, returns, leaving = mine.held, mine.returns, mine.leaving
        if leaving:
            leaving()
        mine.held, mine.returns, mine.leaving = None, True, None
        if held:
            held.release()
        try:
            yield
        finally:
            mine.held, mine.returns, mine.leaving = self._taken() if held else None, returns, leaving

    @contextmanager
    def holding(self, lock: "threading.Lock | threading.RLock") -> Iterator[None]:
        """Hold a lock that another one may hold for long; who waits for it lets others work."""
        if not lock.acquire(blocking=False):
            with self.laid_down():
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _taken(self) -> threading.Lock:
        baton = self._newest
        if not baton.acquire(timeout=self._patience):
            baton = threading.Lock()
            baton.acquire()
            self._newest = baton
        return baton


BATON = Baton()
