"""Heads worked out once: whatever comes again is told and answered as waitress alone does it, each time."""

from types import SimpleNamespace
from typing import Any

import pytest
from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser
from waitress.task import WSGITask

from orgbox.http.bounds import BoundedParser
from orgbox.http.heads import Parser, Task

ADJUSTMENTS = Adjustments(ident=None, threads=1)
POST = b"POST /services/Soap/u/66.0 HTTP/1.1\r\nHost: h\r\n"
REQUESTS = {
    "a length": POST + b"Content-Length: 3\r\n\r\nabc",
    "no body": b"GET /a%20b/?x=1&y=%41#z HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n",
    "whole URI": b"GET http://host:80/path?q HTTP/1.1\r\nHost: h\r\n\r\n",
    "repeated": POST + b"X-A: 1\r\nx-a: 2\r\nX_A: 3\r\n\r\n",
    "in chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "more chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    "1.0": b"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\na",
    "1.0 that stays": b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
    "the last": POST + b"Connection: close\r\nContent-Length: 1\r\n\r\na",
    "asks first": POST + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\na",
    "long": POST + b"X-Long: " + b"a" * 3_000 + b"\r\n\r\n",
    "wrong length": POST + b"Content-Length: x\r\n\r\n",
    "wrong line": POST + b"no colon\r\n\r\n",
    "wrong coding": POST + b"Transfer-Encoding: gzip\r\n\r\n",
    "wrong start": b"nothing\r\n\r\n",
}


def parsed(kind: type[HTTPRequestParser], data: bytes) -> Any:
    request = kind(ADJUSTMENTS)
    while data and not request.completed:
        data = data[request.received(data) :]
    return request


def said(request: Any) -> dict[str, Any]:
    """All that is known of a request but the objects that read it."""
    names = {name for name in dir(request) if not name.startswith("_")}
    values = {name: getattr(request, name) for name in names - {"read", "body_rcv", "adj", "error"}}
    plain = {name: value for name, value in values.items() if not callable(value)}
    return plain | {"error": repr(vars(request.error)) if request.error else None}


def task(kind: type[WSGITask], request: Any, port: int = 1) -> Any:
    server = SimpleNamespace(adj=ADJUSTMENTS, effective_port=80, server_name="s")
    channel = SimpleNamespace(addr=("1.2.3.4", port), server=server, check_client_disconnected=None)
    return kind(channel, request)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_says_the_same_each_time(name: str) -> None:
    expected = parsed(HTTPRequestParser, REQUESTS[name])

    for _ in range(3):
        request = parsed(Parser, REQUESTS[name])

        assert said(request) == said(expected)
        assert request.get_body_stream().read() == expected.get_body_stream().read()
        expected = parsed(HTTPRequestParser, REQUESTS[name])


@pytest.mark.parametrize("name", [name for name in REQUESTS if not name.startswith("wrong")])
def test_the_application_is_told_the_same_and_what_is_new(name: str) -> None:
    for port in (1, 2, 3):
        expected = task(WSGITask, parsed(HTTPRequestParser, REQUESTS[name]), port).get_environment()
        told = task(Task, parsed(BoundedParser, REQUESTS[name]), port).get_environment()

        assert told["wsgi.input"].read() == expected["wsgi.input"].read()
        assert {**told, "wsgi.input": 0} == {**expected, "wsgi.input": 0}
        told["PATH_INFO"] = "changed by the application"


ANSWERS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "a length": ("200 OK", [("content-type", "a/b"), ("X-A", "1"), ("X-A", "2"), ("Content-Length", "5")]),
    "another": ("200 OK", [("content-type", "a/b"), ("X-A", "1"), ("X-A", "2"), ("Content-Length", "6")]),
    "written so": ("200 OK", [("content-length", "5")]),
    "no length": ("200 OK", [("Content-Type", "text/xml")]),
    "no body": ("204 No Content", [("Content-Length", "0")]),
    "a date": ("404 Not Found", [("Date", "then"), ("Content-Length", "5")]),
    "a server": ("200 OK", [("Server", "other"), ("Content-Length", "5")]),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in REQUESTS if not name.startswith("wrong")])
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_has_the_head_that_it_had(name: str, answer: str) -> None:
    status, headers = ANSWERS[answer]
    lines, closes = [], []
    for made in (task(WSGITask, parsed(HTTPRequestParser, REQUESTS[name])),
                 *(task(Task, parsed(Parser, REQUESTS[name])) for _ in range(2))):  # fmt: skip
        made.status, made.response_headers, made.start_time = status, [*headers], 1_700_000_000.5
        made.content_length = next((int(v) for k, v in headers if k.lower() == "content-length"), None)
        first, *rest = made.build_response_header().decode().removesuffix("\r\n\r\n").split("\r\n")
        lines.append((first, sorted(rest)))
        closes.append(made.close_on_finish)

    assert lines[0] == lines[1] == lines[2]
    assert len({*closes}) == 1
