"""Contests by the dozen, all at once, against several processes; after each round everything must agree."""

import random
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from orgbox.app import registry_of
from orgbox.config import configure
from orgbox.control import ControlClient
from orgbox.inspection.run import findings
from orgbox.org.registry import Orgs
from soak.client import Caller
from soak.contests import CONTESTS, MOST_TASKS, ORG, WITHOUT_MEMBERS, Contest, Ground, Task
from soak.databases import Place
from soak.kill import Broken
from soak.service import Service, nursery

THREADS = 16
_MEMBERS = "SELECT Id FROM User WHERE Username IN ('sam@acme.com', 'mia@acme.com', 'admin@acme.com')"


def race(
    rounds: int, seed: int, server: str, told: Callable[[str], None], workers: int = 2
) -> Counter[str]:
    """Rounds of sixteen tasks. Raises Broken. Returns how often each contest ended in which words."""
    figures: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="soak") as folder, nursery(Path(folder)) as made:
        place = Place(Path(folder), server)
        place.clear()
        service = Service(made, place.url, ["--workers", str(workers), "--no-durable"]).ready()
        orgs = registry_of(configure(database=place.url))
        try:
            ground, callers = _prepare(service)
            for number in range(1, rounds + 1):
                where = f"seed {seed}, round {number}"
                _round(ground, callers, random.Random(f"{seed}/{number}"), figures, where)
                _must_agree(orgs, where)
            ground.owner.close()
            ground.control.close()
        finally:
            orgs.database.close()
            service.stop()
    told(", ".join(f"{count} {name}" for name, count in sorted(figures.items())))
    return figures


def _prepare(service: Service) -> tuple[Ground, list[Caller]]:
    control = ControlClient(service.url, "soak")
    control.patch("orgs", ORG, "settings", refuse_second_invitation=True)
    owner = Caller().to(service.url).login("alice@acme.com")
    owner.create("CollaborationInvitation", [
        {"InvitedUserEmail": f"page{n}@acme.com", "SharedEntityId": owner.user_id} for n in range(200)
    ])  # fmt: skip
    (group,) = owner.create("CollaborationGroup", [{"Name": "Race", "CollaborationType": "Private"}])
    members = [row[0] for row in owner.all(_MEMBERS)]
    callers = [Caller(owner.session_id, owner.user_id).to(service.url) for _ in range(THREADS)]
    return Ground(owner.user_id, str(group), members, owner, control), callers


def _round(
    ground: Ground, callers: Sequence[Caller], draw: random.Random, figures: Counter[str], where: str
) -> None:
    """As many contests as there are threads for, all begun at once. Raises Broken."""
    contests: list[Contest] = []
    ground.idle[:] = ground.members
    while sum(len(c.tasks) for c in contests) <= THREADS - MOST_TASKS:
        contests.append(draw.choice(CONTESTS if ground.idle else WITHOUT_MEMBERS)(ground, draw))
    words = _at_once([(c, task) for c in contests for task in c.tasks], callers)
    for contest, said in zip(contests, words, strict=True):
        figures[f"{contest.name}: {_shown(said)}"] += 1
        if not contest.right(said):
            raise Broken(f"{where}: {contest.name}: {_shown(said)}")


def _at_once(tasks: list[tuple[Contest, Task]], callers: Sequence[Caller]) -> list[Counter[str]]:
    """The words of each contest."""
    words: dict[int, Counter[str]] = {id(contest): Counter() for contest, _ in tasks}
    barrier, lock = threading.Barrier(len(tasks)), threading.Lock()

    def run(contest: Contest, task: Task, caller: Caller) -> None:
        barrier.wait()
        try:
            word = task(caller)
        except Exception as error:
            word = f"{type(error).__name__}: {error}"
        with lock:
            words[id(contest)][word] += 1
        caller.close()

    pairs = zip(tasks, callers, strict=False)
    threads = [threading.Thread(target=run, args=(*task, caller)) for task, caller in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(words.values())


def _must_agree(orgs: Orgs, where: str) -> None:
    if wrong := list(findings(orgs)):
        raise Broken(f"{where}: " + "\n".join(wrong))


def _shown(words: Counter[str]) -> str:
    return " ".join(f"{count} {word}" for word, count in sorted(words.items()))
