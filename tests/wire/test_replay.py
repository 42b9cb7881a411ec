"""Replays what 27 set-ups of clients put on the wire, and reads the answers as their parsers do.

The clients are the folders beside this file; `clients.toml` says what each one must find.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from exchange import Connection, Request, read

from orgbox.limits import STRICT
from service import PASSWORD, Answer, Service, start_service

HERE = Path(__file__).parent
NEEDS = tomllib.loads((HERE / "clients.toml").read_text("utf-8"))
CLIENTS = sorted(NEEDS.keys() - {"every-client"})
FILES = sorted(HERE.glob("*/*.http"))
LOGINS = [path for path in FILES if path.stem == "login"]
QUERIES = [path for path in FILES if path.stem == "query"]
DEAD_SESSION = "00D00e000000001!x"


class Scene:
    """A service with an org in which every request of the files makes sense."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.alice = service.client("alice@acme.com")
        self._invited = 0
        self.group_id = self._find_group()
        for _ in range(3):
            self.invite()

    def _find_group(self) -> str:
        answer = self.alice.query("SELECT Id FROM CollaborationGroup WHERE Name = 'All acme.com'")
        return answer.text("Id") or ""

    def address(self) -> str:
        self._invited += 1
        return f"customer{self._invited}@external.com"

    def invite(self) -> str:
        values = {"InvitedUserEmail": self.address(), "SharedEntityId": self.group_id}
        return self.alice.create("CollaborationInvitation", values).text("id") or ""

    def locator(self) -> str:
        size = "<QueryOptions><batchSize>2</batchSize></QueryOptions>"
        answer = self.alice.query("SELECT Id, InvitedUserEmail FROM CollaborationInvitation", size)
        return answer.text("queryLocator") or ""

    def request(self, path: Path, **changes: str) -> Request:
        """The request of a file; whoever logs out is somebody else than alice."""
        logs_out = path.stem == "logout"
        session = self.service.client("mia@acme.com") if logs_out else self.alice
        values = {
            "host": self.service.url.removeprefix("http://"), "session": session.session_id,
            "org_id": session.session_id[:15], "user_id": self.alice.user_id,
            "username": "alice@acme.com", "password": PASSWORD, "email": self.address(),
            "second_email": self.address(), "group_id": self.group_id,
            "invitation_id": self.invite(), "locator": self.locator(),
        }  # fmt: skip
        return read(path, values | changes)

    def connect(self) -> Connection:
        host, _, port = self.service.url.removeprefix("http://").partition(":")
        return Connection((host, int(port)))

    def ask(self, request: Request) -> Answer:
        with self.connect() as connection:
            return connection.ask(request)


@pytest.fixture(scope="module")
def module_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    limits = replace(STRICT, minimum_batch_size=2)
    started = start_service(tmp_path_factory.mktemp("wire"), limits=limits)
    yield Scene(started)
    started.stop()


@pytest.fixture
def scene(module_scene: Scene) -> Iterator[Scene]:
    """The scene; fails the test whose answers break the schemas of the version they are for."""
    module_scene.service.judge.wrong.clear()
    yield module_scene
    assert not module_scene.service.judge.wrong, "\n\n".join(module_scene.service.judge.wrong)


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def check(client: str, kinds: list[str], answer: Answer) -> None:
    """Every expression that the client needs for these kinds of answer is found, the others are not."""
    text = answer.body.decode()
    for needs in (NEEDS["every-client"], NEEDS[client]):
        for expression in (e for kind in kinds for e in needs.get(kind, [])):
            assert re.search(expression, text, re.DOTALL), f"no {expression} in {text}"
        for expression in needs.get("never", []):
            assert not re.search(expression, text, re.DOTALL), f"{expression} in {text}"


def check_http(request: Request, answer: Answer, status: int) -> None:
    assert answer.status == status, answer.body.decode()
    assert answer.headers["Content-Type"] == "text/xml;charset=utf-8"
    if "Content-Encoding" in answer.headers:
        assert "gzip" in request.header("accept-encoding")
    assert (answer.headers.get("Connection", "").lower() == "close") == request.closes


def check_version(request: Request, answer: Answer) -> None:
    """login() leads to the same dialect and version that it was called in."""
    found = re.search(r"/services/Soap/[cu]/\d\d\.0", request.line)
    assert found and f"{found[0]}/00D" in (answer.text("serverUrl") or "")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_each_recorded_request_gets_the_answer_its_client_can_read(scene: Scene, path: Path) -> None:
    request = scene.request(path)
    answer = scene.ask(request)

    if path.stem == "create-untyped":
        check_http(request, answer, 500)
        check(path.parent.name, ["fault"], answer)
        assert answer.fault == ("sf:INVALID_TYPE", "INVALID_TYPE: Must send a concrete entity type.")
        return
    check_http(request, answer, 200)
    call = "login" if path.stem.startswith("login") else path.stem
    check(path.parent.name, ["answer", call], answer)
    if call == "login":
        check_version(request, answer)


@pytest.mark.parametrize("path", LOGINS, ids=name_of)
def test_a_wrong_password_is_a_fault_each_client_understands(scene: Scene, path: Path) -> None:
    request = scene.request(path, username="nobody@acme.com", password="wr<o&>ng")
    answer = scene.ask(request)

    check_http(request, answer, 500)
    check(path.parent.name, ["fault"], answer)
    assert answer.text("faultcode") == "sf:INVALID_LOGIN"
    assert answer.texts("LoginFault")


@pytest.mark.parametrize("path", [*QUERIES, HERE / "jsforce/create.http"], ids=name_of)
def test_a_dead_session_is_a_fault_that_makes_clients_log_in_again(scene: Scene, path: Path) -> None:
    request = scene.request(path, session=DEAD_SESSION)
    answer = scene.ask(request)

    check_http(request, answer, 500)
    check(path.parent.name, ["fault"], answer)
    assert answer.text("faultcode") == "sf:INVALID_SESSION_ID"
    assert "Illegal Session" in (answer.text("faultstring") or "")


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_a_query_that_fails_is_a_fault_with_row_and_column(scene: Scene, path: Path) -> None:
    request = scene.request(path).with_body("from CollaborationInvitation", "from X")
    answer = scene.ask(request)

    check_http(request, answer, 500)
    check(path.parent.name, ["fault"], answer)
    assert answer.text("faultcode") == "sf:INVALID_TYPE"
    assert re.search(r"</sf:exceptionMessage><sf:row>1</sf:row><sf:column>\d+</sf:column>",
                     answer.body.decode())  # fmt: skip


@pytest.mark.parametrize("path", LOGINS, ids=name_of)
def test_connections_are_kept_open_for_those_who_do_not_ask_to_close_them(
    scene: Scene, path: Path
) -> None:
    request = scene.request(path)
    with scene.connect() as connection:
        first = connection.ask(request)
        again = None if request.closes else connection.ask(request)
        closed = request.closes and connection.is_closed()

    assert first.status == 200
    assert closed or (again is not None and again.status == 200)


def test_every_client_has_requests_and_every_request_a_client() -> None:
    assert {path.parent.name for path in FILES} == set(CLIENTS)
    assert len(CLIENTS) == 27
