"""The threads of a server: one leads, the others follow ("Leader/Followers", Schmidt and others, POSA 2).

The leader waits for the sockets, reads what has come, and answers it itself, call after call: no thread is
woken for a call, which would take longer than the call does. When a call comes to wait for something else,
its thread gives up the lead to a follower and ends the call on its own. One that works on a call for too
long loses the lead to whoever watches.

In waitress's own words this is the dispatcher of tasks, and its loop.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import get_ident
from typing import Any

from orgbox.baton import BATON
from orgbox.http.rounds import Rounds

_LOG = logging.getLogger("waitress")
_LOOK_SECONDS = 0.1
"""How often somebody looks whether the leader is still at the same call."""
_ROUND_SECONDS = 1.0
_ALONE = 8
"""So many calls in a row of one client: it is alone, for the time being."""
_END_SECONDS = 5.0
_MOST_WEAR = 16 * 1024 * 1024
"""Bytes of messages that a thread reads in its life."""


class _Wear(threading.local):
    bytes = 0


_wear = _Wear()


def wear(size: int) -> None:
    """This thread reads a message of so many bytes.

    libxml2 keeps each name it has met in a thread until that ends, for there is a good chance to meet it
    again; clients that make up names would fill the memory with them (lxml, "parser.pxi"). So a thread ends
    after some messages, and another one takes its place.
    """
    _wear.bytes += size


def _is_worn() -> bool:
    return _wear.bytes > _MOST_WEAR


class Crew:
    """At most `most` calls are under way at a time; there is a thread more, so that one can always lead."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._server: Any = None
        self._rounds: Any = None
        self._last: Any = None
        self._in_a_row = 0
        self._threads: list[threading.Thread] = []
        self._ready: deque[Any] = deque()
        self._lock = threading.Lock()
        self._leader: int | None = None
        self._following: list[tuple[int, threading.Lock]] = []
        self._calls = self._call = self._seen = 0
        self._away = 0
        self._ending = False
        self._woken: SimpleQueue[None] = SimpleQueue()

    def start(self, server: Any) -> None:
        """Begin to serve a waitress server."""
        self._server, self._rounds = server, Rounds(server)
        server.add_task, server.pull_trigger = self.add_task, self.pull_trigger
        for _ in range(self._most + 1):
            self._hire()

    def add_task(self, channel: Any) -> None:
        """A request of this channel is to be answered."""
        self._ready.append(channel)
        self.pull_trigger()

    def pull_trigger(self) -> None:
        """What the sockets are waited for may have changed; the leader itself looks at that anyway."""
        if self._leader != get_ident() and not self._ending:
            self._server.trigger.pull_trigger()

    def do(self, work: Callable[[], object]) -> None:
        """Have something done between two events, by whoever leads."""
        self._server.trigger.pull_trigger(work)

    def leave(self) -> None:
        """Give up the lead, if this thread has it while it is at a call."""
        if self._leader == get_ident():
            self._depose(self._call)

    def watch(self) -> None:
        """Wait a moment, or until `wake`. A leader that is still at the same call is one no more."""
        with suppress(Empty):
            self._woken.get(timeout=_LOOK_SECONDS)
        self._depose(self._seen)
        self._seen = self._call

    @property
    def begun(self) -> int:
        """How many calls have been begun."""
        return self._calls

    def wake(self) -> None:
        """End a `watch`, from another thread or a signal handler, which may interrupt another one's."""
        self._woken.put(None)

    def shutdown(self) -> None:
        """End the threads, those at a call after it, for some seconds; what waits for one is not answered."""
        with self._lock:
            self._ending = True
            while self._following:
                self._following.pop()[1].release()
        if self._server:
            self._server.trigger.pull_trigger()
        until = time.monotonic() + _END_SECONDS
        for thread in [*self._threads]:
            thread.join(max(0.0, until - time.monotonic()))
        for channel in self._ready:
            channel.cancel()

    def _hire(self) -> None:
        """A thread more, in the place of one that comes to its end. Raises RuntimeError if there is none."""
        thread = threading.Thread(target=self._work, name="crew", daemon=True)
        thread.start()
        with self._lock:
            self._threads = [t for t in self._threads if t is not threading.current_thread()]
            self._threads.append(thread)

    def _work(self) -> None:
        """What a thread does all its life."""
        gate = threading.Lock()
        gate.acquire()
        while self._follow(gate):
            try:
                with BATON.held(self._wait):
                    self._lead()
            except Exception:  # another one goes on
                _LOG.exception("while looking after the sockets")
                time.sleep(_LOOK_SECONDS)  # should it go on and on
            with self._lock:
                if self._leader == get_ident():
                    self._promote()
            if _is_worn() and self._is_replaced():
                return

    def _is_replaced(self) -> bool:
        """Whether another thread does this one's work from now on."""
        try:
            self._hire()
        except RuntimeError:  # the system has no more
            _LOG.exception("while replacing a thread")
            _wear.bytes = 0
            return False
        return True

    def _follow(self, gate: threading.Lock) -> bool:
        """Wait for the lead, which opens the gate; False at the end."""
        with self._lock:
            if self._ending:
                return False
            if self._leader is None:
                self._leader = get_ident()
                return True
            self._following.append((get_ident(), gate))
        gate.acquire()
        return not self._ending

    def _promote(self) -> None:
        """Whoever has led last is to lead; the lock is held."""
        self._leader = None
        if self._following:
            self._leader, gate = self._following.pop()
            gate.release()

    def _lead(self) -> None:
        me = get_ident()
        while self._leader == me and not self._ending and not _is_worn():
            if self._ready and self._away < self._most:
                self._answer(self._ready.popleft(), me)
            else:
                self._server.sweep()
                self._rounds.go(_ROUND_SECONDS)

    def _answer(self, channel: Any, me: int) -> None:
        self._in_a_row = self._in_a_row + 1 if channel is self._last else 0
        self._last = channel
        self._calls += 1
        self._call = self._calls
        self._rounds.touch(channel._fileno)
        try:
            channel.service()
        except BaseException:
            _LOG.exception("while answering")
            channel.will_close = True
            self.pull_trigger()
        with self._lock:
            if self._leader == me:
                self._call = 0
                return
            self._away -= 1
        if self._ready:
            self.pull_trigger()

    def _wait(self) -> None:
        """The leader's call is about to wait. A follower would wake for nothing if one client calls alone."""
        if self._ready or self._in_a_row < _ALONE:
            self.leave()

    def _depose(self, call: int) -> None:
        """Take the lead from whoever is at this call with it."""
        with self._lock:
            if call and call == self._call:
                self._call = 0
                self._away += 1
                self._promote()
