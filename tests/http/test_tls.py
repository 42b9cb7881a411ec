"""https: certificates, handshakes that hold nobody up, and the clients that insist on it."""

import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from cryptography import x509
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from inviting import inviting
from orgbox.http import certificates
from orgbox.http.certificates import TRUST, Certificates
from orgbox_client.routing import Routing, routed
from served import ran, served
from service import PASSWORD, Client, Service, start_service


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the certificates."""
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Service]:
    """A service that speaks https."""
    started = start_service(tmp_path_factory.mktemp("secure"), tls=True, tls_folder=str(folder))
    yield started
    started.stop()
    assert not started.judge.wrong, "\n\n".join(started.judge.wrong)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """What the clients of requests are told to trust: the authority alone."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "ca.pem"))
    return folder / "ca.pem"


def names_of(folder: Path) -> set[str]:
    found = x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


@contextmanager
def shaken(url: str, authority: Path, version: ssl.TLSVersion) -> Iterator[ssl.SSLSocket]:
    """A connection of one version of TLS."""
    context = ssl.create_default_context(cafile=str(authority))
    context.minimum_version = context.maximum_version = version
    host, port = url.removeprefix("https://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname="login.salesforce.com") as made:
            yield made


def test_calls_over_https_are_answered_and_lead_back_to_https(secure: Service, trusted: Path) -> None:
    answer = secure.client().call(
        f"<login><username>alice@acme.com</username><password>{PASSWORD}</password></login>"
    )
    alice = secure.client("alice@acme.com")

    assert secure.url.startswith("https://127.0.0.1:")
    assert answer.text("serverUrl") == f"{secure.url}/services/Soap/u/66.0/00D00e000000001"
    assert alice.query("SELECT Name FROM User WHERE Username = 'alice@acme.com'").text("size") == "1"
    assert requests.get(f"{alice.endpoint}?wsdl", timeout=20).text.count(f'location="{secure.url}/') == 1


def test_nobody_trusts_the_certificate_unasked(secure: Service) -> None:
    with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        requests.get(f"{secure.url}/health", timeout=20)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda v: v.name)
def test_a_connection_serves_many_requests_chunked_ones_and_those_that_ask_first(
    secure: Service, folder: Path, version: ssl.TLSVersion
) -> None:
    body = secure.client().envelope("<getServerTimestamp/>").encode()
    head = b"POST /services/Soap/u/66.0 HTTP/1.1\r\nHost: login.salesforce.com\r\nContent-Type: text/xml\r\n"
    with shaken(secure.url, folder / "ca.pem", version) as made, made.makefile("rb") as answers:
        made.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), 100):
            part = body[start : start + 100]
            made.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        made.sendall(b"0\r\n\r\n")
        assert b"INVALID_SESSION_ID" in read_answer(answers)[1]

        made.sendall(head + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(body))
        assert read_answer(answers)[0] == b"HTTP/1.1 100 Continue\r\n"
        made.sendall(body)
        assert b"INVALID_SESSION_ID" in read_answer(answers)[1]

        made.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b'"ok"' in read_answer(answers)[1]
        assert answers.read() == b""


