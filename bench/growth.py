"""Part `growth`: the same queries over ever more rows, on SQLite and on PostgreSQL.

All sizes stand ready at once and take turns. The time is that of `orgbox.org.query` in all: finding the
plan, the database, the rows as Python values; without SOAP. On SQLite it is that of the CPU, as all is done
in the process, so that what else runs on the machine counts for less.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from sqlalchemy import create_engine, event, text

from bench import parsing
from bench.contenders import NotRun
from bench.options import Options
from bench.postgres import postgresql
from bench.seeding import SOBJECT, load, orgbox_config, user_of
from bench.tables import Table
from bench.workloads import BATCH, FIELDS, MANY, address
from orgbox.app import open_orgs
from orgbox.catalog.load import Catalog
from orgbox.limits import STRICT
from orgbox.org import query
from orgbox.org import session as sessions
from orgbox.org.cursors import Later
from orgbox.org.org import Org
from orgbox.org.session import Session

VERSION = 66
_SELECT = f"SELECT {', '.join(FIELDS)} FROM {SOBJECT}"
_PATIENT = replace(STRICT, query_seconds=600.0)  # so that a busy machine ends no run


@dataclass(slots=True)
class Place:
    """An org with so many invitations, and a user at work in it."""

    size: int
    session: Session
    catalog: Catalog
    ids: Sequence[str]
    locator: str = ""
    turn: int = 0
    seen: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def on_sqlite(self) -> bool:
        """Whether the database works in this process."""
        return self.session.connection.dialect.name == "sqlite"

    def ask(self, soql: str) -> int:
        """Run a query; how many records came."""
        answer, _ = query.run(self.session, self.catalog, soql, BATCH)
        return len(answer.rows)


@dataclass(frozen=True, slots=True)
class Work:
    """`flat` work must not grow with the table; `explained` work has its plan printed."""

    name: str
    run: Callable[[Place], object]
    flat: bool = True
    explained: bool = False


def _equality(place: Place) -> object:
    return place.ask(f"{_SELECT} WHERE InvitedUserEmail = '{address(_some(place))}'")


def _prefix(place: Place) -> object:
    return place.ask(f"{_SELECT} WHERE InvitedUserEmail LIKE '{address(_some(place))[:13]}%'")


def _newest(place: Place) -> object:
    return place.ask(f"{_SELECT} ORDER BY CreatedDate DESC LIMIT 10")


def _newest_sent(place: Place) -> object:
    return place.ask(f"{_SELECT} WHERE Status = 'Sent' ORDER BY CreatedDate DESC LIMIT 10")


def _retrieve(place: Place) -> object:
    start = _some(place)
    wanted = [place.ids[(start + n * 97) % place.size] for n in range(MANY)]
    return query.retrieve(place.session, place.catalog, FIELDS, SOBJECT, wanted)


def _batch(place: Place) -> object:
    return place.ask(f"{_SELECT} LIMIT {BATCH}")


def _deep_page(place: Place) -> object:
    """The last full page but one; the first of two where there is no other."""
    pages = place.size // BATCH
    at = max(pages - 2, 0) * BATCH
    return query.more(place.session, place.catalog, f"{place.locator}-{at}", BATCH)


def _first_page(place: Place) -> object:
    answer, _ = query.run(place.session, place.catalog, _SELECT, BATCH)
    return answer


def _count(place: Place) -> object:
    return query.run(place.session, place.catalog, f"SELECT COUNT() FROM {SOBJECT}", BATCH)


def _groups(place: Place) -> object:
    return place.ask(f"SELECT Status, COUNT(Id) FROM {SOBJECT} GROUP BY Status")


WORKS = (
    Work("e-mail = 'x'", _equality, explained=True),
    Work("e-mail LIKE 'x%' (10 rows)", _prefix, explained=True),
    Work("ORDER BY CreatedDate DESC LIMIT 10", _newest, explained=True),
    Work("Status = 'Sent' ORDER BY CreatedDate DESC LIMIT 10", _newest_sent, explained=True),
    Work("retrieve of 200 ids", _retrieve),
    Work("page of 2,000, LIMIT 2000", _batch, explained=True),
    Work("page of 2,000 near the end, by locator", _deep_page),
    Work("first page of all, with the cursor's ids", _first_page, flat=False),
    Work("COUNT()", _count, flat=False, explained=True),
    Work("Status, COUNT(Id) GROUP BY Status", _groups, flat=False, explained=True),
)


def _some(place: Place) -> int:
    place.turn += 1
    return place.turn * 7919 % place.size


def run(options: Options) -> list[Table]:
    """The tables of this part."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        urls = [(size, f"sqlite:///{folder}/{size}.db") for size in options.sizes]
        tables = _on("SQLite", urls, options)
    if options.postgresql:
        try:
            tables += _on_postgresql(options)
        except NotRun as reason:
            tables.append(Table("PostgreSQL", ["not run"], [[str(reason)]]))
    return [*tables, *parsing.run(options)]


