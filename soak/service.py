"""The command under test, as a process that can be killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_READY_SECONDS = 60.0
_READY = re.compile(r"orgbox: ready on (\S+)")


class Nursery:
    """Starts services (see `soak.nursery`), one at a time, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "soak.nursery"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[1], start_new_session=True,
        )

    def ask(self, **order: object) -> int:
        """Give an order and wait for its answer."""
        assert self._process.stdin and self._process.stdout
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def command(self, *arguments: str) -> "Command":
        """Run a command of `orgbox`."""
        return Command(self, arguments)

    def close(self) -> None:
        """End, and with it what it started."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@contextmanager
def nursery(folder: Path) -> Iterator[Nursery]:
    """A nursery for a while."""
    made = Nursery(folder)
    try:
        yield made
    finally:
        made.close()


class Command:
    """A command in a process group of its own. It writes to a file named after its first argument."""

    def __init__(self, nursery: Nursery, arguments: Sequence[str]) -> None:
        self._nursery, self._log = nursery, nursery.folder / f"{arguments[0]}.log"
        self._log.write_text("")
        self.pid = nursery.ask(arguments=arguments, log=str(self._log))

    @property
    def log(self) -> str:
        """What it has written."""
        return self._log.read_text("utf-8", "replace")

    def kill(self) -> None:
        """SIGKILL for it and its workers."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        os.kill(self.pid, signal.SIGKILL)  # a moment old, it may have no group yet
        self._nursery.ask(wait=self.pid)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self._nursery.ask(wait=self.pid)


class Service(Command):
    """`orgbox serve` on a free port. `url` is empty until `ready` has returned."""

    def __init__(self, nursery: Nursery, database: str, flags: Sequence[str] = ()) -> None:
        arguments = ["serve", "--port", "0", "--database", database, "--hash-memory-kib", "64",
                     "--hash-rounds", "1", "--control-key", "soak", *flags]  # fmt: skip
        super().__init__(nursery, arguments)
        self.url = ""

    def ready(self) -> "Service":
        """Wait until it answers. Raises RuntimeError with its log when it does not."""
        until = time.monotonic() + _READY_SECONDS
        while not (found := _READY.search(self.log)):
            if time.monotonic() > until or not os.path.exists(f"/proc/{self.pid}"):
                raise RuntimeError(f"not ready: {self.log}")
            time.sleep(0.01)
        self.url = found[1]
        return self

    def resident_kib(self) -> int:
        """Resident memory of it and its workers, in KiB."""
        return sum(_memory_kib(pid, "VmRSS") for pid in self.family())

    def held_kib(self) -> int:
        """Memory of theirs that is no page of a file, in KiB."""
        return sum(_memory_kib(pid, "RssAnon") for pid in self.family())

    def family(self) -> list[int]:
        """Its process id and those of its workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]


def _memory_kib(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
