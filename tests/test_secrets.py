"""A story with every secret there is, told to a service that logs all it can; then none of them is found."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from orgbox.control import ControlClient
from served import served
from service import PASSWORD, Client
from visitor import Visitor

CONTROL_KEY = "control-key-of-the-story"
WRONG = "wrong-pass-4711"


@dataclass
class Story:
    """What was said, and the secrets in it by what they are."""

    url: str
    secrets: dict[str, str] = field(default_factory=dict)

    def tell(self) -> None:
        self.control = ControlClient(self.url, CONTROL_KEY)
        self.org = self.control.get("orgs")["orgs"][0]["id"]
        self.secrets |= {"the default password": PASSWORD, "the control key": CONTROL_KEY, "a typo": WRONG}
        alice = Client(self.url).login("alice@acme.com")
        self.secrets["a session"] = alice.session_id.partition("!")[2]
        self._passwords(Client(self.url).login("admin@acme.com"))
        self._invitation(alice)
        self._console()
        self._oauth()
        self._accidents(alice)

    def _passwords(self, admin: Client) -> None:
        mia = Client(self.url).login("mia@acme.com")
        wrong = Client(self.url).call(
            f"<login><username>mia@acme.com</username><password>{WRONG}</password></login>"
        )
        assert wrong.fault[0] == "sf:INVALID_LOGIN"
        made = admin.call(f"<resetPassword><userId>{mia.user_id}</userId></resetPassword>").text("password")
        self.secrets["a password made up"] = made or ""
        self.secrets["a password set"] = "set-by-admin-77"
        new = f"<userId>{mia.user_id}</userId><password>set-by-admin-77</password>"
        assert admin.call(f"<setPassword>{new}</setPassword>").status == 200
        mia.login("mia@acme.com", "set-by-admin-77" + "Q" * 24)
        self.secrets["a security token"] = "Q" * 24
        self.secrets["a password changed"] = "changed-by-mia-88"
        changed = mia.call(
            "<changeOwnPassword><oldPassword>set-by-admin-77</oldPassword>"
            "<newPassword>changed-by-mia-88</newPassword></changeOwnPassword>"
        )
        assert changed.status == 200

    def _invitation(self, alice: Client) -> None:
        values = {"InvitedUserEmail": "bob@acme.com", "SharedEntityId": alice.user_id}
        assert alice.create("CollaborationInvitation", values).text("success") == "true"
        mail = self.control.get(f"orgs/{self.org}/mails", recipient="bob@acme.com")["mails"][0]
        link = re.search(r"/join/(\S+)", mail["text"])
        assert link
        self.secrets["the token of an invitation"] = link[1]
        self.secrets["an invitee's password"] = "bobs-own-pass-99"
        http, url = requests.Session(), f"{self.url}/join/{link[1]}"
        token = re.search(r'name="csrf_token" value="([^"]+)"', http.get(url, timeout=20).text)
        assert token
        form = {"first_name": "Bob", "last_name": "B", "email": "bob@acme.com", "csrf_token": token[1]}
        form |= {"password": "bobs-own-pass-99", "repeated": "bobs-own-pass-99"}
        assert "Welcome" in http.post(url, data=form, timeout=20).text

    def _console(self) -> None:
        ada = Visitor(self.url)
        assert ada.sign_in("admin@acme.com", WRONG).status == 401
        assert ada.sign_in("admin@acme.com").path == "/home"
        cookie = ada.http.cookies["orgbox"]
        self.secrets["a cookie"] = cookie
        self.secrets["a console password"] = "new-for-ada-55"
        new = {"old": PASSWORD, "new": "new-for-ada-55", "again": "new-for-ada-55"}
        assert ada.post("/password", new).path == "/home"
        self.ada = ada

    def _oauth(self) -> None:
        secret = "the-secret-of-an-app-123"
        app = {"consumer_key": "story-key", "consumer_secret": secret, "run_as": "alice@acme.com"}
        self.control.post(f"orgs/{self.org}/apps", **app)
        path = f"orgs/{self.org}/apps/story-key/refresh_tokens"
        refresh = self.control.post(path, username="alice@acme.com")
        self.secrets["a refresh token"] = str(refresh["refresh_token"])
        form = {"client_id": "story-key", "client_secret": secret}
        self.secrets["the secret of an app"] = secret
        for grant in (
            {"grant_type": "client_credentials"},
            {"grant_type": "password", "username": "mia@acme.com", "password": "changed-by-mia-88"},
            {"grant_type": "refresh_token", "refresh_token": refresh["refresh_token"]},
        ):
            answer = requests.post(f"{self.url}/services/oauth2/token", data=form | grant, timeout=20)
            assert answer.status_code == 200, answer.text
            token = answer.json()["access_token"]
            self.secrets[f"the token of {grant['grant_type']}"] = token.partition("!")[2]
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{self.url}/services/oauth2/userinfo", headers=headers, timeout=20).ok

    def _accidents(self, alice: Client) -> None:
        """Messages that break off, are of the wrong kind, or go to the wrong place, secrets and all."""
        whole = alice.envelope("<query><queryString>SELECT Id FROM User</queryString></query>")
        for body in (whole[:-30], whole.replace("query>", "qwery>"), whole.encode("utf-16")):
            alice.post(body)
        alice.post(whole, {"Content-Type": "text/plain"})
        requests.post(f"{self.url}/nowhere", data=whole, timeout=20)
        requests.get(f"{self.url}/_orgbox/orgs", headers={"Authorization": f"Bearer {WRONG}"}, timeout=20)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("secrets")
    flags = ["--log", str(folder / "log.json"), "--control-key", CONTROL_KEY]
    with served(folder, *flags) as (process, url):
        story = Story(url)
        story.tell()
        calls = json.dumps(story.control.get(f"orgs/{story.org}/calls"))
        pages = [story.ada.get("/calls").body.decode()]
        numbers = re.findall(r"/calls/(\d+)", pages[0])
        pages += [story.ada.get(f"/calls/{number}").body.decode() for number in numbers]
        story.control.close()
        process.terminate()
        _, errors = process.communicate(timeout=20)
    return story, {
        "the log": (folder / "log.json").read_text(),
        "stderr": errors,
        "the control API's calls": calls,
        "the console's calls": "\n".join(pages),
        "the database": "".join(file.read_bytes().decode("latin-1") for file in folder.glob("served.db*")
                                if not file.name.endswith(".key")),
    }  # fmt: skip


@pytest.mark.parametrize("place", ["the log", "stderr", "the control API's calls", "the console's calls",
                                   "the database"])  # fmt: skip
def test_no_secret_of_the_story_is_found(told: Any, place: str) -> None:
    story, places = told
    kept = {"the secret of an app"} if place == "the database" else set()  # answers are signed with it

    found = [what for what, secret in story.secrets.items() if secret in places[place] and what not in kept]

    assert not found
    assert len(story.secrets) == 17 and all(len(secret) >= 8 for secret in story.secrets.values())


def test_the_log_has_a_line_of_json_for_each_call(told: Any) -> None:
    _, places = told
    lines = [json.loads(line) for line in places["the log"].splitlines()]
    calls = [line for line in lines if line["logger"] == "orgbox.calls"]

    assert {line["call"] for line in calls} >= {"login", "create", "setPassword", "changeOwnPassword"}
    refused = next(line for line in calls if line["fault"] == "INVALID_LOGIN")
    assert (refused["call"], refused["status"], refused["user"]) == ("login", 500, None)
    made = next(line for line in calls if line["call"] == "create")
    assert made["user"] == "alice@acme.com" and made["rows"] == 1 and made["fault"] is None
    assert made["ms"] > 0 and made["bytes_in"] > 100 and made["bytes_out"] > 100
