"""Part `peers`: every contender, the same requests, in turns.

CPU per call is user and system time of the server's processes over a slice of calls, from /proc; slices
of the contenders alternate and the median counts. Throughput is what many connections get at once while
the load shares the machine.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

from lxml import etree

from bench import load
from bench.contenders import CONTENDERS, CONTRACT, ORGBOX, Contender, NotRun
from bench.options import Options
from bench.peers.contract import write_contract
from bench.processes import Process, free_port
from bench.seeding import seed_orgbox, seed_plain
from bench.tables import Table
from bench.workloads import CREATE_ONE, DESCRIBE_MANY, LOGIN, PATH, QUERY_ONE, WORKLOADS, Data, Workload

_START_SECONDS = 30.0
_WARM_SECONDS = 1.0
_CONCURRENT = (QUERY_ONE, CREATE_ONE)
MARK = "bench"


@dataclass(slots=True)
class Entrant:
    """A contender that runs, signed in."""

    name: str
    process: Process
    connection: load.Connection
    data: Data
    session: str
    start_seconds: float
    idle_mb: float
    counter: Iterator[int]
    loaded_mb: float = 0.0

    def bodies(self, workload: Workload) -> Callable[[int], bytes]:
        """The requests of a workload, with this entrant's session."""
        return lambda _: workload.request(self.data, next(self.counter), self.session)


def run(options: Options) -> list[Table]:
    """The tables of this part."""
    with field(options) as (entrants, missing):
        for entrant in entrants:
            _tell(f"{entrant.name}: started in {entrant.start_seconds:.2f} s, warming up")
            for workload in WORKLOADS:
                prove(entrant, workload)
                load.steadily(
                    entrant.connection, entrant.bodies(workload), 0, min(_WARM_SECONDS, options.seconds * 3)
                )
        cpu, latency = _measure(entrants, options)
        together = [_concurrent(entrants, workload, options) for workload in _CONCURRENT]
        for entrant in entrants:
            entrant.loaded_mb = entrant.process.pss_mb()
    notes = [f"Not run: {name}: {why}" for name, why in missing]
    return [
        _absolute(entrants, cpu, options, notes),
        _ratios(entrants, cpu),
        _latency(entrants, latency),
        _processes(entrants),
        *together,
    ]


@contextmanager
def field(options: Options) -> Iterator[tuple[list[Entrant], list[tuple[str, str]]]]:
    """All contenders that run here, started; and the names of the others with the reason."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=MARK)))
        seeded, data = seed_orgbox(folder, options.rows)
        plain = folder / "plain.db"
        seed_plain(plain, data)
        entrants: list[Entrant] = []
        missing: list[tuple[str, str]] = []
        for contender in CONTENDERS:
            if options.only and not any(word in contender.name.lower() for word in options.only):
                continue
            try:
                contender.build()
                database = _copy(seeded if contender.own_database else plain, contender.name)
                entrant = start(contender, database, data)
            except NotRun as reason:
                missing.append((contender.name, str(reason)))
                continue
            stack.callback(entrant.process.stop)
            entrants.append(entrant)
            if contender is ORGBOX:
                _write_contract(entrant)
        yield entrants, missing


def _copy(database: Path, name: str) -> Path:
    copy = database.with_name("".join(filter(str.isalnum, name)) + ".db")
    shutil.copy(database, copy)
    return copy


def start(contender: Contender, database: Path, data: Data) -> Entrant:
    """Start a contender and wait until it has answered a login. Raises NotRun."""
    port = free_port()
    log = database.with_suffix(".log")
    began = time.perf_counter()
    process = Process(contender.command(port, database), log)
    connection = load.Connection(port)
    try:
        session = first_login(process, connection, data)
    except (RuntimeError, ValueError, TimeoutError) as error:
        process.stop()
        raise NotRun(str(error)) from error
    seconds = time.perf_counter() - began
    return Entrant(
        contender.name, process, connection, data, session, seconds, process.pss_mb(), count()
    )


def first_login(process: Process, connection: load.Connection, data: Data) -> str:
    """The session id of the first login answered. Raises RuntimeError, ValueError or TimeoutError."""
    until = time.perf_counter() + _START_SECONDS
    while time.perf_counter() < until:
        process.check()
        try:
            reply = connection.call(LOGIN.request(data, 0))
        except OSError:
            connection.close()
            time.sleep(0.005)
            continue
        if reply.status == 404:  # it listens but has not put its service up yet
            connection.close()
            continue
        LOGIN.check(reply.body)
        return str(etree.fromstring(reply.body).findtext(".//{*}sessionId"))
    raise TimeoutError(f"no login answered in {_START_SECONDS} seconds")


def _write_contract(orgbox: Entrant) -> None:
    """The peers' WSDL and describe answers, as the Orgbox just started gives them."""
    reply = orgbox.connection.call(DESCRIBE_MANY.request(orgbox.data, 0, orgbox.session))
    write_contract(CONTRACT, f"http://127.0.0.1:8080{PATH}", reply.body)


