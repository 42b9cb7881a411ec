"""Part `inside`: Orgbox in one process, without HTTP, beside its floors.

For each workload: the CPU of Orgbox's WSGI application; of a bare Spyne application that answers alike
out of memory (floors.BareSpyne); and of the SQL of those very calls, recorded and replayed with the bare
driver on a copy of the database. They take turns.
"""

import io
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from lxml import etree
from sqlalchemy import Connection, event

from bench import floors
from bench.contenders import ECHO
from bench.options import Options
from bench.seeding import orgbox_config, seed_orgbox, seed_plain
from bench.tables import Table
from bench.workloads import (
    BATCH,
    CREATE_MANY,
    CREATE_ONE,
    DESCRIBE_MANY,
    DESCRIBED,
    LOGIN,
    MANY,
    PATH,
    QUERY_ONE,
    WORKLOADS,
    Data,
    Workload,
)
from orgbox.app import App, build
from orgbox.org.modes import Mode, mode_of

_ROWS = 20_000
_CALLS = {"create 200": 5, "query 2,000": 8, "retrieve 200": 20, "login": 30, "describe 10": 40}
_BOUND = 3.0
Wsgi = Callable[..., Any]


def run(options: Options) -> list[Table]:
    """The tables of this part."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        seeded, data = seed_orgbox(Path(folder), min(options.rows, _ROWS))
        app = build(orgbox_config(f"sqlite:///{seeded}"))
        recorder = Recorder(app)
        session = text_of(post(app.wsgi, LOGIN.request(data, 0)), "sessionId")
        bare = _bare_spyne(app, data, session)
        rows = [_row(w, app, bare.app, recorder, data, session, options) for w in WORKLOADS]
        app.close()
        plain = Path(folder) / "plain.db"
        seed_plain(plain, data)
        return [_beside(rows), _floors(plain, data, options)]


def post(app: Wsgi, body: bytes, base: str = "") -> bytes:
    """The answer of a WSGI application, in this process, under a base URL. Raises ValueError on a fault."""
    told: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": base + PATH, "SCRIPT_NAME": "", "QUERY_STRING": "",
        "CONTENT_TYPE": "text/xml; charset=UTF-8", "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http", "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80", "HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1",
    }  # fmt: skip
    answer = b"".join(app(environ, lambda status, headers, *rest: told.append(status)))
    if not told[0].startswith("200"):
        raise ValueError(answer[:600].decode("utf-8", "replace"))
    return answer


def text_of(answer: bytes, name: str) -> str:
    """The text of the first element of that name."""
    return str(etree.fromstring(answer).findtext(f".//{{*}}{name}"))


class Recorder:
    """The SQL of an application, recorded and replayed."""

    def __init__(self, app: App) -> None:
        engine = app.orgs.database.engine
        self._database = Path(str(engine.url.database))
        self._statements: list[tuple[str, Any, bool]] = []
        self._on = self._in_transaction = False
        event.listen(engine, "before_cursor_execute", self._note)
        event.listen(engine, "begin", self._begun)
        event.listen(engine, "commit", self._committed)

    def _note(self, _c: Any, _cursor: Any, sql: str, given: Any, _context: Any, many: bool) -> None:
        if self._on:
            self._statements.append((sql, given, many))

    def _begun(self, connection: Connection) -> None:
        if not self._in_transaction:  # else it is SQLAlchemy that takes part in one
            self._in_transaction = True
            word = "BEGIN" if mode_of(connection) is Mode.READ else "BEGIN IMMEDIATE"
            self._note(None, None, word, (), None, False)

    def _committed(self, _connection: Connection) -> None:
        if self._in_transaction:
            self._in_transaction = False
            self._note(None, None, "COMMIT", (), None, False)

    def sql_seconds(self, work: Callable[[], object]) -> float:
        """CPU of the SQL of some work, by the bare driver on a copy made before it."""
        copy = self._copy()
        self._statements.clear()
        self._on = True
        work()
        self._on = False
        return self._replay(copy)

    def _copy(self) -> Path:
        path = self._database.with_name("replay.db")
        for end in ("", "-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
        source, target = sqlite3.connect(self._database), sqlite3.connect(path)
        source.backup(target)
        source.close()
        target.close()
        return path

    def _replay(self, database: Path) -> float:
        connection = sqlite3.connect(database, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16000"):
            connection.execute(f"PRAGMA {pragma}")
        cursor = connection.cursor()
        before = time.process_time()
        for sql, given, many in self._statements:
            if many:
                cursor.executemany(sql, given)
            else:
                cursor.execute(sql, given).fetchall()
        spent = time.process_time() - before
        connection.close()
        return spent


def _bare_spyne(app: App, data: Data, session: str) -> floors.BareSpyne:
    """With the texts Orgbox itself answers to describe and login."""
    answer = post(app.wsgi, DESCRIBE_MANY.request(data, 0, session)).decode()
    results = re.findall(r"<result>.*?</result>", answer, re.DOTALL)
    described = dict(zip(DESCRIBED, results, strict=True))
    signed_in = post(app.wsgi, LOGIN.request(data, 0)).decode()
    found = re.search(r"<result>.*</result>", signed_in, re.DOTALL)
    assert found
    return floors.BareSpyne(data, described, found[0])


def _row(
    workload: Workload, app: App, bare: Wsgi, recorder: Recorder, data: Data, session: str,
    options: Options,
) -> list[object]:  # fmt: skip
    calls = _CALLS.get(workload.name, 100)
    workload.check(post(bare, workload.request(data, 0, session)))
    turns: list[tuple[float, float, float]] = []
    for turn in range(options.rounds + 1):
        own, recorded = (
            [workload.request(data, (2 * turn + half) * calls + n, session) for n in range(calls)]
            for half in (0, 1)
        )
        turns.append((
            _spent(app.wsgi, own) / calls,
            _spent(bare, own) / calls,
            recorder.sql_seconds(partial(_spent, app.wsgi, recorded)) / calls,
        ))  # fmt: skip
    own_cpu, floor, sql = (median(column) for column in zip(*turns[1:], strict=True))
    return [workload.name, own_cpu * 1e6, floor * 1e6, sql * 1e6, (own_cpu - sql) / floor]


def _spent(app: Wsgi, requests: Sequence[bytes]) -> float:
    before = time.process_time()
    for request in requests:
        post(app, request)
    return time.process_time() - before


def _beside(rows: list[list[object]]) -> Table:
    columns = ["call", "Orgbox", "bare Spyne, out of memory", "SQL, bare driver",
               "(Orgbox - SQL) / bare Spyne"]  # fmt: skip
    note = f"The aim: no call above {_BOUND:.0f} in the last column."
    return Table("In one process, without HTTP: CPU a call, microseconds", columns, rows, [note])


def _floors(plain: Path, data: Data, options: Options) -> Table:
    """The floors of the single steps."""
    steps: dict[str, Callable[[], float]] = {}
    for workload, times in ((QUERY_ONE, 500), (CREATE_ONE, 500), (CREATE_MANY, 20)):
        steps[f"lxml: parse the request of {workload.name}"] = partial(
            floors.parse_seconds, workload, data, times
        )
    for rows, times in ((1, 2_000), (MANY, 100), (BATCH, 10)):
        steps[f"text: encode {rows:,} records"] = partial(floors.encode_seconds, data, rows, times)
    for rows, times in ((1, 50), (MANY, 20)):
        steps[f"SQLite: insert {rows:,} rows, commit"] = partial(
            floors.insert_seconds, plain, data, rows, times
        )
    cpu = {name: median(step() for _ in range(options.rounds)) for name, step in steps.items()}
    cpu |= _echoes(plain, data, options)
    shown = [[name, seconds * 1e6] for name, seconds in cpu.items()]
    return Table("Floors of single steps: CPU, microseconds", ["step", "CPU"], shown)


def _echoes(plain: Path, data: Data, options: Options) -> dict[str, float]:
    bodies = [workload.request(data, 0, "x" * 112) for workload in (QUERY_ONE, CREATE_MANY)]
    bodies.append("".join([floors.write_record("records", r) for r in floors.rows_of(data)]).encode())
    log = plain.with_name("echo.log")
    seconds = floors.echo_seconds(lambda port: ECHO.command(port, plain), log, bodies, options.seconds)
    names = [f"waitress: HTTP alone, echo of {len(body) / 1000:.1f} kB" for body in bodies]
    return dict(zip(names, seconds, strict=True))
