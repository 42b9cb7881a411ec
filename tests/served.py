"""The command `orgbox` as a user runs it, in a process of its own."""

import random
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ORGBOX = (sys.executable, "-m", "orgbox")


def ran(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command, run to its end in a folder."""
    command = [*_ORGBOX, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def served(folder: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, serving a database in a folder, the first of a process group; the URL it printed."""
    command = [*_ORGBOX, "serve", "--port", "0", "--no-durable", "--hash-memory-kib", "64"]
    command += ["--database", f"sqlite:///{folder}/served.db", *flags]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout and process.stderr
        line = process.stdout.readline()
        found = re.fullmatch(r"orgbox: ready on (https?://127\.0\.0\.1:\d+)\n", line)
        assert found, line + process.stderr.read()
        try:
            yield process, found[1]
        finally:
            process.terminate()
            process.wait(40)


def quiet_port() -> int:
    """A free port, of those that the system does not give to who wants any."""
    for port in random.sample(range(15_000, 32_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no free port")


def children(pid: int) -> list[int]:
    """Of a process."""
    with suppress(OSError):  # it has ended, or just ends
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def workers(supervisor: int) -> list[int]:
    """The processes that answer."""
    return [worker for leader in children(supervisor) for worker in children(leader)]