def read_answer(answers: object) -> tuple[bytes, bytes]:
    """The first line and the body of one answer."""
    assert hasattr(answers, "readline") and hasattr(answers, "read")
    first, length = answers.readline(), 0
    while (line := answers.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return first, answers.read(length)


def test_large_bodies_go_through_whole(secure: Service, trusted: Path) -> None:
    alice = secure.client("alice@acme.com")
    comment = "<!--" + "x" * 3_000_000 + "-->"

    answer = alice.post(alice.envelope("<describeGlobal/>") + comment, {"Accept-Encoding": "identity"})
    page = requests.get(f"{alice.endpoint}?wsdl", headers={"Accept-Encoding": "identity"}, timeout=20)

    assert answer.status == 200
    assert len(page.content) == int(page.headers["Content-Length"]) > 200_000


def test_a_client_that_does_not_shake_hands_holds_up_nobody(secure: Service, trusted: Path) -> None:
    host, port = secure.url.removeprefix("https://").split(":")
    silent = [socket.create_connection((host, int(port)), timeout=20) for _ in range(20)]
    for n, one in enumerate(silent):
        one.sendall(b"\x16\x03\x01\x02\x00\x01"[: n % 7])  # the beginning of a ClientHello

    started = time.monotonic()
    assert requests.get(f"{secure.url}/health", timeout=20).json()["status"] == "ok"

    assert time.monotonic() - started < 15
    for one in silent:
        one.close()


def test_clients_that_vanish_or_talk_nonsense_leave_the_service_as_it_was(
    secure: Service, trusted: Path
) -> None:
    host, port = secure.url.removeprefix("https://").split(":")
    for noise in (b"", b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"\xff" * 70_000, b"SSH-2.0-x\r\n"):
        for reset in (False, True):
            with closing(socket.create_connection((host, int(port)), timeout=20)) as one:
                with suppress(ConnectionError):
                    one.sendall(noise)
                if reset:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert requests.get(f"{secure.url}/health", timeout=20).json()["status"] == "ok"


def test_plain_http_is_told_what_the_port_speaks(secure: Service) -> None:
    answer = requests.get(secure.url.replace("https:", "http:"), timeout=20)

    assert (answer.status_code, answer.text) == (400, "This port speaks https.\n")


def test_the_certificate_is_made_once_and_again_when_it_no_longer_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Certificates(tmp_path)
    authority, server = first.authority.read_bytes(), (tmp_path / "server.pem").read_bytes()
    Certificates(tmp_path)
    assert (tmp_path / "server.pem").read_bytes() == server
    assert names_of(tmp_path) == {
        "localhost", "127.0.0.1", "::1", "login.salesforce.com", "test.salesforce.com", "*.my.salesforce.com",
    }  # fmt: skip

    Certificates(tmp_path, "https://box.example:8443")
    assert "box.example" in names_of(tmp_path)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(UTC) + timedelta(days=350)

    renewed = (tmp_path / "server.pem").read_bytes()
    monkeypatch.setattr(certificates, "datetime", Later)
    Certificates(tmp_path, "https://box.example:8443")
    assert (tmp_path / "server.pem").read_bytes() != renewed
    assert first.authority.read_bytes() == authority


def test_keys_are_for_their_owner_alone(folder: Path, secure: Service) -> None:
    assert {p.name: oct(p.stat().st_mode & 0o777) for p in folder.iterdir()} == {
        "ca.key": "0o600", "server.pem": "0o600", "ca.pem": "0o644", "ca.p12": "0o644",
    }  # fmt: skip


def test_the_command_prints_what_each_stack_is_told(tmp_path: Path) -> None:
    printed = ran("tls", "env", "--database", f"sqlite:///{tmp_path}/box.db").stdout
    shell = f"set -eu\n{printed}\nprintf '%s' \"$REQUESTS_CA_BUNDLE|$JAVA_TOOL_OPTIONS\""
    found = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, timeout=30, check=True).stdout

    assert all(f"# {stack}\n" in printed for stack, _ in TRUST)
    authority, _, java = found.partition("|")
    assert Path(authority) == tmp_path / "box.db.tls" / "ca.pem"
    assert Path(authority).read_text("ascii").startswith("-----BEGIN CERTIFICATE-----")
    assert f"trustStore={tmp_path}/box.db.tls/ca.p12" in java


@pytest.mark.parametrize("flags", [[], ["--workers", "2"]], ids=["one process", "two workers"])
def test_the_command_serves_https_and_answers_calls_under_way_before_it_ends(
    tmp_path: Path, flags: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "served.db.tls" / "ca.pem"))
    with served(tmp_path, "--tls", *flags) as (process, url):
        alice = Client(url).login("alice@acme.com")
        with inviting(alice, 3) as statuses:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert process.stderr and "Traceback" not in process.stderr.read()

    assert url.startswith("https:")
    assert statuses == [200] * 3


def test_the_salesforce_class_of_simple_salesforce_signs_in_over_tls(
    secure: Service, trusted: Path
) -> None:
    with closing(routed(secure.url)) as session:
        sf = Salesforce("alice@acme.com", PASSWORD, security_token="", session=session)

        assert sf.session_id.startswith("00D00e000000001!")
        assert f"https://{sf.sf_instance}" == secure.url


def test_the_salesforce_class_of_simple_salesforce_signs_in_through_the_adapter(shared: Service) -> None:
    with closing(routed(shared.url)) as session:
        sf = Salesforce("alice@acme.com", PASSWORD, security_token="", session=session, domain="test")
        assert sf.session_id.startswith("00D00e000000001!")

        with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
            Salesforce("alice@acme.com", "wrong", security_token="", session=session)


def test_simple_salesforce_signs_in_by_oauth_through_the_adapter(shared: Service) -> None:
    with closing(routed(shared.url)) as session:
        sf = Salesforce(
            consumer_key="orgbox-acme-key", consumer_secret="orgbox-acme-secret", domain="acme.my",
            session=session,
        )  # fmt: skip
        alice = shared.client()
        alice.session_id = sf.session_id

        assert alice.call("<getUserInfo/>").text("userName") == "alice@acme.com"


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ("https://login.salesforce.com/services/Soap/u/59.0?a=b", "http://box:81/org/1/services/Soap/u/59.0?a=b"),
        ("https://acme.my.salesforce.com/x", "http://box:81/org/1/x"),
        ("https://box:81/services/data", "http://box:81/services/data"),
        ("https://example.com/x", "https://example.com/x"),
        ("https://notsalesforce.com/x", "https://notsalesforce.com/x"),
        ("https://login.salesforce.com.example/x", "https://login.salesforce.com.example/x"),
    ],
)
def test_the_adapter_leads_salesforces_hosts_to_orgbox_and_no_others(asked: str, goes: str) -> None:
    assert Routing("http://box:81/org/1/").route(asked) == goes


@pytest.mark.needs_java
def test_java_trusts_the_store(folder: Path, secure: Service) -> None:
    found = subprocess.run(
        ["keytool", "-list", "-keystore", str(folder / "ca.p12"), "-storepass", "changeit"],
        capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"LC_ALL": "C"},
    )  # fmt: skip

    assert "trustedCertEntry" in found.stdout, found.stderr
