"""Part `start`: from nothing to the first answered login, and what a service costs that does nothing."""

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench.compare import first_login
from bench.contenders import ORGBOX
from bench.load import Connection
from bench.options import Options
from bench.processes import Process, free_port
from bench.seeding import orgbox_config
from bench.tables import Table
from bench.workloads import Data
from orgbox.app import build
from orgbox.config import configure
from orgbox.org.lifecycle import Lifecycle
from orgbox.org.seed import read_seed

_IDLE_SECONDS = 2.0
_MANY = 32


def run(options: Options) -> list[Table]:
    """The tables of this part."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        return [
            _processes(Path(folder), options),
            _workers(Path(folder), options),
            _first(options),
            _inside(Path(folder), options),
        ]


def _processes(folder: Path, options: Options) -> Table:
    fresh, again = [], []
    for turn in range(options.rounds):
        database = folder / f"start{turn}.db"
        fresh.append(_start(database))
        again.append(_start(database))
    rows = [
        ["start to first login, new database, s", median(s.seconds for s in fresh)],
        ["start to first login, existing database, s", median(s.seconds for s in again)],
        ["CPU of that, new database, s", median(s.cpu for s in fresh)],
        ["CPU of that, existing database, s", median(s.cpu for s in again)],
        [f"PSS, idle {_IDLE_SECONDS:.0f} s after the first login, MB", median(s.megabytes for s in again)],
        [f"PSS, idle after {_MANY} logins on as many connections, MB", median(s.later for s in again)],
        ["CPU of an idle process, ms a second", median(s.idle for s in again) * 1e3],
    ]
    return Table("A process of Orgbox", ["figure", "median"], rows)


@dataclass(frozen=True, slots=True)
class _Started:
    """Seconds and CPU to the first login, MB when idle, share of a CPU then, MB after many logins."""

    seconds: float
    cpu: float
    megabytes: float
    idle: float
    later: float


def _start(database: Path, workers: int = 1) -> _Started:
    port = free_port()
    began = time.perf_counter()
    command = [*ORGBOX.command(port, database), f"--workers={workers}"]
    process = Process(command, database.with_suffix(".log"))
    try:
        _login(process, port)
        seconds, cpu = time.perf_counter() - began, process.cpu_seconds()
        time.sleep(_IDLE_SECONDS / 4)
        busy = process.cpu_seconds()
        time.sleep(_IDLE_SECONDS)
        idle, megabytes = (process.cpu_seconds() - busy) / _IDLE_SECONDS, process.pss_mb()
        with ThreadPoolExecutor(_MANY) as callers:
            list(callers.map(lambda _: _login(process, port), range(_MANY)))
        return _Started(seconds, cpu, megabytes, idle, process.pss_mb())
    finally:
        process.stop()


def _login(process: Process, port: int) -> None:
    connection = Connection(port)
    first_login(process, connection, Data("", ()))
    connection.close()


def _workers(folder: Path, options: Options) -> Table:
    """PSS of the whole family after as many logins that all have worked."""
    counts = (1, 2, 4)
    found: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(options.rounds):
        for count in counts:
            found[count].append(_start(folder / "workers.db", count).later)
    one, two, four = (median(found[count]) for count in counts)
    rows = [["one process", one], ["two workers, in all", two], ["each further worker", (four - two) / 2]]
    return Table(f"Memory with `--workers`, after {_MANY} logins", ["processes", "PSS, MB"], rows)


def _first(options: Options) -> Table:
    command = [sys.executable, "-m", "bench.first_start"]
    runs = [
        json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
        for _ in range(options.rounds)
    ]
    listening, cpu, answered = (median(run[n] for run in runs) * 1e3 for n in range(3))
    rows = [
        ["orgbox.testing.serve(): start", listening, cpu],
        ["the same, to the first login answered", answered, "-"],
    ]
    columns = ["the first service of a test process", "wall, ms", "CPU, ms"]
    return Table("The first service of a test process, everything imported", columns, rows)


def _inside(folder: Path, options: Options) -> Table:
    """In a running process, everything imported: services and orgs, as a test suite makes them."""
    config = orgbox_config(f"sqlite:///{folder}/inside.db")
    app = build(config)
    orgs = Lifecycle(app.orgs)
    seed = replace(read_seed(""), id=None)
    memory = configure(database="sqlite://", hash_memory_kib=64, hash_rounds=1)
    first = orgs.create(seed)
    rows = [
        ["app.build, existing database", *_timed(options, lambda: build(config).close())],
        ["app.build, new database in memory", *_timed(options, lambda: build(memory).close())],
        ["a fresh org from the seed", *_timed(options, lambda: orgs.create(seed))],
        ["a fork of an org", *_timed(options, lambda: orgs.fork(first))],
    ]
    app.close()
    columns = ["in a running process", "wall, ms", "CPU, ms"]
    return Table("Services and orgs inside a running process", columns, rows)


def _timed(options: Options, work: Callable[[], object]) -> tuple[float, float]:
    """Median milliseconds of wall clock and CPU."""
    wall, cpu = [], []
    for _ in range(options.rounds * 2):
        gc.collect()
        before, busy = time.perf_counter(), time.process_time()
        work()
        wall.append((time.perf_counter() - before) * 1e3)
        cpu.append((time.process_time() - busy) * 1e3)
    return median(wall[1:]), median(cpu[1:])
