"""PostgreSQL of our own: in a temporary directory, on a port of its own, gone at the end."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.contenders import NotRun
from bench.network import LOCAL, Place
from bench.processes import Process, free_port

_READY_SECONDS = 60.0
_OWNER = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
_FAST = {
    # only reading is measured: what makes writing safe would but slow the filling
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "shared_buffers": "1GB", "max_wal_size": "4GB", "autovacuum": "off",
    "random_page_cost": "1.1",  # as one sets it for an SSD
}  # fmt: skip


def _programs() -> Path:
    """The folder of the newest server programs. Raises NotRun."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    on_path = shutil.which("postgres")
    if not found and on_path is None:
        raise NotRun("no PostgreSQL server here")
    return found[-1].parent if found else Path(str(on_path)).resolve().parent


@contextmanager
def postgresql() -> Iterator[str]:
    """Starts a server; gives the URL of its databases, to which a name is to be added. Raises NotRun."""
    with tempfile.TemporaryDirectory(prefix="bench", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        server = Server(Path(folder) / "server", _FAST)
        try:
            yield f"postgresql+psycopg://postgres@{server.address}/"
        finally:
            server.stop()


class Server:
    """A server with its own settings, new or as a streaming replica of another; `place` is the machine it is
    on, `address` where it answers. Raises NotRun.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, str], follows: "Server | None" = None,
        place: Place = LOCAL,
    ) -> None:  # fmt: skip
        self._programs = _programs()
        self._owner = _OWNER if os.geteuid() == 0 else ()  # the server refuses to run as root
        self._folder, self._data = folder, folder / "data"
        folder.mkdir()
        if self._owner:
            shutil.chown(folder, "postgres", "postgres")
        if follows:
            source = f"postgresql://postgres@{follows.address}/postgres"
            self._run("pg_basebackup", "-D", self._data, "-d", source, "-R", "-c", "fast")
        else:
            self._run("initdb", "-D", self._data, "-A", "trust", "-U", "postgres", "-E", "UTF8",
                      "--locale=C", "--no-sync")  # fmt: skip
            with (self._data / "pg_hba.conf").open("a", encoding="ascii") as allowed:
                allowed.write("host all,replication all samenet trust\n")
        self._port = free_port()
        self.address = f"{place.address}:{self._port}"
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [*place.entry, *self._owner, str(self._programs / "postgres"), "-D", str(self._data),
                   "-h", place.address, "-p", str(self._port), "-k", str(folder), *flags]  # fmt: skip
        self._process = Process(command, folder.with_suffix(".log"), ending=signal.SIGINT)
        self._wait()

    def set(self, name: str, value: str) -> None:
        """Change a setting while it runs."""
        for sql in (f"ALTER SYSTEM SET {name} = '{value}'", "SELECT pg_reload_conf()"):
            self._run("psql", "-q", *self._door(), "-U", "postgres", "-c", sql)

    def promote(self) -> None:
        """Make a replica the primary."""
        self._run("pg_ctl", "-D", self._data, "promote", "-s")

    def kill(self) -> None:
        """End it as a power failure would."""
        self._process.kill()

    def stop(self) -> None:
        """End it."""
        self._process.stop()

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [*self._owner, self._programs / program, *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def _door(self) -> tuple[str, ...]:
        """Its socket, which is reached from every machine."""
        return "-h", str(self._folder), "-p", str(self._port)

    def _wait(self) -> None:
        until = time.monotonic() + _READY_SECONDS
        ready = [str(self._programs / "pg_isready"), "-q", *self._door()]
        while subprocess.run(ready).returncode:
            self._process.check()
            if time.monotonic() > until:
                raise NotRun("PostgreSQL did not start")
            time.sleep(0.1)
