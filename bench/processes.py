"""Processes of our own: start, look at, stop. Figures come from /proc."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE = 5.0


class Process:
    """A running server. `log` is the file with what it wrote, `ending` the signal that asks it to end."""

    def __init__(
        self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None,
        cwd: Path | None = None, ending: int = signal.SIGTERM,
    ) -> None:  # fmt: skip
        with log.open("wb") as output:
            self._popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd,
                env={**os.environ, **(env or {})},
            )  # fmt: skip
        self._log = log
        self._ending = ending

    def check(self) -> None:
        """Raises RuntimeError, with what it wrote, if the process has ended."""
        code = self._popen.poll()
        if code is not None:
            raise RuntimeError(f"ended with {code}: {self._log.read_text('utf-8', 'replace')[-2000:]}")

    def cpu_seconds(self) -> float:
        """User and system time so far, of the process and its children."""
        return sum(map(_cpu_seconds, self._family()))

    def pss_mb(self) -> float:
        """Proportional set size in MB (2**20 bytes), of the process and its children."""
        return sum(map(_pss_kb, self._family())) / 1024

    def children(self) -> list[int]:
        """The processes that it has started, and theirs."""
        return list(self._family())[1:]

    def kill(self) -> None:
        """End it and its children at once, without a word."""
        for pid in list(self._family()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._popen.wait()

    def stop(self) -> None:
        """End it: by its signal, and by SIGKILL if it does not listen."""
        self._popen.send_signal(self._ending)
        try:
            self._popen.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def _family(self) -> Iterator[int]:
        waiting = [self._popen.pid]
        while waiting:
            pid = waiting.pop()
            yield pid
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                with suppress(OSError):
                    waiting += map(int, task.read_text().split())


def _cpu_seconds(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = after_name[11:13]
    return (int(user) + int(system)) / _TICK


def _pss_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def free_port() -> int:
    """A port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
