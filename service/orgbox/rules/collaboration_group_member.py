"""CollaborationGroupMember: who belongs to a group. Source: Object Reference, CollaborationGroupMember."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import bindparam, func, update

from orgbox.errors import RecordError
from orgbox.org import outbox
from orgbox.org.outbox import NewLetter, NewMail
from orgbox.org.rulebook import Batch, Record, Rules, Unique
from orgbox.org.session import Session
from orgbox.rules import groups
from orgbox.rules.counts import count_by
from orgbox.rules.groups import Group
from orgbox.rules.texts import no_access, no_access_to_reference


@dataclass(frozen=True, slots=True)
class Facts:
    """The groups the records name, and in how many groups each of the members is."""

    groups: dict[str, Group]
    memberships: Counter[str]


def role_is_standard_unless_given(member: Record, _: Batch) -> None:
    """A member without a role is a plain one."""
    if member["CollaborationRole"] is None:
        member.values["CollaborationRole"] = "Standard"
    if member["NotificationFrequency"] is None:
        member.values["NotificationFrequency"] = "N"


def caller_may_add_members(member: Record, batch: Batch) -> None:
    """Public groups are joined freely; to private ones the owner or a manager adds members."""
    group = batch.facts.groups[member["CollaborationGroupId"]]
    joins_public = group.type == "Public" and member["MemberId"] == batch.session.user.id
    plain = member["CollaborationRole"] == "Standard"
    if not (joins_public and plain or group.is_run_by(batch.session)):
        raise no_access_to_reference()


def member_has_room(member: Record, batch: Batch) -> None:
    """A user can be a member of 300 groups."""
    counts: Counter[str] = batch.facts.memberships
    counts[member["MemberId"]] += 1
    limit = batch.session.org.limits.groups_per_user
    if counts[member["MemberId"]] > limit:
        text = f"A user can be a member of {limit} groups."
        raise RecordError("LIMIT_EXCEEDED", text, ["MemberId"])


def caller_may_change_members(member: Record, batch: Batch) -> None:
    """Who runs the group changes roles; a member changes his own notifications."""
    group = batch.facts.groups[member["CollaborationGroupId"]]
    own = member["MemberId"] == batch.session.user.id and not member.changes("CollaborationRole")
    if not (own or group.is_run_by(batch.session)):
        raise no_access()


def caller_may_remove_members(member: Record, batch: Batch) -> None:
    """A member leaves; who runs the group removes members."""
    group = batch.facts.groups[member["CollaborationGroupId"]]
    if not (member["MemberId"] == batch.session.user.id or group.is_run_by(batch.session)):
        raise no_access()


def owner_stays(member: Record, batch: Batch) -> None:
    """The owner of a group is always a member of it."""
    if batch.facts.groups[member["CollaborationGroupId"]].owner_id == member["MemberId"]:
        raise no_access()


def member_gets_a_mail(members: list[Record], batch: Batch) -> None:
    """Who is added to a group by somebody else is told so."""
    session = batch.session
    added = [m for m in members if m["MemberId"] != session.user.id]
    if not added or session.quiet:
        return
    org = session.org
    keys = [str(m["MemberId"]) for m in added]
    users = org.store.fetch(session.connection, org.number, org.catalog["User"], keys, ("Email",))
    shared = {"inviter": session.user.name, "org": org.name}
    letters = {
        key: NewLetter("added", shared | {"group": group.name, "description": group.description})
        for key, group in batch.facts.groups.items()
    }
    mails = [
        NewMail(letters[m["CollaborationGroupId"]], m["CollaborationGroupId"], users[m["MemberId"]]["Email"])
        for m in added
    ]
    outbox.queue(session.connection, org, mails)


def count_in(members: list[Record], batch: Batch) -> None:
    """MemberCount follows the members."""
    _count(batch.session, Counter(str(m["CollaborationGroupId"]) for m in members))


def count_out(members: list[Record], batch: Batch) -> None:
    """MemberCount follows the members."""
    left = Counter(str(m["CollaborationGroupId"]) for m in members)
    _count(batch.session, Counter({group: -number for group, number in left.items()}))


def _count(session: Session, changes: Counter[str]) -> None:
    table = session.org.store.schema.records["CollaborationGroup"]
    statement = (
        update(table)
        .where(table.c.org == session.org.number, table.c.Id == bindparam("group_id"))
        .values(MemberCount=func.coalesce(table.c.MemberCount, 0) + bindparam("by"))
    )
    rows = [{"group_id": key, "by": by} for key, by in changes.items()]
    session.connection.execute(statement, rows)


def _facts(batch: Batch) -> Facts:
    found = groups.load(batch.session, [str(r["CollaborationGroupId"]) for r in batch.records])
    return Facts(found, count_by(batch, "MemberId"))


def _membership(member: Record, _: Session) -> str | None:
    return f"{member['CollaborationGroupId']} {member['MemberId']}"


def _already_a_member(_: Record, holder: str) -> RecordError:
    text = (
        "duplicate value found: CollaborationGroupId, MemberId duplicates value on record with id: "
        f"{holder[:15]}"
    )
    return RecordError("DUPLICATE_VALUE", text)


RULES = Rules(
    facts=_facts,
    fill=(role_is_standard_unless_given,),
    unique=(Unique("CollaborationGroupMember", _membership, _already_a_member),),
    before_create=(caller_may_add_members, member_has_room),
    after_create=(count_in, member_gets_a_mail),
    before_update=(caller_may_change_members,),
    before_delete=(caller_may_remove_members, owner_stays),
    after_delete=(count_out,),
)
