"""Part `start`: from nothing to the first answered login, and what a service costs that does nothing."""

import gc
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
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


def run(options: Options) -> list[Table]:
    """The tables of this part."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        return [_processes(Path(folder), options), _inside(Path(folder), options)]


def _processes(folder: Path, options: Options) -> Table:
    fresh, again, idle, cpu = [], [], [], []
    for turn in range(options.rounds):
        database = folder / f"start{turn}.db"
        fresh.append(_start(database)[0])
        seconds, megabytes, busy = _start(database)
        again.append(seconds)
        idle.append(megabytes)
        cpu.append(busy)
    rows = [
        ["start to first login, new database, s", median(fresh)],
        ["start to first login, existing database, s", median(again)],
        [f"PSS, idle {_IDLE_SECONDS:.0f} s after the first login, MB", median(idle)],
        ["CPU of an idle process, ms a second", median(cpu) * 1e3],
    ]
    return Table("A process of Orgbox", ["figure", "median"], rows)


def _start(database: Path) -> tuple[float, float, float]:
    """Seconds to the first login, MB when idle, share of a CPU when idle."""
    port = free_port()
    began = time.perf_counter()
    process = Process(ORGBOX.command(port, database), database.with_suffix(".log"))
    try:
        connection = Connection(port)
        first_login(process, connection, Data("", ()))
        seconds = time.perf_counter() - began
        connection.close()
        time.sleep(_IDLE_SECONDS / 4)
        busy = process.cpu_seconds()
        time.sleep(_IDLE_SECONDS)
        return seconds, process.pss_mb(), (process.cpu_seconds() - busy) / _IDLE_SECONDS
    finally:
        process.stop()


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
