"""Part `databases`: the same calls on SQLite and on PostgreSQL, the CPU of Orgbox's own process.

On SQLite that holds the database's work too, on PostgreSQL only that of speaking to it.
"""

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.contenders import NotRun
from bench.inside import post, text_of
from bench.options import Options
from bench.postgres import postgresql
from bench.seeding import fill, orgbox_config, user_of
from bench.tables import Table
from bench.workloads import LOGIN, WORKLOADS, Data, Workload
from orgbox.app import App, build

_ROWS = 20_000
_CALLS = {"create 200": 5, "query 2,000": 8, "retrieve 200": 20, "login": 30, "describe 10": 40}
_BOUND = 1.3


@dataclass(frozen=True, slots=True)
class Place:
    """A service in this process, and a session of it."""

    app: App
    data: Data
    session: str

    def spent(self, workload: Workload, turn: int) -> float:
        """CPU seconds of a call, the mean of a slice."""
        calls = _CALLS.get(workload.name, 100)
        requests = [workload.request(self.data, turn * calls + n, self.session) for n in range(calls)]
        before = time.process_time()
        for request in requests:
            post(self.app.wsgi, request)
        return (time.process_time() - before) / calls


def run(options: Options) -> list[Table]:
    """The table of this part."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench"))
        try:
            server = stack.enter_context(postgresql())
        except NotRun as reason:
            return [Table("SQLite and PostgreSQL", ["not run"], [[str(reason)]])]
        urls = (f"sqlite:///{Path(folder)}/orgbox.db", f"{server}postgres")
        places = [_place(url, min(options.rows, _ROWS)) for url in urls]
        rows = [_row(workload, places, options) for workload in WORKLOADS]
        for place in places:
            place.app.close()
    title = "In one process, without HTTP: CPU a call on each database, microseconds"
    note = f"The aim: no call above {_BOUND} in the last column."
    return [Table(title, ["call", "SQLite", "PostgreSQL", "PostgreSQL / SQLite"], rows, [note])]


def _place(url: str, rows: int) -> Place:
    app = build(orgbox_config(url))
    org = app.orgs.all()[0]
    user_id = user_of(org)
    data = Data(user_id, fill(org, user_id, rows))
    return Place(app, data, text_of(post(app.wsgi, LOGIN.request(data, 0)), "sessionId"))


def _row(workload: Workload, places: Sequence[Place], options: Options) -> list[object]:
    for place in places:
        workload.check(post(place.app.wsgi, workload.request(place.data, 0, place.session)))
    turns = [[place.spent(workload, turn + 1) for place in places] for turn in range(options.rounds + 1)]
    sqlite, postgres = (median(column) for column in zip(*turns[1:], strict=True))
    return [workload.name, sqlite * 1e6, postgres * 1e6, postgres / sqlite]
