"""What belongs to another org is as what was never there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from inviting import invite
from orgbox import ids
from orgbox.control import ControlClient
from service import Client, Service, start_service
from visitor import Visitor

UNKNOWN = 60**9
"""A number that no record has."""


@dataclass
class Orgs:
    """Two orgs of a service; `made` are Ids of the other one's records by their kind."""

    service: Service
    admin: Client
    other: Client
    made: dict[str, str]
    locator: str
    mail: int


def signed_in(service: Service, login_url: str, username: str) -> Client:
    client = Client(f"{service.url}{login_url.partition(service.url)[2]}")
    return client.login(username)


@pytest.fixture(scope="module")
def orgs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orgs]:
    service = start_service(tmp_path_factory.mktemp("orgs"), control_key="key")
    control = ControlClient(service.url, "key")
    admin, other = (
        signed_in(service, control.post("orgs")["login_url"], "admin@acme.com") for _ in range(2)
    )
    for n in range(3):  # so that the numbers of records do not run alike in both
        admin.create("CollaborationGroup", {"Name": f"Mine {n}", "CollaborationType": "Public"})
    made = {"invitation": invite(other, *(f"new{n}@acme.com" for n in range(30)))[-1]}
    for n in range(30):
        group = other.create("CollaborationGroup", {"Name": f"Theirs {n}", "CollaborationType": "Public"})
    made["group"] = group.text("id") or ""
    profile = other.query("SELECT Id FROM Profile WHERE Name = 'Standard User'").text("Id") or ""
    for n in range(5):
        user = other.create("User", {
            "Username": f"u{n}@acme.com", "Email": f"u{n}@acme.com", "LastName": "N", "Alias": "n",
            "ProfileId": profile, "TimeZoneSidKey": "Europe/Berlin", "LocaleSidKey": "en_US",
            "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
        })  # fmt: skip
        assert user.text("success") == "true", user.body.decode()
        made["user"] = user.text("id") or ""
    size = "<QueryOptions><batchSize>200</batchSize></QueryOptions>"
    invite(other, *(f"many{n}@acme.com" for n in range(200)))
    locator = other.query("SELECT Id FROM CollaborationInvitation", size).text("queryLocator") or ""
    mails = control.get(f"orgs/{other.session_id[:15]}/mails")["mails"]
    yield Orgs(service, admin, other, made, locator, mails[0]["number"])
    control.close()
    service.stop()


