"""What clients do, all at once, until the service is killed. A client is a function that does one thing."""

import itertools
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from soak.client import Caller, Refused, Unanswered
from soak.ledger import Asked, Ledger
from soak.letters import Letters

_numbers = itertools.count()


@dataclass
class Cursor:
    """A result that is read on after a kill: what has been seen, and what must be seen in the end."""

    locator: str
    size: int
    seen: set[str]
    expected: list[Asked]


@dataclass
class World:
    """What the clients of one database share. `problems` gets what no kill explains."""

    ledger: Ledger
    letters: Letters
    callers: list[Caller]
    ended: list[str] = field(default_factory=list)
    cursor: Cursor | None = None
    cursors_finished: int = 0
    answers: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    problems: list[str] = field(default_factory=list)


Client = Callable[[World, Caller, random.Random], None]


def invitees(count: int) -> list[str]:
    """Addresses nobody has asked for yet."""
    return [f"u{next(_numbers)}@acme.com" for _ in range(count)]


def bulk(world: World, caller: Caller, draw: random.Random) -> None:
    """Invites 200 people in a call, or cancels them in another."""
    mine = [a for a in list(world.ledger.asked) if len(a.addresses) > 1 and a.stands]
    if mine and draw.random() < 0.6:
        _cancel(caller, draw.choice(mine))
    else:
        _invite(world, caller, 200)
    world.stopping.wait(draw.random() * 0.1)


def single(world: World, caller: Caller, draw: random.Random) -> None:
    """Invites somebody, and sometimes cancels it."""
    asked = _invite(world, caller, 1)
    if draw.random() < 0.2:
        _cancel(caller, asked)
    world.stopping.wait(draw.random() * 0.02)


def _invite(world: World, caller: Caller, count: int) -> Asked:
    asked = world.ledger.ask(invitees(count))
    rows = [{"InvitedUserEmail": a, "SharedEntityId": caller.user_id} for a in asked.addresses]
    ids = caller.create("CollaborationInvitation", rows)
    if None in ids:
        raise Refused("create", str(ids))
    asked.ids, asked.created = [str(id_) for id_ in ids], "yes"
    asked.answered = True
    return asked


def _cancel(caller: Caller, asked: Asked) -> None:
    asked.canceled = "maybe"
    refused = None in caller.delete(asked.ids)
    asked.canceled = "no" if refused else "yes"
    if refused and asked.accepted == "no":
        raise Refused("delete", asked.addresses[0])


def cancel_most(world: World, url: str, draw: random.Random) -> None:
    """Cancel the calls of many invitations, but for a few, whose mails are to come."""
    many = [a for a in world.ledger.asked if len(a.addresses) > 1 and a.stands]
    caller = world.callers[0].to(url)
    for asked in many:
        if draw.random() < 0.95:
            _cancel(caller, asked)
    caller.close()


def joining(world: World, caller: Caller, draw: random.Random) -> None:
    """Accepts an invitation whose mail has come, on the page the link leads to."""
    single = [a for a in list(world.ledger.asked) if len(a.addresses) == 1]
    open_ = [a for a in single if a.stands and a.accepted == "no"]
    mailed = [a for a in open_ if world.letters.link_of(a.addresses[0])]
    if not mailed:
        world.stopping.wait(0.02)
        return
    asked = draw.choice(mailed)
    asked.accepted = "maybe"
    try:
        caller.join(world.letters.link_of(asked.addresses[0]), asked.addresses[0])
        asked.accepted = "yes"
    except Refused:
        asked.accepted = "no"
        if asked.canceled == "no":
            raise


def reading(world: World, caller: Caller, draw: random.Random) -> None:
    """Reads the next batch of everything, by the locator it had before the service was killed."""
    cursor = world.cursor
    if cursor is None:
        expected = [a for a in list(world.ledger.asked) if a.stands]
        batch = caller.query("SELECT Id FROM CollaborationInvitation", 200)
        world.cursor = Cursor(batch.locator, batch.size, {row[0] for row in batch.rows}, expected)
    elif cursor.locator:
        batch = caller.more(cursor.locator)
        rows = {row[0] for row in batch.rows}
        if rows & cursor.seen:
            raise Refused("queryMore", "records twice")
        cursor.seen |= rows
        cursor.locator = batch.locator
    else:
        world.cursor = None
        _check_cursor(world, cursor)
    world.stopping.wait(draw.random() * 0.05)


def _check_cursor(world: World, cursor: Cursor) -> None:
    missed = [a.addresses for a in cursor.expected if a.stands and not set(a.ids) <= cursor.seen]
    if missed or len(cursor.seen) > cursor.size:
        raise Refused("queryMore", f"skipped {missed}, {len(cursor.seen)} of {cursor.size}")
    world.cursors_finished += 1


def signing(world: World, caller: Caller, draw: random.Random) -> None:
    """Signs in and out; a session that was ended stays so."""
    caller.session_id = ""
    caller.login("sam@acme.com")
    caller.call("<getUserInfo/>")
    ended = caller.session_id
    caller.call("<logout/>")
    world.ended.append(ended)
    world.stopping.wait(draw.random() * 0.1)


CLIENTS: tuple[Client, ...] = (bulk, single, joining, reading, single, signing)


def run(world: World, url: str, seed: str) -> list[threading.Thread]:
    """Start the clients, one caller each. They end when the service does."""
    threads = []
    for number, (client, caller) in enumerate(zip(CLIENTS, world.callers, strict=True)):
        draw = random.Random(f"{seed}/{number}")
        threads.append(threading.Thread(target=_guarded, args=(client, world, caller.to(url), draw)))
        threads[-1].start()
    return threads


def _guarded(client: Client, world: World, caller: Caller, draw: random.Random) -> None:
    try:
        while not world.stopping.is_set():
            client(world, caller, draw)
            world.answers += 1
    except Unanswered as error:
        if not world.stopping.is_set():
            world.problems.append(f"{client.__name__}: unanswered though nobody killed: {error}")
    except Exception as error:
        world.problems.append(f"{client.__name__}: {type(error).__name__}: {error}")
    finally:
        caller.close()
