"""Part `scale`: many orgs on one PostgreSQL: what an org costs in space, and each step as there are more.

Orgs are made in bulk, as copies of one that the service made, up to each number; then the service makes
some itself, and in orgs picked from all of them somebody signs in, invites and queries. Times are those
of a call in this process, without HTTP.
"""

import random
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import Connection, text

from bench.contenders import NotRun
from bench.inside import post, text_of
from bench.options import Options
from bench.postgres import postgresql
from bench.seeding import orgbox_config, user_of
from bench.tables import Table
from bench.workloads import CREATE_ONE, LOGIN, Data, Workload, search
from orgbox import ids
from orgbox.app import App, build
from orgbox.org.layout import TableLayout
from orgbox.org.lifecycle import Lifecycle
from orgbox.org.org import Org
from orgbox.org.registry import ORG_PREFIX
from orgbox.org.seed import read_seed

_SAMPLE = 60
_CHUNK = 2_000
_QUERY = Workload("query", lambda _, i: search(f"new1.{i}.0@acme.com"), r"</[\w:]*OptionalMessage>", 1)


def run(options: Options) -> list[Table]:
    """The table of this part."""
    try:
        with postgresql() as server:
            return [_measured(f"{server}postgres", options.orgs)]
    except NotRun as reason:
        return [Table("Many orgs", ["not run"], [[str(reason)]])]


def _measured(url: str, sizes: Sequence[int]) -> Table:
    app = build(orgbox_config(url))
    crowd = Crowd(app)
    columns = [_column(crowd, size) for size in sizes]
    names = list(columns[0])
    rows = [[name, *(column[name] for column in columns)] for name in names]
    app.close()
    return Table("Many orgs on one PostgreSQL", ["figure", *(f"{size:,} orgs" for size in sizes)], rows)


def _column(crowd: "Crowd", size: int) -> dict[str, float]:
    """The figures at a number of orgs, by their name."""
    began = time.perf_counter()
    crowd.grow(size - _SAMPLE)
    made = time.perf_counter() - began
    found: dict[str, float] = {
        "an org made by the service, ms": median(_timed(crowd.make) for _ in range(_SAMPLE)),
    }
    found |= crowd.calls()
    started = _timed(crowd.start_again)
    return found | {
        "start of another process, ms": started,
        "the org of an address without one, ms": median(_timed(crowd.app.orgs.default) for _ in range(9)),
        "database, kB an org": crowd.database_bytes() / size / 1024,
        "this process, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "made in bulk in, s": made,
    }


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


@dataclass
class Crowd:
    """The orgs of a service."""

    app: App

    def __post_init__(self) -> None:
        self._seed = read_seed("")
        self._lifecycle = Lifecycle(self.app.orgs)
        self._numbers: list[int] = []
        self._model = self.make()
        self._random = random.Random(7)
        self._data = Data(user_of(self._model), [])

    def make(self) -> Org:
        """An org, made as for a test."""
        made = self._lifecycle.create(self._seed)
        self._numbers.append(made.number)
        return made

    def grow(self, size: int) -> None:
        """Copies of the first org until there are so many."""
        while len(self._numbers) < size:
            fresh = [self._random.randrange(62**9) for _ in range(min(_CHUNK, size - len(self._numbers)))]
            with self.app.orgs.database.write() as connection:
                _copy(connection, self.app, self._model.number, fresh)
            self._numbers += fresh
        engine = self.app.orgs.database.engine
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))  # as autovacuum does in time

    def calls(self) -> dict[str, float]:
        """Median milliseconds of the first calls in orgs that nobody has used yet, and of a second query."""
        times: dict[str, list[float]] = {}
        for i, number in enumerate(self._random.sample(self._numbers[1:], _SAMPLE)):
            session, base = "", f"/org/{ids.make(ORG_PREFIX, number)[:15]}"
            for name, workload in (("login", LOGIN), ("invite", CREATE_ONE), ("query", _QUERY),
                                   ("query again", _QUERY)):  # fmt: skip
                request = workload.request(self._data, i, session)
                began = time.perf_counter()
                answer = post(self.app.wsgi, request, base)
                times.setdefault(f"{name}, ms", []).append((time.perf_counter() - began) * 1000)
                workload.check(answer)
                session = session or text_of(answer, "sessionId")
        return {name: median(found) for name, found in times.items()}

    def start_again(self) -> None:
        """Another process's way to the same database."""
        build(self.app.config).close()

    def database_bytes(self) -> int:
        """What the database has on disk."""
        with self.app.orgs.database.read() as connection:
            return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def _copy(connection: Connection, app: App, source: int, numbers: Sequence[int]) -> None:
    """Every row of one org for each of the numbers, and what is not the same in all of them."""
    connection.execute(text("CREATE TEMPORARY TABLE fresh (org_ BIGINT, id_ CHAR(18)) ON COMMIT DROP"))
    rows = [{"org": n, "id": ids.make(ORG_PREFIX, n)} for n in numbers]
    connection.execute(text("INSERT INTO fresh VALUES (:org, :id)"), rows)
    for layout in app.orgs.store.schema.layouts.values():
        if "org" in layout.key:
            connection.execute(text(_copying(layout, source)))


_OTHER = {
    ("orgbox_org", "id"): "id_", ("Organization", "Id"): "id_", ("orgbox_unique", "owner_org"): "org_",
}  # fmt: skip


def _copying(layout: TableLayout, source: int) -> str:
    names = [column.name for column in layout.columns]
    values = ["org_" if n == "org" else _OTHER.get((layout.name, n), f'"{n}"') for n in names]
    quoted = ", ".join(f'"{name}"' for name in names)
    return (
        f'INSERT INTO "{layout.name}" ({quoted}) SELECT {", ".join(values)} '
        f'FROM "{layout.name}" CROSS JOIN fresh WHERE org = {source}'
    )
