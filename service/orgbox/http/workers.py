"""Worker processes: one process loads the service, then forks those that answer, which share its memory.

All accept from one listening socket. The leader only watches: a worker that dies is replaced. SIGTERM ends
the workers after the calls under way; SIGHUP retires them: others have taken over.
"""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable

from orgbox.http.wakeups import Wakeups

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_PATIENCE = 28.0
"""Seconds until workers told to end are killed: longer than they let calls end."""
_BLINK = 0.05
"""Seconds until it is seen whether they are gone."""
_SHORT_LIFE = 1.0
"""Seconds; a worker that lived no longer is not replaced at once."""


class Leader:
    """Keeps `count` processes at `work`, which returns when it gets SIGTERM or SIGHUP. These are blocked
    until it hears them, so that none comes too early.

    It is given a number below `count` that no other living one has.
    """

    def __init__(self, work: Callable[[int], None], count: int) -> None:
        self._work = work
        self._count = count
        self._wakeups = Wakeups(_SIGNALS)
        self._alive, self._life = os.pipe()
        self._born: dict[int, tuple[float, int]] = {}

    def lead(self, lifeline: int) -> None:
        """Returns when told to end, or when `lifeline`, a pipe, closes; then no worker is left."""
        told, until = 0, None
        while self._born or not told:
            while not told and len(self._born) < self._count:
                self._fork()
            patience = None if until is None else max(_BLINK, until - time.monotonic())
            came, closed = self._wakeups.wait(*([] if told else [lifeline]), seconds=patience)
            ending = signal.SIGTERM if closed else _ending(came)
            if ending:
                told = ending
                self._tell(ending)
            if ending == signal.SIGTERM and until is None:
                until = time.monotonic() + _PATIENCE
            elif until is not None and time.monotonic() > until:
                self._tell(signal.SIGKILL)
            if any(self._buried()) and not told:
                time.sleep(_SHORT_LIFE)

    def _tell(self, sign: int) -> None:
        for pid in self._born:
            os.kill(pid, sign)

    def _fork(self) -> None:
        number = min({*range(self._count)} - {taken for _, taken in self._born.values()})
        with self._wakeups.held():
            pid = os.fork()
            if pid == 0:
                self._become_worker(number)
        self._born[pid] = time.monotonic(), number

    def _become_worker(self, number: int) -> None:
        """Never returns."""
        status = 1
        try:
            self._wakeups.forget()
            os.close(self._life)
            threading.Thread(target=_end_with, args=(self._alive,), daemon=True).start()
            self._work(number)
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _buried(self) -> list[bool]:
        """Of each worker that ended: whether its life was short."""
        short = []
        for pid in [*self._born]:
            if os.waitpid(pid, os.WNOHANG)[0]:
                born, _ = self._born.pop(pid)
                short.append(time.monotonic() - born < _SHORT_LIFE)
        return short


def _ending(came: set[int]) -> int:
    """The signal that workers are sent, or 0."""
    if came & {signal.SIGTERM, signal.SIGINT}:
        return signal.SIGTERM
    return signal.SIGHUP if signal.SIGHUP in came else 0


def _end_with(leader: int) -> None:
    """End this process when its leader is gone, which the pipe tells."""
    os.read(leader, 1)
    os.kill(os.getpid(), signal.SIGTERM)
