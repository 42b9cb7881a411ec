"""Rounds of kill -9. In each the service is started on what the last kill left, everything is looked at,
clients do what they do, and the service is killed in the middle of it.

A database serves for ten rounds, so that looking at everything stays quick; at the end of them all mails
are waited for and counted. Rounds differ: one process or two, a schema import under way, or a kill in the
start itself, on a database of an earlier release.
"""

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from orgbox.app import registry_of
from orgbox.config import configure
from orgbox.inspection.run import findings
from orgbox.org.registry import Orgs
from soak import load
from soak.client import Caller, Refused
from soak.databases import Place
from soak.ledger import Found, Ledger, repeated
from soak.letters import Letters
from soak.load import World
from soak.service import Nursery, Service, nursery

ROUNDS_OF_A_DATABASE = 10
_MOST_ANSWERS = 30
_LONGEST_LOAD = 2.0
_PATIENCE = 60.0
_KINDS = ("plain",) * 7 + ("workers", "import", "upgrade")
_INVITATIONS = (
    "SELECT InvitedUserEmail, Status, Id FROM CollaborationInvitation WHERE Status != 'Canceled'"
)
_USERS = ("alice", "alice", "alice", "alice", "admin", "sam")


class Broken(Exception):
    """Something did not hold; the message says what, in which round of which seed."""


