"""The HTTP edge: path to dialect, version and org; bodies in and out; everything else to the web pages.

Accepts what clients send (captures of 25 set-ups): gzip, chunked and absolute-form requests, any or no
SOAPAction, a trailing slash, versions with and without a decimal. Every refusal on a SOAP path is a SOAP
fault, because a page makes clients fail on the page.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from waitress.channel import ClientDisconnected

from orgbox import ids
from orgbox.config import Config
from orgbox.errors import ApiFault, OrgboxError, ProtocolFault
from orgbox.http.crew import wear
from orgbox.soap.description import description
from orgbox.soap.dialects import BY_PATH, Dialect
from orgbox.soap.request import Interrupted, Request
from orgbox.soap.service import SoapService

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

_PATH = re.compile(r"(?:/org/(00D\w{12}(?:\w{3})?))?/services/Soap/([^/]+)(?:/v?([^/]*)(.*))?", re.DOTALL)
_VERSION = re.compile(r"(\d{1,4})(?:\.0{1,4})?")
_XML_TYPES = ("text/xml", "application/xml", "application/soap+xml")
_SOAP_TYPE = "text/xml;charset=utf-8"
_HOST = re.compile(r"[A-Za-z0-9._\-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
_SMALLEST_GZIP = 1_400
"""Bytes that fit a packet anyway are not worth compressing."""
_GUARDS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
"""Answers are for clients; should a browser meet one, it shows it and does nothing else with it."""
_REASONS = {200: "200 OK", 405: "405 Method Not Allowed", 415: "415 Unsupported Media Type",
            500: "500 Internal Server Error"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A SOAP path: `/services/Soap/u/60.0/00D…` and, for packages, a further id.

    `/org/00D…/services/Soap/u/60.0` names an org as well, for clients that take no more than a base URL.
    """

    dialect: Dialect
    version: str
    org_id: str | None
    package_id: str | None


