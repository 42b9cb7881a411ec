"""Calls that get in each other's way, and what must become of them whoever comes first.

A contest is a few tasks to be begun at the same moment, each of which tells in a word how it ended.
"""

import itertools
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from orgbox.control import ControlClient
from soak.client import Caller, Refused, creating

ORG = "00D00e000000001"
Task = Callable[[Caller], str]
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Contest:
    """`right` tells whether the words of all tasks can stand beside each other."""

    name: str
    tasks: list[Task]
    right: Callable[[Counter[str]], bool]


@dataclass(frozen=True, slots=True)
class Ground:
    """What contests are about: the inviter's Id, a group, users who come and go. The `idle` ones are in no
    contest of this round yet.
    """

    inviter: str
    group: str
    members: list[str]
    owner: Caller
    control: ControlClient
    idle: list[str] = field(default_factory=list)

    def invitation(self) -> tuple[str, str, str]:
        """A new invitation: Id, address, the path of its link."""
        address = f"c{next(_numbers)}@acme.com"
        row = {"InvitedUserEmail": address, "SharedEntityId": self.inviter}
        (id_,) = self.owner.create("CollaborationInvitation", [row])
        mail = self.control.get("orgs", ORG, "mails", recipient=address)["mails"][0]
        return str(id_), address, mail["link"][mail["link"].index("/join/") :]


def one_address(ground: Ground, draw: random.Random) -> Contest:
    """Several invite the same person; the org is set to refuse a second invitation."""
    row = {"InvitedUserEmail": f"c{next(_numbers)}@acme.com", "SharedEntityId": ground.inviter}
    rivals = draw.randint(2, 4)
    tasks = [_saving(creating("CollaborationInvitation", [row]))] * rivals
    return Contest("one address", tasks, _one_wins(rivals, "DUPLICATE_VALUE"))


def one_link(ground: Ground, draw: random.Random) -> Contest:
    """Several accept one invitation."""
    _, address, link = ground.invitation()
    rivals = draw.randint(2, 3)
    return Contest("one link", [_joining(link, address)] * rivals, _one_wins(rivals, "410"))


def accept_against_delete(ground: Ground, draw: random.Random) -> Contest:
    """One accepts, others cancel."""
    id_, address, link = ground.invitation()
    rivals = draw.randint(1, 2)
    tasks = [_joining(link, address), *[_saving(f"<delete><ids>{id_}</ids></delete>")] * rivals]
    draw.shuffle(tasks)

    def right(words: Counter[str]) -> bool:
        lost = Counter({"ENTITY_IS_DELETED": rivals}), Counter({"410": 1, "ENTITY_IS_DELETED": rivals - 1})
        return words - Counter(ok=1) in lost and words["ok"] == 1

    return Contest("accept against delete", tasks, right)


def one_membership(ground: Ground, draw: random.Random) -> Contest:
    """Several add somebody to a group who is not in it."""
    member = ground.idle.pop()
    _leave(ground, member)
    rivals = draw.randint(2, 4)
    tasks = [_saving(_adding(ground, member))] * rivals
    return Contest("one membership", tasks, _one_wins(rivals, "DUPLICATE_VALUE"))


def coming_and_going(ground: Ground, draw: random.Random) -> Contest:
    """Somebody is removed from a group by several, and added at the same time."""
    member = ground.idle.pop()
    _leave(ground, member)
    (row,) = ground.owner.create("CollaborationGroupMember", [_membership(ground, member)])
    rivals = draw.randint(1, 3)
    tasks = [*[_saving(f"<delete><ids>{row}</ids></delete>")] * rivals, _saving(_adding(ground, member))]
    draw.shuffle(tasks)
    return Contest("coming and going", tasks, lambda words: words["ok"] in (1, 2) and set(words) <= {
        "ok", "ENTITY_IS_DELETED", "DUPLICATE_VALUE"})  # fmt: skip


def page_by_page(ground: Ground, draw: random.Random) -> Contest:
    """Reads everything in batches, each over a new connection, so by whichever process comes."""
    pages = draw.randint(2, 3)

    def read(caller: Caller) -> str:
        batch = caller.query("SELECT Id FROM CollaborationInvitation", 200)
        rows, size = list(batch.rows), batch.size
        while batch.locator:
            caller.close()
            batch = caller.more(batch.locator)
            rows += batch.rows
        unique = {row[0] for row in rows}
        return "ok" if len(unique) == len(rows) <= size else f"{len(rows)} of {size}"

    return Contest("page by page", [read] * pages, lambda words: words == Counter(ok=pages))


def logout_everywhere(ground: Ground, draw: random.Random) -> Contest:
    """A session is ended; from then on no process takes it."""
    calls = draw.randint(3, 6)

    def end(caller: Caller) -> str:
        own = Caller().like(caller).login("sam@acme.com")
        with suppress(Refused):  # the user's sessions end together: another may have been first
            own.call("<logout/>")
        words = {_word(own) for _ in range(calls)}
        return "ok" if words == {"sf:INVALID_SESSION_ID"} else str(words)

    return Contest("logout everywhere", [end], lambda words: words == Counter(ok=1))


MOST_TASKS = 4
"""Of one contest."""
WITHOUT_MEMBERS = (one_address, one_link, accept_against_delete, page_by_page, logout_everywhere)
CONTESTS = (*WITHOUT_MEMBERS, one_membership, coming_and_going)


def _word(caller: Caller) -> str:
    """What a call over a new connection ends in."""
    caller.close()
    try:
        caller.call("<getUserInfo/>")
    except Refused as refused:
        return refused.code
    finally:
        caller.close()
    return "still signed in"


def _saving(body: str) -> Task:
    return lambda caller: caller.codes(body)[0]


def _joining(link: str, address: str) -> Task:
    def join(caller: Caller) -> str:
        try:
            caller.join(link, address)
        except Refused as refused:
            return refused.code
        return "ok"

    return join


def _one_wins(rivals: int, code: str) -> Callable[[Counter[str]], bool]:
    expected = Counter({"ok": 1, code: rivals - 1})
    return lambda words: words == expected


def _membership(ground: Ground, member: str) -> dict[str, str]:
    return {"CollaborationGroupId": ground.group, "MemberId": member}


def _adding(ground: Ground, member: str) -> str:
    return creating("CollaborationGroupMember", [_membership(ground, member)])


def _leave(ground: Ground, member: str) -> None:
    where = f"CollaborationGroupId = '{ground.group}' AND MemberId = '{member}'"
    rows = ground.owner.all(f"SELECT Id FROM CollaborationGroupMember WHERE {where}")
    if rows:
        ground.owner.delete([row[0] for row in rows])
