"""The outbox: each invitation has its mail, each mail its letter, and none tells of nothing.

An org that was copied has the invitations of the other one and not its mails; nor does a seed's invitation
have one. So an invitation is expected to have a mail from the first on that has one.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from orgbox.inspection.view import View, some
from orgbox.org.registry import ORG

_STATUSES = ("Queued", "Sent", "Failed", "Dropped")
_ABOUT = {
    "invitation": "CollaborationInvitation", "added": "CollaborationGroup", "password": "User",
    "new_user": "User", "asked": "CollaborationGroup", "declined": "CollaborationGroup",
}  # fmt: skip
"""What each kind of mail tells of."""


def no_mail_is_missing(view: View) -> Iterator[str]:
    """The numbers of the mails have no gap up to the last one given."""
    mails, counters = view.table("orgbox_mail"), view.table("orgbox_counter")
    found = select(func.count(), func.min(mails.c.number), func.max(mails.c.number))
    count, first, last = view.connection.execute(found.where(mails.c.org == view.org.number)).one()
    mine = (counters.c.org == view.org.number) & (counters.c.name == mails.name)
    given = view.connection.scalar(select(counters.c.value).where(mine)) or 0
    if view.kind != ORG or (not count and view.org.isolated):
        return
    if not view.org.isolated:
        first = 1
    if count != given - (first or 1) + 1 or (count and last != given):
        yield f"orgbox_mail: {count} mails, but the last of them is number {given}"


def invitations_have_their_mails(view: View) -> Iterator[str]:
    """Who was invited was told so: the mail is kept in the transaction of the invitation."""
    table, mails = view.table("CollaborationInvitation"), view.table("orgbox_mail")
    mine = (mails.c.org == view.org.number) & (mails.c.kind == "invitation")
    told = {row.about for row in view.rows(select(mails.c.about).where(mine))}
    if not told:
        return
    later = (table.c.org == view.org.number) & table.c.ParentId.is_(None) & (table.c.Id >= min(told))
    if found := [row.Id for row in view.rows(select(table.c.Id).where(later)) if row.Id not in told]:
        yield f"CollaborationInvitation: no mail tells of {some(found)}"


def mails_tell_of_records(view: View) -> Iterator[str]:
    """No mail without the record it tells of, be it deleted since."""
    for kind, name in _ABOUT.items():
        mails = view.table("orgbox_mail")
        mine = (mails.c.org == view.org.number) & (mails.c.kind == kind)
        statement = select(mails.c.number).where(mine, _leads_nowhere(view, mails, mails.c.about, name))
        if found := [row.number for row in view.rows(statement)]:
            yield f"orgbox_mail: mails about no {name}: {some(found)}"


def _leads_nowhere(view: View, table: Any, column: Any, name: str) -> Any:
    target, deleted = view.table(name), view.table("orgbox_deleted")
    there = select(target.c.Id).where(target.c.org == table.c.org, target.c.Id == column)
    noted = (deleted.c.org == table.c.org) & (deleted.c.sobject == name) & (deleted.c.id == column)
    return ~there.exists() & ~select(deleted.c.id).where(noted).exists()


def mails_have_their_letters(view: View) -> Iterator[str]:
    """Each mail has its letter, each letter the mail whose number it has."""
    mails, letters = view.table("orgbox_mail"), view.table("orgbox_letter")
    same = mails.c.org == letters.c.org
    letter = select(letters.c.number).where(same, letters.c.number == mails.c.letter)
    mute = select(mails.c.number).where(mails.c.org == view.org.number, ~letter.exists())
    if found := [row.number for row in view.rows(mute)]:
        yield f"orgbox_mail: mails without a letter: {some(found)}"
    first = select(mails.c.number).where(same, mails.c.number == letters.c.number)
    lost = select(letters.c.number).where(letters.c.org == view.org.number, ~first.exists())
    if found := [row.number for row in view.rows(lost)]:
        yield f"orgbox_letter: letters in no mail: {some(found)}"


def links_have_their_key(view: View) -> Iterator[str]:
    """The key is there from which the link of an invitation is made, and known again."""
    mails = view.table("orgbox_mail")
    linked = (mails.c.org == view.org.number) & (mails.c.kind == "invitation")
    if view.link_key is None and view.connection.scalar(select(mails.c.number).where(linked).limit(1)):
        yield "the key of the links is not beside the database: those that were mailed lead nowhere"


def mails_are_in_a_state(view: View) -> Iterator[str]:
    """A mail waits, or what became of it is noted."""
    mails = view.table("orgbox_mail")
    mine = mails.c.org == view.org.number
    tried = mails.c.status.in_(("Sent", "Failed")) & ((mails.c.attempts < 1) | mails.c.settled.is_(None))
    wrong = mails.c.status.not_in(_STATUSES) | tried | mails.c.kind.not_in([*_ABOUT])
    if found := [row.number for row in view.rows(select(mails.c.number).where(mine, wrong))]:
        yield f"orgbox_mail: mails in no known state: {some(found)}"