class Edge:
    """The WSGI application. `wsdl` writes a WSDL, `web` answers whatever is not SOAP."""

    def __init__(
        self, config: Config, soap: SoapService, wsdl: Callable[[Endpoint, str], bytes], web: WsgiApp
    ) -> None:
        self._config = config
        self._soap = soap
        self._wsdl = wsdl
        self._web = web

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one HTTP request."""
        path = environ.get("PATH_INFO", "")
        if path.startswith(("http://", "https://")):
            path = environ["PATH_INFO"] = urlsplit(path).path
        endpoint = find_endpoint(path)
        if endpoint is None:
            return self._web(environ, start_response)
        try:
            status, type_, body = self._answer(environ, endpoint)
        except Interrupted as interrupted:
            return _interrupt(interrupted, start_response)
        headers = [("Content-Type", type_), *_GUARDS]
        if len(body) >= _SMALLEST_GZIP and _wants_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        if status == 405:
            headers.append(("Allow", "POST"))
        headers.append(("Content-Length", str(len(body))))
        start_response(_REASONS[status], headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _answer(self, environ: Environ, endpoint: Endpoint) -> tuple[int, str, bytes]:
        method = environ["REQUEST_METHOD"]
        query = environ.get("QUERY_STRING", "").lower()
        if method in ("GET", "HEAD") and query.startswith("wsdl"):
            return self._wsdl_answer(environ, endpoint)
        if method != "POST":
            return 405, "text/html;charset=utf-8", _only_post(environ.get("PATH_INFO", ""))
        if not _is_xml(environ.get("CONTENT_TYPE", "")):
            return 415, "text/plain;charset=utf-8", b"Unsupported Media Type"
        status, body = self._soap_answer(environ, endpoint)
        return status, _SOAP_TYPE, body

    def _soap_answer(self, environ: Environ, endpoint: Endpoint) -> tuple[int, bytes]:
        request = partial(
            Request, dialect=endpoint.dialect, base_url=base_url(environ, self._config),
            org_id=endpoint.org_id, package_id=endpoint.package_id,
            client=environ.get("HTTP_USER_AGENT", ""),
        )  # fmt: skip
        try:
            version = known_version(endpoint.version)
            self._check_action(environ)
            body = read_body(environ, self._config.message_bytes)
            wear(len(body))
        except OrgboxError as error:
            newest = description().versions[-1]
            return self._soap.fault(request(version=newest, body=b""), error)
        return self._soap.answer(request(version=version, body=body))

    def _check_action(self, environ: Environ) -> None:
        if self._config.strict_soap_action and "HTTP_SOAPACTION" not in environ:
            raise ProtocolFault("SOAPAction HTTP header missing")

    def _wsdl_answer(self, environ: Environ, endpoint: Endpoint) -> tuple[int, str, bytes]:
        try:
            return 200, _SOAP_TYPE, self._wsdl(endpoint, base_url(environ, self._config))
        except OrgboxError as error:
            return 500, "text/plain;charset=utf-8", str(error).encode()


def _interrupt(interrupted: Interrupted, start_response: StartResponse) -> Iterable[bytes]:
    """What a fault rule wants the client to get. ClientDisconnected ends the connection."""
    wish = interrupted.interruption
    if wish.page:
        page = wish.body.encode()
        start_response(f"{wish.page} {_phrase(wish.page)}", [
            ("Content-Type", "text/html;charset=utf-8"), ("x-sfdc-edge-err", "1"),
            ("Content-Length", str(len(page))),
        ])  # fmt: skip
        return [page]
    if wish.drop != "during":
        raise ClientDisconnected
    headers = [("Content-Type", _SOAP_TYPE), ("Content-Length", str(len(interrupted.body)))]
    start_response(_REASONS[interrupted.status], headers)
    return _first_half(interrupted.body)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"


def _first_half(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise ClientDisconnected


@lru_cache(maxsize=128)
def find_endpoint(path: str) -> Endpoint | None:
    """The SOAP endpoint of a path, or None."""
    found = _PATH.fullmatch(path)
    if not found or found[2] not in BY_PATH:
        return None
    parts = (found[4] or "").split("/")
    org = next((n for part in parts if (n := ids.normalize(part)) and n.startswith("00D")), None)
    if found[1]:
        org = ids.normalize(found[1]) or found[1]
    package = next((p for p in parts if p.startswith("0DF") and ids.normalize(p)), None)
    return Endpoint(BY_PATH[found[2]], found[3] or "", org, package)


def known_version(text: str) -> int:
    """The API version of a path. Raises ApiFault UNSUPPORTED_API_VERSION."""
    found = _VERSION.fullmatch(text)
    if not found or int(found[1]) not in description().versions:
        raise ApiFault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
    return int(found[1])


def base_url(environ: Environ, config: Config) -> str:
    """Scheme and host under which the client reaches the service: as set, as forwarded, as called."""
    if config.external_url:
        return str(config.external_url)
    scheme = environ.get("HTTP_X_FORWARDED_PROTO") or environ.get("wsgi.url_scheme", "http")
    host = environ.get("HTTP_X_FORWARDED_HOST") or environ.get("HTTP_HOST") or ""
    host = host.split(",")[0].strip()
    if not _HOST.fullmatch(host):
        host = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return f"{'https' if scheme.split(',')[0].strip() == 'https' else 'http'}://{host}"


def read_body(environ: Environ, most: int) -> bytes:
    """The request's body, inflated. Raises ApiFault EXCEEDED_MAX_SIZE_REQUEST, ProtocolFault."""
    length = environ.get("CONTENT_LENGTH") or "0"
    size = int(length) if length.isdigit() else 0
    if size > most:
        raise _too_large(most)
    body: bytes = environ["wsgi.input"].read(size)
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise ProtocolFault(f"Content-Encoding {encoding} is not supported")
    return _inflate(body, most)


def _inflate(body: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(body, most + 1)
    except zlib.error:
        raise ProtocolFault("The request body is not valid gzip") from None
    if len(inflated) > most:
        raise _too_large(most)
    if not inflater.eof or inflater.unused_data:
        raise ProtocolFault("The request body is not valid gzip")
    return inflated


def _too_large(most: int) -> ApiFault:
    megabytes = most // (1024 * 1024)
    text = f"The size of the message sent to the API exceeded {megabytes} MB"
    return ApiFault("EXCEEDED_MAX_SIZE_REQUEST", text)


def _is_xml(content_type: str) -> bool:
    return not content_type or content_type.split(";")[0].strip().lower() in _XML_TYPES


def _wants_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header asks for gzip by name."""
    for part in accepted.lower().split(","):
        coding, _, quality = part.partition(";")
        if coding.strip() == "gzip":
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", quality)
    return False


def _only_post(path: str) -> bytes:
    shown = path.replace("&", "&amp;").replace("<", "&lt;")
    return (
        "<html><head><title>Error 405 Only POST allowed</title></head><body><h2>HTTP ERROR 405</h2>"
        f"<p>Problem accessing {shown}. Reason:<pre>    Only POST allowed</pre></p></body></html>"
    ).encode()
