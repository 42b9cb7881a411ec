"""The OAuth endpoints: grants, refusals in Salesforce's words, what an access token opens, how it ends."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from orgbox.org.oauth import JWT_BEARER
from orgbox.testing import serve
from service import PASSWORD, Client, Service

ACME = "00D00e000000001"
APP = {"client_id": "orgbox-acme-key", "client_secret": "orgbox-acme-secret"}
CREDENTIALS = {"grant_type": "client_credentials"} | APP
ALICE = {"grant_type": "password", "username": "alice@acme.com", "password": PASSWORD} | APP


def post(url: str, name: str = "token", **values: str) -> requests.Response:
    return requests.post(f"{url}/services/oauth2/{name}", data=values, timeout=30)


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    told = answer.json()
    return answer.status_code, told["error"], told["error_description"]


def holder(url: str, token: str) -> str | None:
    """Whose access token it is, as SOAP tells."""
    client = Client(url)
    client.session_id = token
    answer = client.call("<getUserInfo/>")
    return answer.text("userName") if answer.status == 200 else answer.text("faultcode")


class Acme:
    """Changes to Acme by the control API."""

    def __init__(self, service: Service) -> None:
        self._url = f"{service.url}/_orgbox/orgs/{ACME}"
        self._headers = {"Authorization": f"Bearer {service.app.config.control_key}"}

    def ask(self, method: str, path: str, **values: Any) -> requests.Response:
        return requests.request(
            method, f"{self._url}/{path}", json=values, headers=self._headers, timeout=30
        )

    def app(self, **values: str) -> dict[str, str]:
        answer = self.ask("POST", "apps", **values)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


@pytest.fixture
def box(make_service: Callable[..., Service]) -> Service:
    """A fresh service whose control API opens."""
    return make_service(control_key="test-key")


@pytest.fixture
def acme(box: Service) -> Acme:
    return Acme(box)


@pytest.mark.parametrize("values", [ALICE, CREDENTIALS], ids=lambda v: v["grant_type"])
def test_a_grant_gives_a_session_that_soap_accepts(shared: Service, values: dict[str, str]) -> None:
    answer = post(shared.url, **values)
    token = answer.json()

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
    assert token["access_token"].startswith(f"{ACME}!")
    assert token["instance_url"] == shared.url
    assert token["id"].startswith(f"{shared.url}/id/{ACME}")
    assert token["token_type"] == "Bearer"
    assert abs(int(token["issued_at"]) / 1000 - datetime.now(UTC).timestamp()) < 60
    signed = hmac.digest(b"orgbox-acme-secret", (token["id"] + token["issued_at"]).encode(), "sha256")
    assert base64.b64decode(token["signature"]) == signed
    assert token.get("scope") == (None if values is ALICE else "api")
    assert holder(shared.url, token["access_token"]) == "alice@acme.com"


def test_a_token_of_a_user_without_api_access_opens_no_call(box: Service) -> None:
    admin = box.client("admin@acme.com")
    standard = admin.query("SELECT Id FROM Profile WHERE Name = 'Standard User'").text("Id") or ""
    closed = admin.record("Profile", {"Id": standard, "PermissionsApiEnabled": "false"})
    assert admin.call(f"<update>{closed}</update>").text("success") == "true"

    token = post(box.url, **CREDENTIALS).json()["access_token"]

    assert holder(box.url, token) == "sf:API_DISABLED_FOR_ORG"


def test_a_client_may_tell_who_it_is_in_the_header(shared: Service) -> None:
    url = f"{shared.url}/services/oauth2/token"
    auth = (APP["client_id"], APP["client_secret"])

    answer = requests.post(url, data={"grant_type": "client_credentials"}, auth=auth, timeout=30)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("values", "error", "description"),
    [
        ({}, "unsupported_grant_type", "grant type not supported"),
        (ALICE | {"grant_type": "magic"}, "unsupported_grant_type", "grant type not supported"),
        (ALICE | {"client_id": "x"}, "invalid_client_id", "client identifier invalid"),
        (ALICE | {"client_secret": "x"}, "invalid_client", "invalid client credentials"),
        (ALICE | {"password": "x"}, "invalid_grant", "authentication failure"),
        (ALICE | {"username": "nobody@acme.com"}, "invalid_grant", "authentication failure"),
        (ALICE | {"password": "x" * 20_000}, "invalid_grant", "authentication failure"),
        (CREDENTIALS | {"client_secret": "\u20ac"}, "invalid_client", "invalid client credentials"),
        ({"grant_type": "refresh_token", "refresh_token": "x"} | APP,
         "invalid_grant", "expired access/refresh token"),
        ({"grant_type": JWT_BEARER, "assertion": "x"}, "invalid_grant", "invalid assertion"),
        ({"grant_type": JWT_BEARER, "assertion": "e30.e30.e30"}, "invalid_grant", "invalid assertion"),
        ({"grant_type": JWT_BEARER, "assertion": "W10.W10."}, "invalid_grant", "invalid assertion"),
        ({"grant_type": JWT_BEARER, "assertion": f"{'W1tb' * 30_000}.e30."}, "invalid_grant",
         "invalid assertion"),
    ],
)  # fmt: skip
def test_refusals_have_the_words_of_the_service(
    shared: Service, values: dict[str, str], error: str, description: str
) -> None:
    assert refusal(post(shared.url, **values)) == (400, error, description)


def test_guesses_lock_the_user_out_as_those_of_login_do(service: Service) -> None:
    for _ in range(10):
        post(service.url, **ALICE | {"password": "guess"})

    assert refusal(post(service.url, **ALICE))[2] == "authentication failure"
    answer = service.client().call(
        f"<login><username>alice@acme.com</username><password>{PASSWORD}</password></login>"
    )
    assert answer.fault[0] == "sf:INVALID_LOGIN"


def test_an_app_without_a_user_to_run_as_has_no_client_credentials(box: Service, acme: Acme) -> None:
    app = acme.app(name="Bare")
    sent = {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"]}

    answer = post(box.url, grant_type="client_credentials", **sent)

    assert refusal(answer) == (400, "invalid_grant", "no client credentials user enabled")
    assert post(box.url, **ALICE | sent).status_code == 200


def test_a_user_who_is_not_active_gets_no_token(box: Service, acme: Acme) -> None:
    admin = box.client("admin@acme.com")
    found = admin.query("SELECT Id FROM User WHERE Username = 'alice@acme.com'").text("Id")
    admin.call(f"<update><sObjects><o:type>User</o:type><o:Id>{found}</o:Id>"
               "<o:IsActive>false</o:IsActive></sObjects></update>")  # fmt: skip

    assert refusal(post(box.url, **CREDENTIALS)) == (400, "inactive_user", "user is inactive")


def test_a_refresh_token_gives_access_until_it_is_revoked(box: Service, acme: Acme) -> None:
    path = f"apps/{APP['client_id']}/refresh_tokens"
    given = acme.ask("POST", path, username="mia@acme.com").json()["refresh_token"]
    asked = {"grant_type": "refresh_token", "refresh_token": given} | APP

    first = post(box.url, **asked).json()["access_token"]
    second = post(box.url, **asked).json()["access_token"]
    assert first != second
    assert holder(box.url, first) == holder(box.url, second) == "mia@acme.com"

    assert post(box.url, "revoke", token=given).status_code == 200
    assert refusal(post(box.url, **asked)) == (400, "invalid_grant", "expired access/refresh token")
    assert holder(box.url, second) == "sf:INVALID_SESSION_ID"


def test_a_refresh_token_is_of_no_use_to_another_app(box: Service, acme: Acme) -> None:
    path = f"apps/{APP['client_id']}/refresh_tokens"
    given = acme.ask("POST", path, username="mia@acme.com").json()["refresh_token"]
    other = acme.app(name="Other")

    answer = post(
        box.url, grant_type="refresh_token", refresh_token=given,
        client_id=other["consumer_key"], client_secret=other["consumer_secret"],
    )  # fmt: skip

    assert refusal(answer)[1] == "invalid_grant"


@pytest.mark.parametrize("path", ["apps/none/refresh_tokens", "apps/orgbox-acme-key/refresh_tokens"])
def test_refresh_tokens_are_for_apps_and_users_that_exist(acme: Acme, path: str) -> None:
    name = "mia@acme.com" if "none" in path else "nobody@acme.com"

    assert acme.ask("POST", path, username=name).status_code in (400, 404)


def test_an_access_token_ends_when_it_is_revoked(shared: Service) -> None:
    token = post(shared.url, **CREDENTIALS).json()["access_token"]

    assert post(shared.url, "revoke", token=token).status_code == 200
    assert holder(shared.url, token) == "sf:INVALID_SESSION_ID"
    for dead in (token, "00D00e000000001!x", "x", ""):
        assert refusal(post(shared.url, "revoke", token=dead)) == (400, "invalid_token", "invalid token")


def test_userinfo_and_the_identity_url_tell_who_it_is(shared: Service) -> None:
    token = post(shared.url, **CREDENTIALS).json()
    bearer = {"Authorization": f"Bearer {token['access_token']}"}

    info = requests.get(f"{shared.url}/services/oauth2/userinfo", headers=bearer, timeout=30).json()
    identity = requests.get(token["id"], headers=bearer, timeout=30).json()

    assert info["sub"] == identity["id"] == token["id"]
    assert info["preferred_username"] == identity["username"] == "alice@acme.com"
    assert (info["given_name"], info["family_name"]) == ("Alice", "Archer")
    assert (identity["user_type"], identity["utcOffset"]) == ("STANDARD", -28_800_000)
    assert info["organization_id"].startswith(ACME)
    soap = identity["urls"]["partner"].replace("{version}", "60.0")
    alice = Client(shared.url)
    alice.session_id = token["access_token"]
    assert alice.post(alice.envelope("<getUserInfo/>"), url=soap).text("userName") == "alice@acme.com"


@pytest.mark.parametrize(
    ("token", "path", "word"),
    [
        ("", "/services/oauth2/userinfo", "Missing_OAuth_Token"),
        ("x", "/services/oauth2/userinfo", "Bad_OAuth_Token"),
        (f"{ACME}!x", "/services/oauth2/userinfo", "Bad_OAuth_Token"),
        ("good", "/id/00D00e000000001EAA/00500e000000009AAA", "Bad_Id"),
    ],
)
def test_who_has_no_good_token_is_told_one_word(
    shared: Service, token: str, path: str, word: str
) -> None:
    sent = post(shared.url, **CREDENTIALS).json()["access_token"] if token == "good" else token
    headers = {"Authorization": f"Bearer {sent}"} if sent else {}
    if word == "Bad_Id":
        org = shared.app.orgs.all()[0]
        path = f"/id/{org.id}/{org.id_of('005', 9)}"

    answer = requests.get(f"{shared.url}{path}", headers=headers, timeout=30)

    assert (answer.status_code, answer.text) == (403, word)


def test_introspection_tells_an_app_whether_a_token_is_alive(service: Service) -> None:
    token = post(service.url, **CREDENTIALS).json()["access_token"]

    alive = post(service.url, "introspect", token=token, **APP).json()
    dead = post(service.url, "introspect", token=f"{ACME}!x", **APP).json()

    assert alive["active"] is True
    assert (alive["username"], alive["client_id"]) == ("alice@acme.com", APP["client_id"])
    assert alive["exp"] - alive["iat"] == 7200
    assert dead == {"active": False}
    assert refusal(post(service.url, "introspect", token=token))[1] == "invalid_client_id"


def test_an_isolated_org_has_its_endpoints_under_its_own_path() -> None:
    with serve() as server:
        one, two = server.create_org(), server.create_org()
        try:
            token = post(f"{server.url}/org/{one.id[:15]}", **ALICE).json()
            wrong = post(f"{server.url}/org/{two.id[:15]}", "revoke", token=token["access_token"])

            assert token["access_token"].startswith(f"{one.id[:15]}!")
            assert holder(server.url, token["access_token"]) == "alice@acme.com"
            assert refusal(wrong)[1] == "invalid_token"
            assert post(f"{server.url}/org/00Dxx0000000001", **ALICE).status_code == 404
        finally:
            one.delete()
            two.delete()


def test_apps_are_made_listed_and_removed_by_the_control_api(box: Service, acme: Acme) -> None:
    made = acme.app(name="Nightly", run_as="mia@acme.com")
    sent = {"client_id": made["consumer_key"], "client_secret": made["consumer_secret"]}

    assert [app["name"] for app in acme.ask("GET", "apps").json()["apps"]] == ["Integration", "Nightly"]
    token = post(box.url, grant_type="client_credentials", **sent).json()["access_token"]
    assert holder(box.url, token) == "mia@acme.com"
    assert acme.ask("DELETE", f"apps/{made['consumer_key']}").status_code == 204
    assert acme.ask("DELETE", f"apps/{made['consumer_key']}").status_code == 404
    assert refusal(post(box.url, grant_type="client_credentials", **sent))[1] == "invalid_client_id"
    for wrong in ({"colour": "red"}, {"name": 1}, {"run_as": "nobody@acme.com"}):
        assert acme.ask("POST", "apps", **wrong).status_code == 400


@pytest.mark.parametrize(
    ("apps", "words"),
    [
        ('colour = "red"', "no attribute colour"),
        ('run_as = "@User.nobody"', "no record @User.nobody"),
        ("name = 1", "1 is no text"),
    ],
)
def test_a_seed_with_an_app_that_cannot_be_is_refused(box: Service, apps: str, words: str) -> None:
    seed = f'[org]\nname = "Other"\n[apps.a]\n{apps}\n'

    answer = requests.post(
        f"{box.url}/_orgbox/orgs", json={"seed": seed}, headers={"Authorization": "Bearer test-key"},
        timeout=30,
    )  # fmt: skip

    assert answer.status_code == 400
    assert words in answer.json()["error"]


def signed_by(key: rsa.RSAPrivateKey, **claims: Any) -> str:
    """The assertion of a client, made by a library of others."""
    usual = {
        "iss": "jwt-app", "sub": "carl@acme.com", "aud": "https://login.salesforce.com",
        "exp": datetime.now(UTC) + timedelta(minutes=3),
    }  # fmt: skip
    return jwt.encode(usual | claims, key, algorithm="RS256")


def certificate_of(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def test_an_assertion_signed_with_the_apps_key_gives_access(
    box: Service, acme: Acme, key: rsa.RSAPrivateKey
) -> None:
    acme.app(consumer_key="jwt-app", certificate=certificate_of(key))
    other = rsa.generate_private_key(65537, 2048)

    def ask(text: str) -> requests.Response:
        return post(box.url, grant_type=JWT_BEARER, assertion=text)

    assert holder(box.url, ask(signed_by(key)).json()["access_token"]) == "carl@acme.com"
    assert ask(signed_by(key, aud=[box.url, "x"])).status_code == 200
    assert refusal(ask(signed_by(other)))[2] == "invalid assertion"
    assert refusal(ask(signed_by(key, aud="https://example.com")))[2] == "audience is invalid"
    assert refusal(ask(signed_by(key, exp=1)))[2] == "assertion has expired"
    assert refusal(ask(signed_by(key, sub="nobody@acme.com")))[2] == "user hasn't approved this consumer"
    assert refusal(ask(signed_by(key, iss="x")))[1] == "invalid_client_id"
    assert refusal(ask(signed_by(key, iss="orgbox-acme-key")))[2] == "invalid assertion"
    head, body, _ = signed_by(key).split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    assert refusal(ask(f"{forged}.{body}."))[2] == "invalid assertion"
    assert refusal(ask(f"{head}.{body}."))[2] == "invalid assertion"