def prove(entrant: Entrant, workload: Workload) -> None:
    """Raises ValueError unless the entrant gives the right answer."""
    reply = entrant.connection.call(entrant.bodies(workload)(0))
    try:
        workload.check(reply.body)
    except ValueError as error:
        raise ValueError(f"{entrant.name}: {error}") from None


def _tell(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


Figures = dict[tuple[str, str], float]


def _measure(entrants: Sequence[Entrant], options: Options) -> tuple[Figures, Figures]:
    """Median CPU seconds and median latency of a call, by entrant and workload."""
    cpu: dict[tuple[str, str], list[float]] = {}
    wall: dict[tuple[str, str], list[float]] = {}
    for turn in range(options.rounds):
        _tell(f"round {turn + 1} of {options.rounds}")
        for workload in WORKLOADS:
            for entrant in entrants:
                before = entrant.process.cpu_seconds()
                measured = load.steadily(
                    entrant.connection, entrant.bodies(workload), 0, options.seconds
                )
                spent = entrant.process.cpu_seconds() - before
                key = (entrant.name, workload.name)
                cpu.setdefault(key, []).append(spent / len(measured.latencies))
                wall.setdefault(key, []).append(measured.quantile(0.5))
    return {k: median(v) for k, v in cpu.items()}, {k: median(v) for k, v in wall.items()}


def _by_workload(
    title: str, entrants: Sequence[Entrant], cell: Callable[[str, str], object], notes: Sequence[str] = ()
) -> Table:
    names = [w.name for w in WORKLOADS]
    rows = [[e.name, *(cell(e.name, name) for name in names)] for e in entrants]
    return Table(title, ["contender", *names], rows, notes)


def _absolute(
    entrants: Sequence[Entrant], cpu: Figures, options: Options, notes: Sequence[str]
) -> Table:
    title = f"CPU a call of the server's processes, microseconds ({options.rows:,} rows)"
    return _by_workload(title, entrants, lambda e, w: round(cpu[e, w] * 1e6), notes)


def _ratios(entrants: Sequence[Entrant], cpu: Figures) -> Table:
    first = entrants[0].name
    title = f"CPU a call as a multiple of {first}'s"
    return _by_workload(title, entrants, lambda e, w: cpu[e, w] / cpu[first, w])


def _latency(entrants: Sequence[Entrant], wall: Figures) -> Table:
    title = "Latency on one connection, milliseconds (median)"
    return _by_workload(title, entrants, lambda e, w: wall[e, w] * 1e3)


def _processes(entrants: Sequence[Entrant]) -> Table:
    rows = [
        [e.name, e.start_seconds, e.idle_mb, e.loaded_mb]
        for e in entrants
    ]
    columns = ["contender", "start to first login, s", "PSS after it, MB", "PSS after the load, MB"]
    return Table("Start and memory", columns, rows)


def _concurrent(entrants: Sequence[Entrant], workload: Workload, options: Options) -> Table:
    _tell(f"many connections at once: {workload.name}")
    rates: dict[tuple[str, int], list[float]] = {}
    slow: dict[tuple[str, int], list[float]] = {}
    for _ in range(options.rounds):
        for connections in options.connections:
            for entrant in entrants:
                measured = load.at_once(
                    entrant.connection.port, connections, entrant.bodies(workload), 0, options.seconds
                )
                key = (entrant.name, connections)
                rates.setdefault(key, []).append(measured.rate)
                slow.setdefault(key, []).append(measured.quantile(0.95))
    columns = [
        "contender", *(f"{n} conn., calls/s" for n in options.connections),
        *(f"{n} conn., 95 % within ms" for n in options.connections),
    ]  # fmt: skip
    rows = [
        [e.name, *(round(median(rates[e.name, n])) for n in options.connections),
         *(median(slow[e.name, n]) * 1e3 for n in options.connections)]
        for e in entrants
    ]  # fmt: skip
    return Table(f"Many connections at once: {workload.name}", columns, rows)
