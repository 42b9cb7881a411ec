"""Who may do what, on every way in: SOAP, the console, what leads out of it, the control API, the link of a
mail. The columns are an administrator, a Standard User who owns the groups (alice) and one who owns nothing
(sam), a Chatter Free User (carl), a customer with Chatter External (carla), and nobody.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from inviting import group_of, invite, mails, token_of
from service import Answer, Client, Service, start_service
from visitor import Visitor

EMPLOYEES = {"admin", "alice", "sam", "carl"}
EVERYBODY = {*EMPLOYEES, "carla"}
OWNERS = {"admin", "alice"}
NOBODY: set[str] = set()
GROUP, INVITATION = "CollaborationGroup", "CollaborationInvitation"
KEY = "key-of-the-control-api"
PASSWORD = "orgbox1!"
REFUSED = re.compile("INSUFFICIENT_ACCESS|CANNOT_INSERT_UPDATE|INVALID_CROSS_REFERENCE_KEY|INVALID_TYPE"
                     "|INVALID_FIELD|ENTITY_IS_DELETED|DELETE_NOT_ALLOWED|INVALID_SESSION_ID|INVALID_ID_FIELD"
                     "|FIELD_INTEGRITY_EXCEPTION")  # fmt: skip


@dataclass
class People:
    """The same people over SOAP and in the console. `nobody` has neither session nor cookie."""

    service: Service
    clients: dict[str, Client]
    visitors: dict[str, Visitor]
    made: int = 0

    def __post_init__(self) -> None:
        admin, alice = self.clients["admin"], self.clients["alice"]
        self.profile, self.admins = (
            admin.query(f"SELECT Id FROM Profile WHERE Name = '{name}'").text("Id") or ""
            for name in ("Standard User", "System Administrator")
        )
        self.hidden = group(alice, "Hidden", "Unlisted")
        self.alone = admin.call(new_user("alone", self.profile)).text("id") or ""

    def things(self, name: str) -> dict[str, str]:
        """What an attempt of that person is about: records of others, new for each."""
        self.made += 1
        alice, n = self.clients["alice"], self.made
        invitation = invite(alice, f"new{n}@acme.com")[0]
        return {
            "n": f"N{n}", "invitation": invitation, "board": group_of(alice, "Board"),
            "all": group_of(alice, "All acme.com"), "me": self.clients[name].user_id or alice.user_id,
            "mia": user_of(alice, "mia@acme.com"), "sam": user_of(alice, "sam@acme.com"),
            "profile": self.profile, "admins": self.admins, "alice": alice.user_id, "alone": self.alone,
            "hidden": self.hidden,
            "fresh": group(alice, f"Fresh {n}"), "deleted": unfollowed(alice),
            "mail": str(mails(self.service, about=invitation)[0].number),
        }  # fmt: skip


def group(client: Client, name: str, kind: str = "Public") -> str:
    return client.create("CollaborationGroup", {"Name": name, "CollaborationType": kind}).text("id") or ""


def unfollowed(client: Client) -> str:
    """The Id of a subscription that was deleted; it is in the recycle bin."""
    mia = user_of(client, "mia@acme.com")
    made = client.create("EntitySubscription", {"ParentId": mia, "SubscriberId": client.user_id}).text("id")
    assert client.call(f"<delete><ids>{made}</ids></delete>").text("success") == "true"
    return made or ""


def user_of(client: Client, username: str) -> str:
    return client.query(f"SELECT Id FROM User WHERE Username = '{username}'").text("Id") or ""


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    service = start_service(tmp_path_factory.mktemp("people"), control_key=KEY)
    usernames = {name: f"{name}@acme.com" for name in sorted(EMPLOYEES)}
    usernames["carla"] = join_as_customer(service)
    clients = {name: service.client(username) for name, username in usernames.items()}
    visitors = {name: Visitor(service.url) for name in usernames}
    for name, visitor in visitors.items():
        assert visitor.sign_in(usernames[name]).path == "/home"
    clients["admin"].create("PermissionSet", {"Name": "Spare", "Label": "Spare"})
    clients["nobody"], visitors["nobody"] = Client(service.url), Visitor(service.url)
    yield People(service, clients, visitors)
    service.stop()


def record(call: str, sobject: str, **fields: str) -> str:
    """A saving call of one record."""
    values = "".join(f"<o:{name}>{value}</o:{name}>" for name, value in fields.items())
    return f"<{call}><sObjects><o:type>{sobject}</o:type>{values}</sObjects></{call}>"


def new_user(name: str, profile: str) -> str:
    """A create() of a user."""
    return record(
        "create", "User", Username=f"{name}@acme.com", Email=f"{name}@acme.com", LastName=name, Alias="n",
        ProfileId=profile, TimeZoneSidKey="Europe/Berlin", LocaleSidKey="en_US", EmailEncodingKey="UTF-8",
        LanguageLocaleKey="en_US",
    )  # fmt: skip


def join_as_customer(service: Service) -> str:
    """Invite a customer to a group, who follows the link; the user name."""
    alice = service.client("alice@acme.com")
    invite(alice, "carla@external.com", to=group_of(alice, "All acme.com"))
    joined = Visitor(service.url).post(
        mails(service, recipient="carla@external.com")[0].link.removeprefix(service.url),
        {"first_name": "Carla", "last_name": "Customer", "email": "carla@external.com", "company": "External",
         "password": PASSWORD, "repeated": PASSWORD},
    )  # fmt: skip
    assert joined.status == 200
    return alice.query("SELECT Username FROM User WHERE Email = 'carla@external.com'").text("Username") or ""


CALLS: dict[str, tuple[str, set[str]]] = {
    "ask who one is": ("<getUserInfo/>", EVERYBODY),
    "ask what there is": ("<describeGlobal/>", EVERYBODY),
    "reset another's password": ("<resetPassword><userId>{mia}</userId></resetPassword>", {"admin"}),
    "set another's password": (
        "<setPassword><userId>{mia}</userId><password>sesame{n}word</password></setPassword>", {"admin"}),
    "change another user": (record("update", "User", Id="{mia}", Title="T"), {"admin"}),
    "make a user": (new_user("{n}", "{profile}"), {"admin"}),
    "make a permission set": (record("create", "PermissionSet", Name="{n}", Label="{n}"), {"admin"}),
    "give oneself a profile": (record("update", "User", Id="{me}", ProfileId="{admins}"), {"admin"}),
    "make a group": (record("create", GROUP, Name="{n}", CollaborationType="Public"), EMPLOYEES),
    "rename a group of others": (record("update", GROUP, Id="{board}", Description="D"), OWNERS),
    "delete a group of others": ("<delete><ids>{fresh}</ids></delete>", OWNERS),
    "put another into a group of others": (
        record("create", f"{GROUP}Member", CollaborationGroupId="{fresh}", MemberId="{mia}"), OWNERS),
    "cancel an invitation of others": ("<delete><ids>{invitation}</ids></delete>", OWNERS),
    "empty the recycle bin of others": (
        "<emptyRecycleBin><ids>{deleted}</ids></emptyRecycleBin>", OWNERS),
    "invite a colleague": (
        record("create", INVITATION, InvitedUserEmail="{n}@acme.com", SharedEntityId="{me}"), EMPLOYEES),
    "invite a customer to a group of others": (
        record("create", INVITATION, InvitedUserEmail="{n}@external.com", SharedEntityId="{all}"), OWNERS),
}  # fmt: skip


@pytest.mark.parametrize("what", CALLS)
def test_a_call_is_for_those_the_table_names(people: People, what: str) -> None:
    text, allowed = CALLS[what]

    done = {n for n, client in people.clients.items() if did(client.call(text.format(**people.things(n))))}

    assert done == allowed


def did(answer: Answer) -> bool:
    """Whether a call did what it was to do; a refusal must be one for want of a right."""
    text = answer.body.decode()
    if answer.status == 200 and "<success>false" not in text:
        return True
    assert REFUSED.search(text), text
    return False


SEEN: dict[str, tuple[str, set[str]]] = {
    "invitations of others": (f"SELECT Id FROM {INVITATION} WHERE InviterId = '{{alice}}'", EMPLOYEES),
    "an unlisted group of others": (f"SELECT Id FROM {GROUP} WHERE Id = '{{hidden}}'", OWNERS),
    "people in no group of one's own": ("SELECT Id FROM User WHERE Id = '{alone}'", EMPLOYEES),
    "profiles": ("SELECT Id FROM Profile", {"admin", "alice", "sam"}),
    "permission sets": ("SELECT Id FROM PermissionSet", {"admin", "alice", "sam"}),
}
WAYS = ("query", "queryAll", "retrieve", "page", "csv")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", SEEN)
def test_records_are_seen_by_the_same_people_on_every_way_out(people: People, what: str, way: str) -> None:
    query, allowed = SEEN[what]
    text = query.format(**people.things("alice"))

    assert {name for name in people.clients if sees(people, name, text, way)} == allowed


_ROW = {"page": re.compile(rb"<tbody>\s*<tr"), "csv": re.compile(rb"\A[\w.\xef\xbb\xbf]+\r\n\w")}


def sees(people: People, name: str, text: str, way: str) -> bool:
    """Whether a query gives that person any record."""
    client, visitor = people.clients[name], people.visitors[name]
    if way in ("page", "csv"):
        page = visitor.get("/soql" if way == "page" else "/soql/rows.csv", params={"q": text})
        return page.status == 200 and bool(_ROW[way].search(page.body))
    if way == "retrieve":
        type_, id_ = text.split()[3], people.clients["admin"].query(text).texts("Id")[0]
        asked = f"<fieldList>Id</fieldList><sObjectType>{type_}</sObjectType><ids>{id_}</ids>"
        return bool(client.call(f"<retrieve>{asked}</retrieve>").texts("Id"))
    return bool(client.call(f"<{way}><queryString>{text}</queryString></{way}>").texts("Id"))


PAGES: dict[str, set[str]] = {
    "/home": EVERYBODY, "/people": EVERYBODY, "/people/{me}": EVERYBODY, "/people/{alone}": EMPLOYEES,
    "/groups": EVERYBODY, "/groups/{all}": EVERYBODY, "/groups/{board}": EMPLOYEES,
    "/groups/{hidden}": OWNERS, "/invitations": EVERYBODY, "/soql": EVERYBODY, "/calls": EVERYBODY,
    "/mail": {"admin"}, "/mail/{mail}": {"admin"}, "/mail/{mail}/raw": {"admin"},
    "/mail/{mail}/rendered": {"admin"},
    "/setup/chatter": {"admin"}, "/setup/chatter/edit": {"admin"}, "/setup/users": {"admin"},
    "/setup/users/new": {"admin"}, "/setup/users/{mia}": {"admin"}, "/faults": {"admin"},
}  # fmt: skip
"""Lists are open to everybody and show what the reader sees."""


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_those_the_table_names(people: People, path: str) -> None:
    opened = set()
    for name, visitor in people.visitors.items():
        page = visitor.get(path.format(**people.things(name)))
        if page.status == 200 and not page.path.startswith("/signin"):
            opened.add(name)
        else:
            assert page.status in (200, 403, 404), page.status

    assert opened == PAGES[path]


FORMS: dict[str, tuple[dict[str, str], set[str]]] = {
    "/groups/new": ({"name": "{n}", "type": "Public"}, EMPLOYEES),
    "/groups/{fresh}/members": ({"username": "mia@acme.com"}, OWNERS),
    "/groups/{all}/invite": ({"addresses": "{n}@acme.com"}, OWNERS),
    "/people/invite": ({"addresses": "{n}@acme.com"}, EMPLOYEES),
    "/invitations/{invitation}/cancel": ({}, OWNERS),
    "/invitations/{invitation}/resend": ({}, OWNERS),
    "/setup/users/{mia}/activity": ({"active": "true"}, {"admin"}),
    "/setup/users/{mia}/password": ({}, {"admin"}),
    "/faults": ({"code": "QUERY_TIMEOUT", "call": "search"}, {"admin"}),
    "/setup/chatter/edit": (
        {"allowed_domains": "acme.com", "invitation_days": "60", "allow_invitations": "true",
         "allow_customer_invitations": "true"}, {"admin"}),
}  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
def test_a_form_does_its_work_for_those_the_table_names(people: People, path: str) -> None:
    values, allowed = FORMS[path]
    done = set()
    for name, visitor in people.visitors.items():
        things = people.things(name)
        page = visitor.post(
            path.format(**things), {key: value.format(**things) for key, value in values.items()}
        )
        if page.status == 200 and not page.path.startswith("/signin"):
            done.add(name)
        else:
            assert page.status in (200, 403, 404, 422), page.status

    assert done == allowed


CONTROL = ("orgs", "orgs/{org}", "orgs/{org}/users", "orgs/{org}/mails", "orgs/{org}/calls",
           "orgs/{org}/settings", "orgs/{org}/apps", "nothing")  # fmt: skip


@pytest.mark.parametrize("path", CONTROL)
def test_the_control_api_is_for_its_key_and_for_no_user(people: People, path: str) -> None:
    url = f"{people.service.url}/_orgbox/{path.format(org=people.clients['admin'].session_id[:15])}"
    for name, visitor in people.visitors.items():
        sent = {"Authorization": f"Bearer {people.clients[name].session_id or 'none'}"}
        for headers in ({}, sent):
            assert visitor.http.get(url, headers=headers, timeout=20).status_code == 401, name

    answer = requests.get(url, headers={"Authorization": f"Bearer {KEY}"}, timeout=20)
    assert answer.status_code == (404 if path == "nothing" else 200)


def test_an_invitation_is_accepted_with_the_token_of_its_mail_alone(people: People) -> None:
    for name, visitor in people.visitors.items():
        things = people.things(name)
        for token in (things["invitation"], things["invitation"][:15], "x" * 43):
            assert visitor.get(f"/join/{token}").status in (404, 410), name
        assert visitor.get(f"/join/{token_of(people.service, f'new{people.made}@acme.com')}").status == 200


def test_what_a_session_tells_of_its_user_it_tells_of_nobody_else(people: People) -> None:
    for name, client in people.clients.items():
        headers = {"Authorization": f"Bearer {client.session_id or 'none'}"}
        told = requests.get(f"{people.service.url}/services/oauth2/userinfo", headers=headers, timeout=20)
        if name == "nobody":
            assert told.status_code in (401, 403)
        else:
            assert told.json()["user_id"] == client.user_id
            other = people.clients["alice" if name != "alice" else "sam"].user_id
            theirs = f"{people.service.url}/id/{client.session_id[:15]}/{other}"
            assert requests.get(theirs, headers=headers, timeout=20).status_code in (401, 403, 404), name
