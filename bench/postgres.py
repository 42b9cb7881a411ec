"""A PostgreSQL of our own: in a temporary directory, on a port of its own, gone at the end."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.contenders import NotRun
from bench.processes import Process, free_port

_READY_SECONDS = 20.0
_SETTINGS = {
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
    programs = _programs()
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        data = Path(folder) / "data"
        if user:
            found = pwd.getpwnam(user)
            os.chown(folder, found.pw_uid, found.pw_gid)
        subprocess.run(
            [programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8",
             "--locale=C", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, user=user,
        )  # fmt: skip
        port = free_port()
        flags = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [str(programs / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port),
                   "-k", folder, *flags]  # fmt: skip
        server = Process(command, Path(folder) / "log", user=user, ending=signal.SIGINT)
        try:
            _wait(programs, port, server)
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/"
        finally:
            server.stop()


def _wait(programs: Path, port: int, server: Process) -> None:
    until = time.monotonic() + _READY_SECONDS
    ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(ready).returncode:
        server.check()
        if time.monotonic() > until:
            raise NotRun("PostgreSQL did not start")
        time.sleep(0.1)
