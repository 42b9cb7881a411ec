"""login() before, during and after its retirement, and retired API versions; OAuth goes on."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
import requests

from service import PASSWORD, Client, Service

LOGIN = f"<login><username>alice@acme.com</username><password>{PASSWORD}</password></login>"
DISABLED = (
    "INVALID_OPERATION: SOAP API login() is disabled by default in this org. "
    "Contact the org administrator to enable SOAP API login()."
)
GONE = (
    "INVALID_OPERATION: The SOAP Login operation is not available in the API version specified ({}). "
    "Refer to the documentation for supported versions."
)
UNSUPPORTED = "UNSUPPORTED_API_VERSION: Invalid Api version specified on URL"


@pytest.fixture
def acme(service: Service) -> Callable[..., Service]:
    """The service after some settings of Acme were changed."""

    def change(**settings: object) -> Service:
        org = service.app.orgs.all()[0]
        with service.app.orgs.database.write() as connection:
            service.app.orgs.change_settings(connection, org, settings)
        return service

    return change


def token(service: Service) -> str:
    answer = requests.post(
        f"{service.url}/services/oauth2/token", timeout=30,
        data={"grant_type": "client_credentials", "client_id": "orgbox-acme-key",
              "client_secret": "orgbox-acme-secret"},
    )  # fmt: skip
    return str(answer.json()["access_token"])


@pytest.mark.parametrize("dialect", ["c", "u"])
@pytest.mark.parametrize(
    ("stage", "version", "refusal"),
    [
        ("enabled", "66.0", ""),
        ("disabled", "30.0", DISABLED),
        ("disabled", "66.0", DISABLED),
        ("retiring", "64.0", ""),
        ("retiring", "65.0", GONE.format("65.0")),
        ("retiring", "66.0", GONE.format("66.0")),
        ("retired", "31.0", GONE.format("31.0")),
        ("retired", "66.0", GONE.format("66.0")),
    ],
)
def test_login_is_refused_at_the_stages_of_its_retirement(
    acme: Callable[..., Service], stage: str, version: str, refusal: str, dialect: str
) -> None:
    client = acme(soap_login=stage).client(dialect=dialect, version=version)

    answer = client.call(LOGIN)

    if refusal:
        assert answer.fault == ("sf:INVALID_OPERATION", refusal)
        assert answer.xml.find(".//{*}UnexpectedErrorFault") is not None
    else:
        assert answer.status == 200


@pytest.mark.parametrize("stage", ["disabled", "retiring", "retired"])
def test_data_calls_go_on_with_a_token_of_oauth(acme: Callable[..., Service], stage: str) -> None:
    service = acme(soap_login=stage)
    client = service.client()
    client.session_id = token(service)
    alice = client.call("<getUserInfo/>").text("userId") or ""

    invitation = {"InvitedUserEmail": "new@acme.com", "SharedEntityId": alice}
    made = client.create("CollaborationInvitation", invitation)

    assert made.text("success") == "true"


def test_a_session_begun_before_goes_on(service: Service, acme: Callable[..., Service]) -> None:
    alice = service.client("alice@acme.com")

    acme(soap_login="retired")

    assert alice.call("<getUserInfo/>").status == 200


def test_retired_versions_are_refused_to_all_calls_and_newer_ones_served(
    acme: Callable[..., Service],
) -> None:
    service = acme(oldest_version=31)
    session = service.client("alice@acme.com", version="31.0").session_id
    old = service.client(version="30.0")

    refused = old.call(LOGIN)
    old.session_id = session

    assert refused.fault[1] == old.call("<getUserInfo/>").fault[1] == UNSUPPORTED
    assert with_version(old, "31.0").call("<getUserInfo/>").status == 200


def with_version(client: Client, version: str) -> Client:
    client.version = version
    return client


@pytest.mark.parametrize("setting", [{"soap_login": "perhaps"}, {"oldest_version": "31.0"}])
def test_a_stage_that_does_not_exist_is_no_setting(
    acme: Callable[..., Service], setting: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        acme(**setting)


def test_a_seed_says_how_its_org_begins(make_service: Callable[..., Service], tmp_path: Path) -> None:
    acme = (resources.files("orgbox.org") / "seed.toml").read_text("utf-8")
    seed = tmp_path / "seed.toml"
    seed.write_text(acme.replace("[settings]", '[settings]\nsoap_login = "disabled"'), "utf-8")

    answer = make_service(seed=str(seed)).client().call(LOGIN)

    assert answer.fault[1] == DISABLED