def _on_postgresql(options: Options) -> list[Table]:
    with postgresql() as server:
        admin = create_engine(f"{server}postgres", isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for size in options.sizes:
                connection.execute(text(f"CREATE DATABASE rows{size}"))
        admin.dispose()
        urls = [(size, f"{server}rows{size}") for size in options.sizes]
        return _on("PostgreSQL", urls, options)


def _on(name: str, urls: Sequence[tuple[int, str]], options: Options) -> list[Table]:
    with ExitStack() as stack:
        places = [stack.enter_context(_place(size, url)) for size, url in urls]
        for _, url in urls:
            _into_memory(url)
        times = _measure(places, options)
        return [_growth(name, places, times), _plans(name, places[-1])]


def _into_memory(url: str) -> None:
    """Read SQLite's file once: what is measured is the size, not the disk, as VACUUM does on PostgreSQL."""
    scheme, _, path = url.partition(":///")
    if scheme == "sqlite":
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 24):
                pass


@contextmanager
def _place(size: int, url: str) -> Iterator[Place]:
    orgs = open_orgs(orgbox_config(url, durable=False), limits=_PATIENT)
    org = orgs.all()[0]
    ids = load(org, user_of(org), size)
    if not orgs.database.is_sqlite:
        with orgs.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as raw:
            raw.execute(text("VACUUM ANALYZE"))  # as autovacuum does in time
    with _session(org) as session:
        locator, later = _cursor(session, size)
    with orgs.database.write() as connection:
        later(connection)
    with _session(org) as session:
        place = Place(size, session, session.catalog, ids, locator)
        event.listen(orgs.database.engine, "before_cursor_execute", _noting(place))
        yield place
    orgs.database.close()


@contextmanager
def _session(org: Org) -> Iterator[Session]:
    with org.store.database.write() as connection:
        session_id = sessions.start(connection, org, user_of(org))
    with org.store.database.read() as connection:
        yield sessions.resume(connection, org, session_id, VERSION)


def _cursor(session: Session, size: int) -> tuple[str, Later]:
    """The id of a cursor over everything, and what keeps it."""
    answer, later = query.run(session, session.catalog, _SELECT, min(BATCH, size // 2))
    assert later and answer.locator
    return answer.locator.partition("-")[0], later


def _noting(place: Place) -> Callable[..., None]:
    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        place.seen[:] = [(statement, parameters)]

    return note


Times = dict[tuple[str, int], float]


def _measure(places: Sequence[Place], options: Options) -> Times:
    """Milliseconds by work and size: the median of a turn, the least of several turns."""
    found: dict[tuple[str, int], list[float]] = {}
    for turn in range(options.rounds + 1):
        for work in WORKS:
            for place in places:
                times = _repeat(work, place, options.seconds / 4)
                if turn:  # the first one warms up
                    found.setdefault((work.name, place.size), []).append(times)
    return {key: min(times) for key, times in found.items()}


def _repeat(work: Work, place: Place, seconds: float) -> float:
    clock = time.process_time if place.on_sqlite else time.perf_counter
    times: list[float] = []
    until = time.perf_counter() + seconds
    while not times or time.perf_counter() < until:
        before = clock()
        work.run(place)
        times.append((clock() - before) * 1e3)
    return median(times)


def _growth(name: str, places: Sequence[Place], times: Times) -> Table:
    sizes = [place.size for place in places]
    base = 100_000 if 100_000 in sizes else sizes[0]
    columns = ["work", *(f"{size:,} rows" for size in sizes), f"{sizes[-1]:,} to {base:,}", "flat"]
    rows = [
        [work.name, *(times[work.name, size] for size in sizes),
         times[work.name, sizes[-1]] / times[work.name, base], _verdict(work, times, base, sizes[-1])]
        for work in WORKS
    ]  # fmt: skip
    what = "milliseconds of CPU" if places[0].on_sqlite else "milliseconds"
    return Table(f"Growth on {name}: {what} in orgbox.org.query", columns, rows)


def _verdict(work: Work, times: Times, base: int, largest: int) -> str:
    if not work.flat:
        return "linear by nature"
    return "yes" if times[work.name, largest] <= 2 * times[work.name, base] else "NO"


def _plans(name: str, place: Place) -> Table:
    """What the database does for each query, at the largest size."""
    rows = []
    for work in WORKS:
        if work.explained:
            work.run(place)
            rows.append([work.name, _explain(place)])
    return Table(f"Plans on {name}, {place.size:,} rows", ["work", "plan"], rows)


def _explain(place: Place) -> str:
    statement, parameters = place.seen[-1]
    connection = place.session.connection
    sqlite = place.on_sqlite
    word = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN (COSTS OFF)"
    found = connection.exec_driver_sql(f"{word} {statement}", parameters).fetchall()
    if sqlite:
        return "; ".join(row[3] for row in found)
    steps = [row[0].strip().removeprefix("->").strip() for row in found]
    return "; ".join(s for s in steps if "Scan" in s or "Sort" in s or "Aggregate" in s)
