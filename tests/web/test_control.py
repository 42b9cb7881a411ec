"""The control API: who gets in, what it does to orgs, and that all workers see it."""

from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from orgbox.app import build
from orgbox.cli import main
from orgbox.config import configure
from orgbox.control import ControlClient, ControlError
from orgbox.testing import Server, serve
from served import served
from service import Client

ROOT = Path(__file__).parents[2]
SMALL_SEED = (ROOT / "service/orgbox/org/seed.toml").read_text("utf-8").replace('"Acme"', '"Widgets"', 1)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A service that other tests of this file leave orgs in."""
    with serve(control_key="sesame") as running:
        yield running


@pytest.mark.parametrize("path", ["orgs", "", "nothing/here", "orgs/00D00e000000001", "orgs/x/faults"])
@pytest.mark.parametrize("sent", [None, "Bearer", "Bearer wrong", "Basic sesame", "sesame", "Bearer é"])
def test_without_the_key_there_is_no_answer_but_401(server: Server, path: str, sent: str | None) -> None:
    headers = {"Authorization": sent.encode()} if sent else {}

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = requests.request(method, f"{server.url}/_orgbox/{path}", headers=headers, timeout=10)
        assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized"})
        assert "Set-Cookie" not in answer.headers


def asked(key: str, address: str, **settings: Any) -> str:
    """The status of a request that comes from an address to a service of these settings."""
    config = configure(database="sqlite://", hash_memory_kib=64, hash_rounds=1, **settings)
    app = build(config, random_key=key)
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/_orgbox/orgs", "SERVER_NAME": "box", "SERVER_PORT": "80",
        "REMOTE_ADDR": address, "HTTP_AUTHORIZATION": "Bearer sesame", "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(), "HTTP_HOST": "box", "QUERY_STRING": "", "SCRIPT_NAME": "",
    }  # fmt: skip
    told: list[str] = []
    b"".join(app.wsgi(environ, lambda status, *_: told.append(status)))
    app.close()
    return told[0][:3]


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", "200"), ("::1", "200"), ("10.0.0.7", "401")])
def test_a_random_key_opens_to_this_machine_alone(address: str, status: str) -> None:
    assert asked("sesame", address) == status


def test_a_key_that_was_chosen_opens_to_other_machines() -> None:
    assert asked("", "10.0.0.7", control_key="sesame") == "200"


def test_orgs_are_made_listed_copied_and_removed(server: Server) -> None:
    control = server.control
    made = control.post("orgs", seed=SMALL_SEED)
    assert made["name"] == "Widgets"
    assert made["password"] == "orgbox1!"
    fork = control.post("orgs", made["id"], "fork", name="Copy")

    listed = control.get("orgs")["orgs"]
    names = {org["id"]: org["name"] for org in listed}
    assert (names[made["id"]], names[fork["id"]]) == ("Widgets", "Copy")
    default = next(org for org in listed if not org["isolated"])
    assert default["login_url"] == server.url
    assert control.get("orgs", fork["id"])["login_url"] == f"{server.url}/org/{fork['id'][:15]}"

    control.delete("orgs", made["id"])
    control.delete("orgs", fork["id"])
    with pytest.raises(ControlError, match="there is no org"):
        control.get("orgs", made["id"])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "orgs", "[1]", 400, "must be a JSON object"),
        ("POST", "orgs", '{"seed": 3}', 400, "is no text"),
        ("POST", "orgs", '{"sed": "x"}', 400, "sed: the body has seed and name"),
        ("POST", "orgs/{default}/fork", '{"seed": "x"}', 400, "seed: the body has name"),
        ("POST", "orgs", '{"seed": "no toml"}', 400, "seed: "),
        ("POST", "orgs", r'{"seed": "[org]\nname = \"X\"\n[records.None.x]"}', 400, "no such SObject"),
        ("GET", "orgs/00D000000000000", "", 404, "there is no org"),
        ("POST", "orgs/{org}/snapshots/none/restore", "", 404, "no snapshot"),
        ("POST", "orgs/{default}/reset", "", 404, "nothing to go back to"),
        ("PATCH", "orgs/{org}/settings", '{"nothing": 1}', 400, "no setting 'nothing'"),
        ("PATCH", "orgs/{org}/settings", '{"clock": "sometimes"}', 400, "is neither"),
        ("PATCH", "orgs/{org}/settings", '{"clock": 5}', 400, "not of type str"),
        ("PATCH", "orgs/{org}/settings", '{"allowed_domains": [1]}', 400, "not a list of texts"),
        ("PATCH", "orgs/{org}/settings", '{"session_seconds": 1e400}', 400, "inf is not of type int"),
        ("PATCH", "orgs/{org}/settings", '{"session_seconds": 99999999999}', 400, "not a number from 0 to"),
        ("PATCH", "orgs/{org}/settings", '{"invitation_days": -1}', 400, "not a number from 0 to"),
        ("POST", "orgs", "[" * 100_000, 400, "must be a JSON object"),
        ("PUT", "orgs/{org}/clock", "{}", 400, "must hold one of"),
        ("PUT", "orgs/{org}/clock", '{"set": null}', 400, "set: None"),
        ("PUT", "orgs/{org}/clock", '{"set": "soon"}', 400, "soon"),
        ("PUT", "orgs/{org}/clock", '{"advance": 1e300}', 400, "advance"),
        ("PUT", "orgs/{org}/clock", '{"advance": "1"}', 400, "advance"),
        ("POST", "orgs/{org}/faults", '{"delay": 1, "count": 0}', 400, "count: counts from 1 on"),
        ("DELETE", "orgs/{org}/faults/none", "", 404, "no rule none"),
        ("GET", "orgs/{org}/mails/7", "", 404, "no mail 7"),
        ("GET", "nothing", "", 404, "there is no /_orgbox/nothing"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_a_sentence(
    server: Server, method: str, path: str, body: str, status: int, words: str
) -> None:
    default = next(org for org in server.control.get("orgs")["orgs"] if not org["isolated"])
    with server.create_org() as org:
        target = f"{server.url}/_orgbox/{path.format(org=org.id, default=default['id'])}"
        request = requests.Request(method, target, data=body, headers={"Authorization": "Bearer sesame"})

        answer = requests.Session().send(request.prepare(), timeout=10)

    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_a_mail_is_read_byte_by_byte(server: Server) -> None:
    with server.create_org() as org:
        alice = Client(org.login_url).login("alice@acme.com")
        record = {"InvitedUserEmail": "raw@acme.com", "SharedEntityId": alice.user_id}
        alice.create("CollaborationInvitation", record)

        raw = server.control.get("orgs", org.id, "mails", "1")["raw"]

    assert "To: raw@acme.com\r\n" in raw


def test_the_command_does_the_same(server: Server, tmp_path: Path) -> None:
    seed = tmp_path / "seed.toml"
    seed.write_text(SMALL_SEED, "utf-8")

    def org(*words: str) -> str:
        result = CliRunner().invoke(main, ["org", "--url", server.url, "--key", "sesame", *words])
        assert result.exit_code == 0, result.output
        return result.output

    made = org("create", "--seed", str(seed))
    org_id, login_url, name = made.split()
    assert (name, login_url) == ("Widgets", f"{server.url}/org/{org_id[:15]}")
    assert made in org("list")
    org("snapshot", org_id, "base")
    assert org("snapshot", org_id) == "base\n"
    org("restore", org_id, "base")
    org("reset", org_id)
    org("delete", org("fork", org_id, "--name", "Copy").split()[0])
    org("delete", org_id)
    assert org_id not in org("list")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--key", "wrong"], "unauthorized: --key must be the key"),
        (["--url", "http://127.0.0.1:9"], "does not answer"),
        (["--url", "localhost:8080"], "'localhost:8080' is no URL"),
    ],
)
def test_the_command_says_in_a_line_what_went_wrong(server: Server, flags: list[str], words: str) -> None:
    result = CliRunner().invoke(main, ["org", "--url", server.url, "--key", "sesame", *flags, "list"])

    assert result.exit_code == 1
    assert words in result.output
    assert len(result.output.splitlines()) == 1


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Server]:
    """A service of three worker processes, opened with the key it printed."""
    with served(tmp_path, "--workers", "3", "--hash-rounds", "1", "--control-key", "") as (process, url):
        assert process.stderr
        printed = process.stderr.readline()
        assert printed.startswith("orgbox: control key "), printed
        with closing(Server(url, printed.split()[-1])) as server:
            yield server


def test_all_workers_follow_clock_faults_and_limits(workers: Server) -> None:
    with workers.create_org() as org:
        alice = Client(org.login_url).login("alice@acme.com")

        def ask(times: int) -> list[Any]:
            answers = []
            for _ in range(times):
                alice.http = requests.Session()  # a new connection: any of the workers
                answers.append(alice.call("<getServerTimestamp/>"))
            return answers

        assert [answer.status for answer in ask(9)] == [200] * 9
        org.clock.freeze(org.clock.now)
        frozen = {answer.text("timestamp") for answer in ask(12)}
        assert len(frozen) == 1
        org.faults.add("SERVER_UNAVAILABLE", every=3)
        assert [answer.status for answer in ask(12)] == [200, 200, 500] * 4
        org.faults.clear()
        assert [answer.status for answer in ask(9)] == [200] * 9
        org.settings.change(enforce_api_limit=True, api_requests_per_day=10)
        assert [answer.status for answer in ask(12)] == [200] * 10 + [500] * 2


def test_a_client_whose_connection_was_closed_tries_again(server: Server) -> None:
    control = ControlClient(server.url, "sesame")
    before = control.get("orgs")
    assert control._connection.sock is not None
    control._connection.sock.shutdown(2)

    assert control.get("orgs") == before
    control.close()
