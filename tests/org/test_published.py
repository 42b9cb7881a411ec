"""What the manual tells everybody opens no service that other machines reach."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from orgbox.app import Exposed, refuse_published
from orgbox.config import configure, is_loopback
from orgbox.control import ControlClient, ControlError
from orgbox.org.published import openings
from orgbox.org.seed import read_seed
from orgbox.secure_command import secure
from served import ran
from service import Client, Service

ROOT = Path(__file__).parents[2]
SEED = ROOT / "service/orgbox/org/seed.toml"


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
     ("::", False), ("", False), ("192.168.1.7", False), ("box.example", False), ("127.0.0.1.nip", False)],
)  # fmt: skip
def test_an_address_is_reached_from_here_alone_or_from_elsewhere(host: str, here: bool) -> None:
    assert is_loopback(host) == here


@pytest.mark.parametrize("more", [[], ["--workers", "2"]])
def test_other_machines_are_not_served_with_the_manuals_passwords(tmp_path: Path, more: list[str]) -> None:
    flags = ["--host", "0.0.0.0", "--port", "0", "--hash-memory-kib", "64", *more]

    run = ran("serve", "--database", f"sqlite:///{tmp_path}/x.db", *flags)

    assert run.returncode == 1 and not run.stdout
    assert "admin@acme.com and 5 more" in run.stderr and "orgbox secure" in run.stderr


def test_it_takes_a_flag_or_other_passwords(service: Service) -> None:
    orgs = service.app.orgs
    refuse_published(configure(host="127.0.0.1"), orgs)
    refuse_published(configure(host="0.0.0.0", published_passwords=True), orgs)
    with pytest.raises(Exposed):
        refuse_published(configure(host="0.0.0.0"), orgs)


def test_secure_changes_what_is_published_and_signs_everybody_out(service: Service) -> None:
    alice = service.client("alice@acme.com")
    database = str(service.app.orgs.database.engine.url.render_as_string(hide_password=False))
    alice.call(f"<setPassword><userId>{alice.user_id}</userId><password>mine4ever</password></setPassword>")
    mia = service.client("mia@acme.com")

    ran = CliRunner().invoke(secure, ["--database", database, "--password", "sesame12345"])

    assert ran.exit_code == 0, ran.output
    assert "mia@acme.com  sesame12345" in ran.output and "alice@acme.com" not in ran.output
    assert openings(service.app.orgs) == []
    refuse_published(configure(host="0.0.0.0"), service.app.orgs)
    assert mia.call("<getUserInfo/>").fault[0] == "sf:INVALID_SESSION_ID"
    Client(service.url).login("mia@acme.com", "sesame12345")
    Client(service.url).login("alice@acme.com", "mine4ever")
    form = {"grant_type": "client_credentials", "client_id": "orgbox-acme-key"}
    for secret, status in (("orgbox-acme-secret", 400), (ran.output.split()[-1], 200)):
        url = f"{service.url}/services/oauth2/token"
        answer = requests.post(url, data=form | {"client_secret": secret}, timeout=10)
        assert answer.status_code == status, answer.text
    for refused, words in (("short", "at least 8 characters"), ("orgbox1!", "another than the published")):
        again = CliRunner().invoke(secure, ["--database", database, "--password", refused])
        assert again.exit_code == 1 and words in again.output


def test_a_database_that_was_not_there_is_said_to_be_new(tmp_path: Path) -> None:
    told = [CliRunner().invoke(secure, ["--database", f"sqlite:///{tmp_path}/typo.db"]) for _ in range(2)]

    assert [run.stderr for run in told] == [
        f"{tmp_path}/typo.db: a new database\n", "Nobody has a published password.\n",
    ]  # fmt: skip


def test_users_of_another_seed_with_the_same_password_are_found(make_service: Callable[..., Service]) -> None:
    service = make_service(control_key="key")
    control = ControlClient(service.url, "key")
    own = SEED.read_text().replace("@acme.com", "@w.org").replace("orgbox-acme-secret", "other")
    made = control.post("orgs", seed=own)

    found = [opening.name for opening in openings(service.app.orgs) if opening.org_id == made["id"]]

    assert "admin@w.org" in found and len(found) == 5
    control.close()


def test_no_org_with_published_passwords_is_made_where_other_machines_reach(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(control_key="key", host="0.0.0.0")
    port = service.url.rpartition(":")[2]
    control = ControlClient(f"http://127.0.0.1:{port}", "key")
    text = SEED.read_text()

    with pytest.raises(ControlError, match="published password"):
        control.post("orgs")
    with pytest.raises(ControlError, match="published password"):
        control.post("orgs", seed=text.replace("orgbox1!", "another1"))
    secret = text.replace("orgbox1!", "another1").replace("acme-secret", "other-secret")
    made = control.post("orgs", seed=secret, name="Hush")
    start = requests.get(f"http://127.0.0.1:{port}/", timeout=10).text
    assert "Point a SOAP client here" in start
    assert "Hush" not in start and made["id"] not in start and "Acme" not in start
    control.close()


def test_the_manual_names_the_passwords_that_are_looked_for() -> None:
    readme = (ROOT / "README.md").read_text()
    assert f"`{read_seed('').password}`" in readme
