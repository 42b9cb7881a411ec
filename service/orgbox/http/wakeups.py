"""Waiting for signals and pipes at once, without missing one (Python documentation, signal.set_wakeup_fd)."""

import os
import select
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Wakeups:
    """Takes over these signals of this process until `forget`."""

    def __init__(self, signals: Iterable[signal.Signals]) -> None:
        self._signals = tuple(signals)
        self._came, told = os.pipe()
        for end in (self._came, told):
            os.set_blocking(end, False)
        self._told = told
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        for one in self._signals:
            signal.signal(one, lambda *_: None)

    def wait(self, *pipes: int, seconds: float | None = None) -> tuple[set[int], set[int]]:
        """The signals that came, and which of the pipes can be read; nothing of either when time is up."""
        ready, _, _ = select.select([self._came, *pipes], [], [], seconds)
        came = set(os.read(self._came, 512)) if self._came in ready else set()
        return came, set(ready) - {self._came}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Signals wait: around a fork, so that the child can give them their usual meaning first."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._signals)

    def forget(self) -> None:
        """Give the signals their usual meaning again."""
        signal.set_wakeup_fd(-1)
        for one in self._signals:
            signal.signal(one, signal.SIG_DFL)
        os.close(self._came)
        os.close(self._told)
