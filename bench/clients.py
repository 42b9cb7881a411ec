"""Part `clients`: where the time of a zeep user goes, call by call.

Wall clock and CPU of the client with zeep, CPU of the server meanwhile, and the wall clock of the same
call by the raw client of `bench.load`. Then the CPU that orgbox_client takes for the records of a query.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from statistics import median
from typing import Any

import requests
import zeep
from zeep.transports import Transport

from bench import compare, load
from bench.compare import Entrant
from bench.options import Options
from bench.tables import Table
from bench.workloads import DESCRIBED, FIELDS, MANY, PASSWORD, PATH, USERNAME, WORKLOADS, Workload
from orgbox_client import connect

_ENS = "{urn:sobject.enterprise.soap.sforce.com}"
_SECONDS = 0.5
_TURNS = 7
_SELECT = f"SELECT {', '.join(FIELDS)} FROM CollaborationInvitation"
_MANY_RECORDS = f"{_SELECT} LIMIT 2000"
Call = Callable[[int], object]


def run(options: Options) -> list[Table]:
    """The table of this part."""
    with compare.field(replace(options, only=("orgbox",))) as (entrants, missing):
        if missing:
            raise ValueError(missing[0][1])
        orgbox = entrants[0]
        calls = _calls(orgbox)
        rows = [[w.name, *_measure(orgbox, w, calls[w.name])] for w in WORKLOADS]
        reading = _reading(orgbox, calls["query 2,000"])
    columns = ["call", "zeep, wall", "zeep, CPU of the client", "CPU of the server", "raw client, wall"]
    return [Table("A zeep user's time, milliseconds a call", columns, rows), reading]


def _calls(orgbox: Entrant) -> dict[str, Call]:
    """Each workload by zeep, as a user would write it."""
    url = f"http://127.0.0.1:{orgbox.connection.port}{PATH}"
    client = zeep.Client(f"{url}?wsdl", transport=Transport(session=requests.Session()))
    service: Any = client.create_service("{urn:enterprise.soap.sforce.com}SoapBinding", url)
    header = {"SessionHeader": {"sessionId": orgbox.session}}
    invitation = client.get_type(f"{_ENS}CollaborationInvitation")
    numbers = count()

    def create(size: int) -> object:
        turn = next(numbers)
        records = [
            invitation(Id=zeep.xsd.SkipValue, InvitedUserEmail=f"zeep{turn}.{n}@acme.com",
                       SharedEntityId=orgbox.data.user_id, OptionalMessage=f"Welcome, number {n}.")
            for n in range(size)
        ]  # fmt: skip
        return service.create(records, _soapheaders=header)

    def query(text: str) -> object:
        return service.query(text, _soapheaders=header)

    def describe(names: tuple[str, ...]) -> object:
        return service.describeSObjects(list(names), _soapheaders=header)

    wanted = list(orgbox.data.ids[:MANY])
    return {
        "login": lambda _: service.login(USERNAME, PASSWORD),
        "create 1": lambda _: create(1),
        "create 200": lambda _: create(MANY),
        "query 1 row": lambda i: query(f"{_SELECT} WHERE InvitedUserEmail = 'person{i:08d}@acme.com'"),
        "query 2,000": lambda _: query(_MANY_RECORDS),
        "retrieve 200": lambda _: service.retrieve(
            ", ".join(FIELDS), "CollaborationInvitation", wanted, _soapheaders=header
        ),
        "describe 1": lambda _: describe(DESCRIBED[:1]),
        "describe 10": lambda _: describe(DESCRIBED),
    }


def _reading(orgbox: Entrant, by_zeep: Call) -> Table:
    """The records of the same query by zeep and by orgbox_client, in turns."""
    url = f"http://127.0.0.1:{orgbox.connection.port}"
    who = url, USERNAME, PASSWORD
    with connect(*who) as sf, connect(*who, dialect="partner") as partner:
        ways: dict[str, Call] = {
            "zeep": by_zeep,
            "orgbox_client, query()": lambda _: list(sf.query(_MANY_RECORDS)),
            "orgbox_client, stream()": lambda _: sum(1 for _ in sf.stream(_MANY_RECORDS)),
            "orgbox_client, stream(), partner": lambda _: sum(1 for _ in partner.stream(_MANY_RECORDS)),
        }
        spent: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(_TURNS):
            for name, call in ways.items():
                before = time.process_time()
                call(turn)
                spent[name].append(time.process_time() - before)
    took = {name: median(seconds) * 1e3 for name, seconds in spent.items()}
    rows = [[name, milliseconds, took["zeep"] / milliseconds] for name, milliseconds in took.items()]
    return Table("2,000 records read, milliseconds of the client's CPU", ["", "CPU", "zeep's, times"], rows)


def _measure(orgbox: Entrant, workload: Workload, call: Call) -> tuple[float, float, float, float]:
    wall: list[float] = []
    call(0)
    busy, served = time.process_time(), orgbox.process.cpu_seconds()
    until = time.perf_counter() + 2 * _SECONDS
    while len(wall) < 3 or time.perf_counter() < until:
        before = time.perf_counter()
        call(len(wall))
        wall.append(time.perf_counter() - before)
    own = (time.process_time() - busy) / len(wall)
    server = (orgbox.process.cpu_seconds() - served) / len(wall)
    raw = load.steadily(orgbox.connection, orgbox.bodies(workload), 0, _SECONDS).quantile(0.5)
    return median(wall) * 1e3, own * 1e3, server * 1e3, raw * 1e3
