"""The command `orgbox serve` as a user runs it, in a process of its own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def served(folder: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, serving a database in a folder; the URL it printed."""
    command = [sys.executable, "-m", "orgbox", "serve", "--port", "0", "--no-durable"]
    command += ["--database", f"sqlite:///{folder}/served.db", "--hash-memory-kib", "64", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        found = re.fullmatch(r"orgbox: ready on (http://127\.0\.0\.1:\d+)\n", line)
        assert found, line + (process.stderr.read() if process.stderr else "")
        try:
            yield process, found[1]
        finally:
            process.terminate()
            process.wait(20)


def children(pid: int) -> list[int]:
    """Of a process."""
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def workers(supervisor: int) -> list[int]:
    """The processes that answer."""
    return [worker for leader in children(supervisor) for worker in children(leader)]
