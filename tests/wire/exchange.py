"""Requests as files, sent over a bare socket: what clients put on the wire, byte for byte.

A file is an HTTP request: request line, headers, an empty line, the envelope. Names in braces are filled
in. What the headers say is done to the body on the way: `Content-Encoding: gzip`, `Transfer-Encoding:
chunked`, `Expect: 100-continue`. Content-Length is left out of the files and counted here.
"""

import gzip
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import escape

from service import Answer


@dataclass(frozen=True)
class Request:
    """A request of a file. Header names are in lower case."""

    line: str
    headers: tuple[tuple[str, str], ...]
    body: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def closes(self) -> bool:
        """Whether the client expects the connection to end with the answer."""
        wish = self.header("connection").lower()
        return wish == "close" or (self.line.endswith("/1.0") and wish != "keep-alive")

    def with_body(self, old: str, new: str) -> "Request":
        assert old in self.body, f"no {old} in {self.body}"
        return Request(self.line, self.headers, self.body.replace(old, new))


def read(path: Path, values: Mapping[str, str]) -> Request:
    """The request of a file with the names in braces filled in; raises KeyError for one not given."""
    head, _, body = path.read_text("utf-8").partition("\n\n")
    line, *headers = _fill(head, values).split("\n")
    pairs = [header.split(": ", 1) for header in headers]
    shown = {name: escape(value) for name, value in values.items()}
    return Request(line, tuple((k, v) for k, v in pairs), _fill(body.removesuffix("\n"), shown))


def _fill(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], text)


class Connection:
    """A client's connection, kept open between requests."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, timeout=30)
        self._stream: BinaryIO = self._socket.makefile("rb")

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def ask(self, request: Request) -> Answer:
        """Send a request as its headers say and read the answer; its body comes inflated."""
        body = _encoded(request)
        length = () if _is_chunked(request) else (("Content-Length", str(len(body))),)
        lines = [request.line, *(f"{k}: {v}" for k, v in (*request.headers, *length))]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        if request.header("expect"):
            assert self._stream.readline() == b"HTTP/1.1 100 Continue\r\n"
            assert self._stream.readline() == b"\r\n"
        self._socket.sendall(body)
        return self._read_answer()

    def is_closed(self) -> bool:
        """Whether the server has ended the connection."""
        return self._stream.read(1) == b""

    def _read_answer(self) -> Answer:
        status = self._stream.readline().decode().split(" ", 2)
        headers = {}
        while (line := self._stream.readline().decode().strip()) != "":
            name, value = line.split(":", 1)
            headers[name.title()] = value.strip()
        body = self._stream.read(int(headers["Content-Length"]))
        if headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(int(status[1]), body, headers)


def _is_chunked(request: Request) -> bool:
    return request.header("transfer-encoding").lower() == "chunked"


def _encoded(request: Request) -> bytes:
    body = request.body.encode()
    if request.header("content-encoding") == "gzip":
        body = gzip.compress(body, mtime=0)
    if not _is_chunked(request):
        return body
    middle = len(body) // 2
    parts = [body[:middle], body[middle:], b""]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
