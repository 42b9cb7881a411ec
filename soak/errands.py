"""What a client of `soak.calls` does: errands, each one call or a few that belong together.

An errand raises when an answer is not the one it asked for.
"""

import itertools
import random
import threading
from collections import Counter, deque
from collections.abc import Callable

from orgbox.control import ControlClient
from soak.client import Caller, Refused, texts

_ORG = "00D00e000000001"
_GROUP_FIELDS = ("Description", "InformationTitle", "InformationBody", "Name")
_DESCRIBED = ("User", "CollaborationGroup", "CollaborationInvitation", "Profile")
_MANY = 200
_KEPT = 20
_numbers = itertools.count()
_counting = threading.Lock()
_signing = threading.Lock()
"""logout() ends every session of its user: one client at a time."""


class Traveller:
    """A client, signed in as alice, and what it has made. `figures` counts its calls by name."""

    def __init__(self, url: str, figures: Counter[str], number: int) -> None:
        self._figures, self.number = figures, number
        self.caller = Caller().to(url).login("alice@acme.com")
        self.visitor = Caller().to(url)
        self.control = ControlClient(url, "soak")
        self.invited: deque[str] = deque(maxlen=_KEPT)
        self.bulk: list[str] = []

    def count(self, name: str) -> None:
        """One more call of that name."""
        with _counting:
            self._figures[name] += 1

    def close(self) -> None:
        """Close the connections."""
        self.caller.close()
        self.visitor.close()
        self.control.close()


Errand = Callable[[Traveller, random.Random], None]


def _all(ids: list[str | None]) -> list[str]:
    if not ids or None in ids:
        raise AssertionError(f"not every record was saved: {ids}")
    return [str(id_) for id_ in ids]


def _must(there: bool, what: str) -> None:
    if not there:
        raise AssertionError(what)


def _invite(traveller: Traveller, count: int) -> list[str]:
    addresses = [f"c{next(_numbers)}@acme.com" for _ in range(count)]
    rows = [{"InvitedUserEmail": a, "SharedEntityId": traveller.caller.user_id} for a in addresses]
    traveller.count(f"create {count}")
    return _all(traveller.caller.create("CollaborationInvitation", rows))


def inviting(traveller: Traveller, _: random.Random) -> None:
    """Invites somebody."""
    traveller.invited.extend(_invite(traveller, 1))


def bulk(traveller: Traveller, _: random.Random) -> None:
    """Invites 200 people in a call, or cancels them in another."""
    if not traveller.bulk:
        traveller.bulk = _invite(traveller, _MANY)
        return
    traveller.count(f"delete {_MANY}")
    _all(traveller.caller.delete(traveller.bulk))
    traveller.bulk = []


def canceling(traveller: Traveller, _: random.Random) -> None:
    """Cancels an invitation."""
    if traveller.invited:
        traveller.count("delete 1")
        _all(traveller.caller.delete([traveller.invited.popleft()]))


def querying(traveller: Traveller, draw: random.Random) -> None:
    """Asks for what another text asks for each time."""
    limit = draw.randrange(1, 50)
    soql = (
        "SELECT Id, InvitedUserEmail, Status FROM CollaborationInvitation "
        f"WHERE InvitedUserEmail = 'c{draw.randrange(10_000)}@acme.com' LIMIT {limit}"
    )
    traveller.count("query")
    _must(traveller.caller.query(soql).size <= limit, "more records than the limit")


def paging(traveller: Traveller, _: random.Random) -> None:
    """Reads a result of three batches."""
    traveller.count("query")
    batch = traveller.caller.query("SELECT Id, Status FROM CollaborationInvitation LIMIT 600", _MANY)
    seen = len(batch.rows)
    while batch.locator:
        traveller.count("queryMore")
        batch = traveller.caller.more(batch.locator)
        seen += len(batch.rows)
    _must(seen == batch.size, f"{seen} records of {batch.size}")


