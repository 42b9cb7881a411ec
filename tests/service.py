"""A running service for the tests, every answer of which is judged by the schemas of its own WSDL."""

import atexit
import gzip
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import requests
from lxml import etree

from orgbox.app import App, build
from orgbox.clock import Clock
from orgbox.config import configure
from orgbox.http.server import Running
from orgbox.limits import STRICT, Limits
from orgbox.soap.dialects import BY_PATH, Dialect
from postgres import new_database
from schemas import validate

PASSWORD = "orgbox1!"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="{tns}" xmlns:o="{ens}" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<e:Header>{header}</e:Header><e:Body>{body}</e:Body></e:Envelope>"
)


class Judge:
    """WSGI middleware: notes every SOAP answer that breaks the schemas of the WSDL of its version."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.catalog = app.orgs.catalog
        self.wrong: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        told: list[Any] = []

        def noting(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            told[:] = [status, dict(headers)]
            return start_response(status, headers, *rest)

        answer: Any = self._app.wsgi(environ, noting)
        body = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        found = re.search(r"/services/Soap/([cu])/v?(\d+)", environ["PATH_INFO"])
        if found and environ["REQUEST_METHOD"] == "POST" and "xml" in told[1]["Content-Type"]:
            plain = gzip.decompress(body) if "Content-Encoding" in told[1] else body
            self._judge(BY_PATH[found[1]], int(found[2]), plain)
        return [body]

    def _judge(self, dialect: Dialect, version: int, body: bytes) -> None:
        try:
            validate(dialect, version if 21 <= version <= 66 else 66, self.catalog, body)
        except AssertionError as error:
            self.wrong.append(f"{error}\n{body[:2000].decode(errors='replace')}")


@dataclass
class Answer:
    """An HTTP answer with its XML; names are looked up by their local part."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def xml(self) -> Any:
        return etree.fromstring(self.body)

    def texts(self, name: str) -> list[str | None]:
        return [e.text for e in self.xml.iter("{*}" + name)]

    def text(self, name: str) -> str | None:
        found = self.texts(name)
        assert found, f"no {name} in {self.body.decode()}"
        return found[0]

    @property
    def fault(self) -> tuple[str | None, str | None]:
        assert self.status == 500, self.body.decode()
        return self.text("faultcode"), self.text("faultstring")


class Client:
    """Posts envelopes of our own making."""

    def __init__(self, url: str, dialect: str = "u", version: str = "66.0") -> None:
        self.url = url
        self.dialect = BY_PATH[dialect]
        self.version = version
        self.session_id = ""
        self.user_id = ""
        self.http = requests.Session()

    @property
    def endpoint(self) -> str:
        return f"{self.url}/services/Soap/{self.dialect.path}/{self.version}"

    def post(self, body: bytes | str, headers: dict[str, str] | None = None, url: str = "") -> Answer:
        data = body.encode() if isinstance(body, str) else body
        known = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
        made = self.http.post(url or self.endpoint, data=data, headers=known | (headers or {}), timeout=60)
        return Answer(made.status_code, made.content, dict(made.headers))

    def envelope(self, body: str, header: str = "") -> str:
        session = f"<SessionHeader><sessionId>{self.session_id}</sessionId></SessionHeader>"
        head = (session if self.session_id else "") + header
        return _ENVELOPE.format(tns=self.dialect.tns, ens=self.dialect.ens, header=head, body=body)

    def call(self, body: str, header: str = "") -> Answer:
        return self.post(self.envelope(body, header))

    def login(self, username: str, password: str = PASSWORD) -> "Client":
        """Signs in; returns itself."""
        self.session_id = ""
        answer = self.call(f"<login><username>{username}</username><password>{password}</password></login>")
        assert answer.status == 200, answer.body.decode()
        self.session_id = answer.text("sessionId") or ""
        self.user_id = answer.text("userId") or ""
        return self

    def create(self, sobject: str, *records: dict[str, str], header: str = "") -> Answer:
        return self.call(f"<create>{''.join(self.record(sobject, r) for r in records)}</create>", header)

    def record(self, sobject: str, values: dict[str, str]) -> str:
        """One `sObjects` element of the client's dialect."""
        fields = "".join(f"<o:{name}>{value}</o:{name}>" for name, value in values.items())
        if self.dialect.path == "c":
            return f'<sObjects xsi:type="o:{sobject}">{fields}</sObjects>'
        return f"<sObjects><o:type>{sobject}</o:type>{fields}</sObjects>"

    def query(self, text: str, header: str = "") -> Answer:
        shown = text.replace("&", "&amp;").replace("<", "&lt;")
        return self.call(f"<query><queryString>{shown}</queryString></query>", header)


@dataclass
class Service:
    """A service under test."""

    app: App
    judge: Judge
    running: Running
    clock: Clock

    @property
    def url(self) -> str:
        return self.running.url

    def client(self, username: str = "", dialect: str = "u", version: str = "66.0") -> Client:
        made = Client(self.url, dialect, version)
        return made.login(username) if username else made

    def stop(self) -> None:
        self.running.stop()
        self.app.close()


def _seeded(folder: Path, seed: str) -> str:
    """The URL of the folder's database; of SQLite a new one is copied, already seeded, to save the time."""
    url = new_database(folder)
    if url == f"sqlite:///{folder}/orgbox.db" and not seed and not (folder / "orgbox.db").exists():
        shutil.copytree(_template(), folder, dirs_exist_ok=True)
    return url


@cache
def _template() -> Path:
    """A folder with the database of the default org; removed at the end of the process."""
    made = tempfile.TemporaryDirectory(prefix="orgbox")
    atexit.register(made.cleanup)
    folder = Path(made.name)
    config = configure(
        port=0, database=new_database(folder), durable=False, hash_memory_kib=64, hash_rounds=1
    )
    build(config).close()
    return folder


def start_service(
    folder: Path, *, limits: Limits = STRICT, seed: str = "", database: str = "", **settings: Any
) -> Service:
    """A service with the seed's org in a database of its own; password hashes are made cheap.

    The database is the one given, or else a SQLite file in the folder, or on the PostgreSQL server
    ORGBOX_TEST_DATABASE names.
    """
    clock = Clock()
    database = database or _seeded(folder, seed)
    config = configure(
        port=0, database=database, durable=False, hash_memory_kib=64, hash_rounds=1, seed=seed, **settings
    )
    app = build(config, clock=clock, limits=limits)
    judge = Judge(app)
    service = Service(app, judge, Running(judge, config), clock)
    app.start(service.url)
    return service
