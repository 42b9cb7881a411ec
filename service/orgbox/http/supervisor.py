"""The process that a user starts with `--workers`: it owns the listening socket and loads nothing else.

The service is loaded by a process of its own, the leader of a generation of workers. SIGHUP starts a new
generation from the code and the files as they are now; when it is ready, the old one is retired, which
answers what its connections still ask. One that cannot start changes nothing. SIGTERM ends all.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from socket import socket
from typing import Any

from orgbox.http.wakeups import Wakeups

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_PAUSE = 1.0
"""Seconds before a generation that ended by itself is replaced."""


class Generation:
    """A leader with its workers. Its stdin brings it its job, and tells it that its supervisor lives.

    `news` is a pipe that can be read when it is ready, or has ended.
    """

    def __init__(self, command: Sequence[str], listener: socket, job: Mapping[str, Any]) -> None:
        self.news, told = os.pipe()
        inherited = listener.fileno(), told
        path = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, pass_fds=inherited, env={**os.environ, "PYTHONPATH": path}
        )
        os.close(told)
        assert self._process.stdin
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({**job, "listener": inherited[0], "told": told}).encode())
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()

    def is_ready(self) -> bool:
        """Whether it serves; to be asked once, when there is news. False: it could not start."""
        ready = bool(os.read(self.news, 1))
        os.close(self.news)
        return ready

    def tell(self, sign: signal.Signals) -> None:
        """Send the leader a signal."""
        self._process.send_signal(sign)

    def has_ended(self) -> bool:
        """Whether the leader is no more."""
        return self._process.poll() is not None

    def wait(self) -> None:
        """Until it has ended."""
        self._process.wait()


class Supervisor:
    """Keeps a generation serving. `start` makes one, `ready` is called when the first one serves."""

    def __init__(self, start: Callable[[], Generation], ready: Callable[[], None]) -> None:
        self._start = start
        self._ready = ready
        self._wakeups = Wakeups(_SIGNALS)
        self._coming: Generation | None = start()
        self._serving: Generation | None = None
        self._retired: list[Generation] = []
        self._began = self._reload = False

    def run(self) -> bool:
        """Until told to end; False when the first generation cannot start."""
        while True:
            came, news = self._wakeups.wait(*([self._coming.news] if self._coming else []))
            if came & {signal.SIGTERM, signal.SIGINT}:
                self._end()
                return True
            if news and self._coming:
                self._take_over(self._coming)
                if not self._began:
                    return False
            self._reload |= signal.SIGHUP in came
            self._bury()
            if self._reload and not self._coming:
                self._reload, self._coming = False, self._start()

    def _take_over(self, coming: Generation) -> None:
        """Let the generation that was awaited serve, if it could start."""
        self._coming = None
        if not coming.is_ready():
            self._retired.append(coming)
            _say("not reloaded, the old workers go on" if self._serving else "not started")
            self._replace_soon()
            return
        if self._serving:
            self._serving.tell(signal.SIGHUP)
            self._retired.append(self._serving)
        if self._began:
            _say("reloaded")
        else:
            self._ready()
        self._serving, self._began = coming, True

    def _bury(self) -> None:
        """Forget the retired who have ended, and replace a serving generation that ended by itself."""
        self._retired = [old for old in self._retired if not old.has_ended()]
        if self._serving and self._serving.has_ended():
            _say("the workers ended; starting others")
            self._serving = None
            self._replace_soon()

    def _replace_soon(self) -> None:
        """Have others started, where none serve and none are coming."""
        if self._began and not (self._serving or self._coming):
            self._reload = True
            time.sleep(_PAUSE)

    def _end(self) -> None:
        known = [g for g in (self._coming, self._serving, *self._retired) if g]
        for generation in known:
            generation.tell(signal.SIGTERM)
        for generation in known:
            generation.wait()
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # too late to change how this process ends


def _say(text: str) -> None:
    print(f"orgbox: {text}", file=sys.stderr, flush=True)