class Soak:
    """All rounds of a seed. `figures` counts what happened."""

    def __init__(self, nursery: Nursery, letters: Letters, place: Place, seed: int) -> None:
        self._nursery, self._letters, self._place, self._seed = nursery, letters, place, seed
        self._number = 0
        self._kills = 0
        self.figures: Counter[str] = Counter()

    def run(self, rounds: int, told: Callable[[str], None]) -> None:
        """Raises Broken, at the end of the round that found something."""
        began = time.monotonic()
        for first in range(0, rounds, ROUNDS_OF_A_DATABASE):
            self._database(min(ROUNDS_OF_A_DATABASE, rounds - first))
            shown = ", ".join(f"{count} {name}" for name, count in sorted(self.figures.items()))
            told(f"{time.monotonic() - began:.0f} s: {shown}")

    def _database(self, rounds: int) -> None:
        self._place.clear()
        self._letters.forget()
        orgs = registry_of(configure(database=self._place.url))
        try:
            world = self._begin()
            self._kills = 0
            for _ in range(rounds):
                self._number += 1
                self._round(world, orgs, random.Random(f"{self._seed}/{self._number}"))
            self._finish(world, orgs)
        finally:
            orgs.database.close()

    def _begin(self) -> World:
        """A new database with somebody signed in for each client."""
        service = self._start().ready()
        callers = [Caller().to(service.url).login(f"{name}@acme.com") for name in _USERS]
        for caller in callers:
            caller.close()
        service.stop()
        return World(Ledger(), self._letters, callers)

    def _start(self, *flags: str) -> Service:
        smtp = ["--smtp-url", self._letters.begin_life()]
        return Service(self._nursery, self._place.url, [*smtp, *flags])

    def _round(self, world: World, orgs: Orgs, draw: random.Random) -> None:
        kind = draw.choice(_KINDS)
        if kind == "upgrade":
            self._kill_in_the_start(draw)
        service = self._start(*(["--workers", "2"] if kind == "workers" else [])).ready()
        self._look(world, orgs, service)
        world.stopping.clear()
        importing = self._import() if kind == "import" else None
        threads = load.run(world, service.url, f"{self._seed}/{self._number}")
        self._wait(world, draw)
        world.stopping.set()
        service.kill()
        if importing:
            importing.kill()
        for thread in threads:
            thread.join(_PATIENCE)
        self._kills += 1
        self.figures["rounds"] += 1
        self.figures[f"rounds {kind}"] += 1
        self._complain(world.problems)

    def _wait(self, world: World, draw: random.Random) -> None:
        """Until some calls were answered, and then a moment, so that others are under way."""
        enough, until = world.answers + draw.randint(0, _MOST_ANSWERS), time.monotonic() + _LONGEST_LOAD
        while world.answers < enough and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(draw.random() * 0.03)

    def _kill_in_the_start(self, draw: random.Random) -> None:
        """Kill the service while it brings an old database up to date."""
        self._place.age()
        for _ in range(draw.randint(1, 2)):
            service = self._start()
            time.sleep(draw.random() * 0.8)
            service.kill()
            self._kills += 1

    def _import(self) -> Service:
        """Let another process bring objects of the org's own."""
        folder = self._nursery.folder / f"schema{self._number}"
        folder.mkdir()
        (folder / f"Thing{self._number}__c.toml").write_text(_THING)
        return self._nursery.command("schema", "--database", self._place.url, "import", str(folder))

    def _look(self, world: World, orgs: Orgs, service: Service) -> None:
        """Whether all that was acknowledged is there, and nothing half."""
        caller = world.callers[0].to(service.url)
        by_address: dict[str, list[tuple[str, str]]] = {}
        rows = caller.all(_INVITATIONS)
        for address, status, id_ in rows:
            by_address.setdefault(address, []).append((id_, status))
        users = frozenset(email for (email,) in caller.all("SELECT Email FROM User"))
        caller.close()
        self._complain(world.ledger.judge(Found(by_address, users)))
        self._complain(_still_ended(world, service))
        self._complain(findings(orgs))

    def _finish(self, world: World, orgs: Orgs) -> None:
        """Cancel most of the invitations, let all other mails go out, and count."""
        service = self._start().ready()
        load.cancel_most(world, service.url, random.Random(f"{self._seed}/{self._number}"))
        waiting, until = self._place.waiting_mails(), time.monotonic() + _PATIENCE
        while waiting and time.monotonic() < until:
            time.sleep(0.2)
            left = self._place.waiting_mails()
            until = time.monotonic() + _PATIENCE if left < waiting else until
            waiting = left
        self._complain([f"{waiting} mails are not delivered"] if waiting else [])
        self._look(world, orgs, service)
        self._complain([f"exit code {code}"] if (code := service.stop()) else [])
        again = self._place.mailed_again()
        self.figures["mails without a reply in time"] += len(again)
        self._complain(world.ledger.judge_mails(self._letters.by_address, self._kills, again))
        self._count(world)

    def _count(self, world: World) -> None:
        asked = world.ledger.asked
        self.figures["records acknowledged"] += sum(len(a.ids) for a in asked if a.answered)
        self.figures["creates of 200"] += sum(len(a.addresses) > 1 for a in asked)
        self.figures["calls cut short"] += sum(not a.answered for a in asked)
        self.figures["of these stored"] += sum(a.created == "yes" and not a.answered for a in asked)
        self.figures["acceptances"] += sum(a.accepted == "yes" for a in asked)
        self.figures["deletes"] += sum(a.canceled == "yes" for a in asked)
        self.figures["mails"] += sum(map(len, self._letters.by_address.values()))
        self.figures["mails repeated by a kill"] += repeated(self._letters.by_address)
        self.figures["cursors read to the end"] += world.cursors_finished

    def _complain(self, lines: object) -> None:
        found = list(lines)  # type: ignore[call-overload]
        if found:
            where = f"seed {self._seed}, round {self._number}"
            raise Broken(f"{where}: " + "\n".join(found[:20]))


def _still_ended(world: World, service: Service) -> list[str]:
    """Sessions that were ended and are not."""
    back = []
    for session_id in world.ended[-3:]:
        caller = Caller(session_id).to(service.url)
        try:
            caller.call("<getUserInfo/>")
            back.append("a session came back after logout()")
        except Refused as refused:
            if refused.code != "sf:INVALID_SESSION_ID":
                back.append(str(refused))
        caller.close()
    return back


_THING = """label = "Thing"
label_plural = "Things"
custom = true

[fields]
Name = { type = "string", length = 80, label = "Name", properties = "Create, Filter, Namefield, Update" }
Email__c = { type = "email", length = 80, label = "Email", properties = "Create, Filter, Update" }
"""


def kill(rounds: int, seed: int, server: str, told: Callable[[str], None]) -> Counter[str]:
    """Run rounds on SQLite, or on a PostgreSQL server. Raises Broken."""
    letters = Letters()
    try:
        with tempfile.TemporaryDirectory(prefix="soak") as folder, nursery(Path(folder)) as made:
            soak = Soak(made, letters, Place(Path(folder), server), seed)
            soak.run(rounds, told)
            return soak.figures
    finally:
        letters.close()
