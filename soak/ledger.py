"""What clients asked for and what they were told, to be held against what is found afterwards.

A fate is "yes" where the service said so, "no" where nobody asked, and "maybe" while, or after, a call was
never answered: then all of the call is there, or nothing of it.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from soak.letters import Letter

Fate = Literal["no", "maybe", "yes"]


@dataclass(slots=True)
class Asked:
    """A create() of invitations; `canceled` is the fate of the delete() of all of them."""

    addresses: list[str]
    ids: list[str] = field(default_factory=list)
    created: Fate = "maybe"
    canceled: Fate = "no"
    accepted: Fate = "no"
    answered: bool = False

    @property
    def stands(self) -> bool:
        """Whether the invitations are known to be there."""
        return self.created == "yes" and self.canceled == "no"


@dataclass(frozen=True, slots=True)
class Found:
    """What the service has: Id and Status of invitations by address, and the addresses of users."""

    invitations: Mapping[str, list[tuple[str, str]]]
    users: frozenset[str]


class Ledger:
    """Written by many threads."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.lock = threading.Lock()

    def ask(self, addresses: list[str]) -> Asked:
        """A create() is about to be called."""
        made = Asked(addresses)
        with self.lock:
            self.asked.append(made)
        return made

    def judge(self, found: Found) -> Iterator[str]:
        """A line for each thing that should be otherwise; what was in doubt is settled by what is there."""
        known = {address for asked in self.asked for address in asked.addresses}
        for address, rows in found.invitations.items():
            if address not in known or len(rows) > 1:
                yield f"{address}: {len(rows)} invitations, asked for {int(address in known)}"
        for asked in self.asked:
            yield from _judge_call(asked, found)
            if len(asked.addresses) == 1:
                yield from _judge_acceptance(asked, found)

    def judge_mails(
        self, letters: Mapping[str, list[Letter]], kills: int, again: frozenset[str]
    ) -> Iterator[str]:
        """The same for mails, once none waits any more.

        `again` are addresses that were tried again because the mail server did not reply in time; it may
        have taken the mail nevertheless.
        """
        calls = {address: asked for asked in self.asked for address in asked.addresses}
        for address, asked in calls.items():
            yield from _judge_mails_to(address, asked, letters.get(address, []), address in again)
        strangers = [address for address in letters if address not in calls]
        if strangers:
            yield f"mails to {strangers}, who were not invited"
        answered = {address: found for address, found in letters.items() if address not in again}
        if (repeats := repeated(answered)) > kills:
            yield f"{repeats} mails repeated after {kills} kills"


def repeated(letters: Mapping[str, Iterable[Letter]]) -> int:
    """How many mails came that had come before."""
    return sum(len([*found]) - 1 for found in letters.values())


def _judge_call(asked: Asked, found: Found) -> Iterator[str]:
    there = [address for address in asked.addresses if address in found.invitations]
    told = f"{asked.addresses[0]} and {len(asked.addresses) - 1} more"
    if there and len(there) < len(asked.addresses):
        yield f"{told}: half done, {len(there)} are there"
        return
    if asked.stands and not there:
        yield f"{told}: acknowledged and lost"
    if asked.canceled == "yes" and there:
        yield f"{told}: canceled and there"
    if there and asked.created == "maybe":
        asked.ids = [found.invitations[address][0][0] for address in asked.addresses]
        asked.created = "yes"
    elif there and asked.canceled == "maybe":
        asked.canceled = "no"
    elif asked.canceled == "maybe":
        asked.canceled = "yes"
    if there and asked.ids != [found.invitations[address][0][0] for address in asked.addresses]:
        yield f"{told}: other Ids than those acknowledged"


def _judge_acceptance(asked: Asked, found: Found) -> Iterator[str]:
    address = asked.addresses[0]
    rows, is_user = found.invitations.get(address), address in found.users
    accepted = bool(rows) and rows[0][1] == "Accepted" if rows else False
    if accepted != is_user:
        yield f"{address}: accepted {accepted}, a user {is_user}"
    elif asked.accepted != "maybe" and accepted != (asked.accepted == "yes"):
        yield f"{address}: accepted {accepted}, acknowledged {asked.accepted}"
    elif asked.accepted == "maybe":
        asked.accepted = "yes" if accepted else "no"


def _judge_mails_to(address: str, asked: Asked, letters: list[Letter], again: bool) -> Iterator[str]:
    if asked.stands and not letters:
        yield f"{address}: the mail is lost"
    if asked.created != "yes" and letters:
        yield f"{address}: a mail without an invitation"
    if len({letter.message_id for letter in letters}) > 1:
        yield f"{address}: repeated under another Message-ID"
    if not again and any(n > 1 for n in Counter(letter.life for letter in letters).values()):
        yield f"{address}: mailed twice by one service"