def retrieving(traveller: Traveller, _: random.Random) -> None:
    """Retrieves what it has made last."""
    ids = [*traveller.invited]
    arguments = "<fieldList>Id, Status</fieldList><sObjectType>CollaborationInvitation</sObjectType>"
    traveller.count("retrieve")
    answer = traveller.caller.call(
        f"<retrieve>{arguments}{''.join(f'<ids>{id_}</ids>' for id_ in ids)}</retrieve>"
    )
    _must(answer.count("<sf:Status>") == len(ids), "not every record was retrieved")


def describing(traveller: Traveller, draw: random.Random) -> None:
    """Asks what there is."""
    name = draw.choice(_DESCRIBED)
    traveller.count("describe")
    answer = traveller.caller.call(f"<describeSObject><sObjectType>{name}</sObjectType></describeSObject>")
    _must(f"<name>{name}</name>" in answer, f"{name} was not described")


def grouping(traveller: Traveller, draw: random.Random) -> None:
    """Makes a group, updates some of it, and deletes it."""
    row = {"Name": f"Group {next(_numbers)}", "CollaborationType": "Private"}
    traveller.count("create 1")
    (group,) = _all(traveller.caller.create("CollaborationGroup", [row]))
    for _ in range(2):
        chosen = draw.sample(_GROUP_FIELDS, draw.randrange(1, len(_GROUP_FIELDS) + 1))
        values = "".join(f"<o:{name}>Text {next(_numbers)}</o:{name}>" for name in chosen)
        record = f"<sObjects><o:type>CollaborationGroup</o:type><o:Id>{group}</o:Id>{values}</sObjects>"
        traveller.count("update")
        said = traveller.caller.codes(f"<update>{record}</update>")
        _must(said == ["ok"], f"update: {said}")
    traveller.count("delete 1")
    _all(traveller.caller.delete([group]))


def joining(traveller: Traveller, _: random.Random) -> None:
    """Invites somebody, who follows the link of the mail and accepts."""
    (invitation,) = _invite(traveller, 1)
    (mail,) = traveller.control.get("orgs", _ORG, "mails", about=invitation)["mails"]
    traveller.count("accept page")
    traveller.visitor.join(mail["link"][mail["link"].index("/join/") :], mail["recipient"])


def signing(traveller: Traveller, _: random.Random) -> None:
    """Signs in and out."""
    with _signing:
        traveller.count("login")
        traveller.visitor.login("sam@acme.com")
        ended = traveller.visitor.session_id
        traveller.count("logout")
        traveller.visitor.call("<logout/>")
    _must(bool(ended), "no session")


def staying(traveller: Traveller, _: random.Random) -> None:
    """Signs in and goes away without signing out."""
    traveller.count("login")
    traveller.visitor.login("mia@acme.com")


def mistaking(traveller: Traveller, draw: random.Random) -> None:
    """Asks for faults, each time in other words."""
    word = f"x{draw.randrange(10**9)}"
    wrong = {
        "sf:MALFORMED_QUERY": f"<query><queryString>SELECT {word} {word} FROM User</queryString></query>",
        "sf:INVALID_FIELD": f"<query><queryString>SELECT {word} FROM User</queryString></query>",
        "sf:INVALID_TYPE": f"<describeSObject><sObjectType>{word}</sObjectType></describeSObject>",
    }
    code = draw.choice(sorted(wrong))
    traveller.count("fault asked for")
    try:
        answer = traveller.caller.call(wrong[code])
    except Refused as fault:
        _must(fault.code == code, f"{fault.code} instead of {code}")
    else:
        raise AssertionError(f"no fault: {texts(answer, 'size')}")


_TABLE: dict[Errand, int] = {
    inviting: 25, canceling: 15, bulk: 2, querying: 20, paging: 4, retrieving: 10, describing: 6,
    grouping: 6, joining: 2, signing: 3, staying: 3, mistaking: 4,
}  # fmt: skip
ERRANDS, WEIGHTS = list(_TABLE), list(_TABLE.values())