CALLS = {
    "retrieve": "<retrieve><fieldList>Id</fieldList><sObjectType>{type}</sObjectType><ids>{id}</ids>"
                "</retrieve>",
    "query": "<query><queryString>SELECT Id FROM {type} WHERE Id = '{id}'</queryString></query>",
    "queryAll": "<queryAll><queryString>SELECT Id FROM {type} WHERE Id = '{id}'</queryString></queryAll>",
    "delete": "<delete><ids>{id}</ids></delete>",
    "undelete": "<undelete><ids>{id}</ids></undelete>",
    "emptyRecycleBin": "<emptyRecycleBin><ids>{id}</ids></emptyRecycleBin>",
    "update": "<update><sObjects><o:type>{type}</o:type><o:Id>{id}</o:Id></sObjects></update>",
    "upsert": "<upsert><externalIDFieldName>Id</externalIDFieldName>"
              "<sObjects><o:type>{type}</o:type><o:Id>{id}</o:Id></sObjects></upsert>",
    "setPassword": "<setPassword><userId>{id}</userId><password>sesame12345</password></setPassword>",
    "resetPassword": "<resetPassword><userId>{id}</userId></resetPassword>",
    "invite to it": "<create><sObjects><o:type>CollaborationInvitation</o:type><o:InvitedUserEmail>x@acme.com"
                    "</o:InvitedUserEmail><o:SharedEntityId>{id}</o:SharedEntityId></sObjects></create>",
    "join it": "<create><sObjects><o:type>CollaborationGroupMember</o:type><o:CollaborationGroupId>{id}"
               "</o:CollaborationGroupId><o:MemberId>{mine}</o:MemberId></sObjects></create>",
    "follow it": "<create><sObjects><o:type>EntitySubscription</o:type><o:ParentId>{id}</o:ParentId>"
                 "<o:SubscriberId>{mine}</o:SubscriberId></sObjects></create>",
    "be managed by it": "<update><sObjects><o:type>User</o:type><o:Id>{mine}</o:Id><o:ManagerId>{id}"
                        "</o:ManagerId></sObjects></update>",
}  # fmt: skip
KINDS = {"invitation": "CollaborationInvitation", "group": "CollaborationGroup", "user": "User"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", CALLS)
def test_an_id_of_another_org_is_as_one_that_never_was(orgs: Orgs, call: str, kind: str) -> None:
    foreign = orgs.made[kind]
    never = ids.make(foreign[:3], UNKNOWN)

    def told(id_: str) -> str:
        answer = orgs.admin.call(CALLS[call].format(id=id_, type=KINDS[kind], mine=orgs.admin.user_id))
        plain = answer.body.decode().replace(id_, "ID").replace(id_[:15], "ID")
        return re.sub(r"<limitInfo>.*?</limitInfo>", "", plain)

    assert told(foreign) == told(never)
    known = orgs.other.call(CALLS["query"].format(id=foreign, type=KINDS[kind]))
    assert known.text("size") == "1", "it has gone from its own org"


def test_a_locator_and_a_session_of_another_org_lead_nowhere(orgs: Orgs) -> None:
    more = f"<queryMore><queryLocator>{orgs.locator}</queryLocator></queryMore>"
    assert orgs.admin.call(more).fault[0] == "sf:INVALID_QUERY_LOCATOR"
    assert orgs.other.call(more).status == 200
    ended = orgs.admin.call(
        f"<invalidateSessions><sessionIds>{orgs.other.session_id}</sessionIds></invalidateSessions>"
    )
    assert ended.texts("success") == ["false"]
    assert orgs.other.call("<getUserInfo/>").status == 200


PAGES = ("/groups/{group}", "/groups/{group}/invite", "/people/{user}", "/setup/users/{user}", "/mail/{mail}",
         "/mail/{mail}/raw", "/mail/{mail}/rendered")  # fmt: skip
FORMS = ("/invitations/{invitation}/cancel", "/invitations/{invitation}/resend", "/groups/{group}/invite",
         "/groups/{group}/members", "/setup/users/{user}/activity", "/setup/users/{user}/password",
         )  # fmt: skip


def test_the_pages_of_an_org_show_and_change_nothing_of_another(orgs: Orgs) -> None:
    org = orgs.admin.session_id[:15]
    visitor = Visitor(orgs.service.url)
    assert visitor.sign_in("admin@acme.com", org=org).path == "/home"
    never = {kind: ids.make(id_[:3], UNKNOWN) for kind, id_ in orgs.made.items()} | {"mail": "999999"}
    theirs = orgs.made | {"mail": str(orgs.mail)}

    for ask, paths in ((visitor.get, PAGES), (visitor.post, FORMS)):
        for path in paths:
            answers = [ask(path.format(**found)) for found in (theirs, never)]
            assert answers[0].status == answers[1].status >= 400, path
            assert answers[0].main == answers[1].main, path


def test_the_control_api_keeps_the_orgs_apart(orgs: Orgs) -> None:
    control = ControlClient(orgs.service.url, "key")
    mine, theirs = (client.session_id[:15] for client in (orgs.admin, orgs.other))

    assert control.get(f"orgs/{mine}/mails") == {"mails": []}
    assert len(control.get(f"orgs/{theirs}/mails")["mails"]) > 1
    assert "admin@acme.com" in {user["username"] for user in control.get(f"orgs/{mine}/users")["users"]}
    assert "u4@acme.com" not in str(control.get(f"orgs/{mine}/users"))
    assert "Theirs 3" not in str(control.get(f"orgs/{mine}/calls"))
    control.close()
