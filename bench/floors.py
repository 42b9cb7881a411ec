"""Floors: what a call cannot cost less than. The same requests and answers, with nothing behind them.

`BareSpyne` is Spyne dispatching through WSGI to functions that keep everything in memory, with a text
encoder of its own: what the frame costs with nothing in it.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import orgbox.soap.compat  # noqa: F401  before Spyne: newer Pythons need it

# isort: split
import spyne
from lxml import etree
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

from bench import load
from bench.processes import Process, free_port
from bench.workloads import BATCH, Data, Workload, row

_TNS = "urn:enterprise.soap.sforce.com"
_NS = {"e": "http://schemas.xmlsoap.org/soap/envelope/"}
_START = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope'
    ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:enterprise.soap.sforce.com"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><soapenv:Body>'
)
_SPECIAL = re.compile(r"[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f]")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
Row = Sequence[str]


def escape(text: str) -> str:
    """Text as XML has it."""
    if _SPECIAL.search(text) is None:
        return text
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def write_record(name: str, r: Row) -> str:
    """A record in the enterprise dialect: Id, then fields in the order of their names."""
    return (
        f'<{name} xsi:type="sf:CollaborationInvitation"><sf:Id>{r[0]}</sf:Id>'
        f"<sf:CreatedDate>{r[3]}</sf:CreatedDate>"
        f"<sf:InvitedUserEmail>{escape(r[1])}</sf:InvitedUserEmail><sf:InviterId>{r[4]}</sf:InviterId>"
        f"<sf:OptionalMessage>{escape(r[6])}</sf:OptionalMessage>"
        f"<sf:SharedEntityId>{r[5]}</sf:SharedEntityId><sf:Status>{r[2]}</sf:Status></{name}>"
    )


def rows_of(data: Data) -> list[Row]:
    """The first 2,000 records as a database gives them, in the order of `workloads.FIELDS`."""
    made: list[Row] = []
    for i, id_ in enumerate(data.ids[:BATCH]):
        values = row(data.user_id, i)
        names = ("InvitedUserEmail", "Status", "CreatedDate", "InviterId", "SharedEntityId",
                 "OptionalMessage")  # fmt: skip
        made.append((id_, *(values[name] for name in names)))
    return made


class _Text(Soap11):  # type: ignore[misc]
    def create_in_document(self, ctx: Any, in_string_charset: str | None = None) -> None:
        ctx.in_document = etree.fromstring(b"".join(ctx.in_string), _PARSER)

    def decompose_incoming_envelope(self, ctx: Any, message: str = "") -> None:
        call = ctx.in_document.find("e:Body", _NS)[0]
        ctx.in_body_doc = call
        ctx.method_request_string = call.tag

    def deserialize(self, ctx: Any, message: str) -> None:
        ctx.in_object = [[_read(child) for child in ctx.in_body_doc]]

    def serialize(self, ctx: Any, message: str) -> None:
        name = ctx.descriptor.name
        body = "".join(ctx.out_object[0])
        ctx.out_document = (
            f"{_START}<{name}Response>{body}</{name}Response></soapenv:Body></soapenv:Envelope>"
        )

    def create_out_string(self, ctx: Any, out_string_encoding: str | None = None) -> None:
        ctx.out_string = [ctx.out_document.encode("utf-8")]


def _read(element: Any) -> Any:
    if not len(element):
        return element.text
    return {child.tag.rpartition("}")[2]: child.text for child in element}


class BareSpyne:
    """The WSGI application. `described` holds the text of each describe answer, `signed_in` of a login."""

    def __init__(self, data: Data, described: dict[str, str], signed_in: str) -> None:
        rows = rows_of(data)
        ids = (f"0H1{n:015d}" for n in count())

        def login(_: Any, __: Any) -> list[str]:
            return [signed_in]

        def create(_: Any, records: Any) -> list[str]:
            return [
                f"<result><id>{next(ids)}</id><success>true</success></result>" for _ in records
            ]

        def query(_: Any, texts: Any) -> list[str]:
            found = rows if "LIMIT" in texts[0] else rows[:1]
            written = "".join([write_record("records", r) for r in found])
            return [f"<result><done>true</done>{written}<size>{len(found)}</size></result>"]

        def retrieve(_: Any, given: Any) -> list[str]:
            return [write_record("result", r) for r in rows[: len(given) - 2]]

        def describe(_: Any, names: Any) -> list[str]:
            return [described[name] for name in names]

        calls = {"login": login, "create": create, "query": query, "retrieve": retrieve,
                 "describeSObjects": describe}  # fmt: skip
        self.app = WsgiApplication(
            spyne.Application([_service(calls)], _TNS, in_protocol=_Text(), out_protocol=_Text())
        )


def _service(calls: dict[str, Callable[..., list[str]]]) -> Any:
    members = {}
    for name, function in calls.items():
        function.__name__ = name
        members[name] = spyne.rpc(
            spyne.AnyXml, _returns=spyne.Unicode, _args=["given"],
            _in_message_name=f"{{{_TNS}}}{name}",
        )(function)  # fmt: skip
    return type("Soap", (spyne.Service,), members)


def parse_seconds(workload: Workload, data: Data, times: int) -> float:
    """CPU of parsing the requests with lxml, a call."""
    requests = [workload.request(data, i, "x" * 112) for i in range(times)]
    before = time.process_time()
    for request in requests:
        etree.fromstring(request, _PARSER)
    return (time.process_time() - before) / times


def encode_seconds(data: Data, rows: int, times: int) -> float:
    """CPU of writing so many records as text and bytes, a call."""
    found = rows_of(data)[:rows]
    before = time.process_time()
    for _ in range(times):
        "".join([write_record("records", r) for r in found]).encode()
    return (time.process_time() - before) / times


def insert_seconds(database: Path, data: Data, rows: int, times: int) -> float:
    """CPU of inserting so many rows into the plain table and committing them, a call."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    places = ", ".join("?" * 13)
    batches = [
        [(f"0HX{t:06d}{n:06d}AAA", *row(data.user_id, n).values()) for n in range(rows)]
        for t in range(times)
    ]
    before = time.process_time()
    for batch in batches:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO invitation VALUES ({places})", batch)
        connection.execute("COMMIT")
    spent = (time.process_time() - before) / times
    connection.execute("DELETE FROM invitation WHERE Id LIKE '0HX%'")
    connection.close()
    return spent


def echo_seconds(
    command: Callable[[int], Sequence[str]], log: Path, bodies: Sequence[bytes], seconds: float
) -> list[float]:
    """CPU of an HTTP server that sends back what it gets, a call, for each body."""
    port = free_port()
    process = Process(command(port), log)
    connection = load.Connection(port)
    try:
        _wait(process, connection)
        return [_echo(process, connection, body, seconds) for body in bodies]
    finally:
        connection.close()
        process.stop()


def _wait(process: Process, connection: load.Connection) -> None:
    while True:
        process.check()
        try:
            connection.call(b"x")
            return
        except OSError:
            connection.close()
            time.sleep(0.01)


def _echo(process: Process, connection: load.Connection, body: bytes, seconds: float) -> float:
    found = []
    for _ in range(3):
        before = process.cpu_seconds()
        measured = load.steadily(connection, lambda _: body, 0, seconds)
        found.append((process.cpu_seconds() - before) / len(measured.latencies))
    return median(found)
