"""CollaborationGroupMember: who belongs to a group. Source: Object Reference, CollaborationGroupMember."""

from collections import Counter

from sqlalchemy import bindparam, func, update

from orgbox.errors import RecordError
from orgbox.org.rulebook import Batch, Record, Rules, Unique
from orgbox.org.session import Session
from orgbox.rules import groups
from orgbox.rules.groups import Group
from orgbox.rules.texts import no_access, no_access_to_reference


def role_is_standard_unless_given(member: Record, _: Batch) -> None:
    """A member without a role is a plain one."""
    if member["CollaborationRole"] is None:
        member.values["CollaborationRole"] = "Standard"
    if member["NotificationFrequency"] is None:
        member.values["NotificationFrequency"] = "N"


def caller_may_add_members(member: Record, batch: Batch) -> None:
    """Public groups are joined freely; to private ones the owner or a manager adds members."""
    group = batch.facts[member["CollaborationGroupId"]]
    joins_public = group.type == "Public" and member["MemberId"] == batch.session.user.id
    plain = member["CollaborationRole"] == "Standard"
    if not (joins_public and plain or group.is_run_by(batch.session)):
        raise no_access_to_reference()


def caller_may_change_members(member: Record, batch: Batch) -> None:
    """Who runs the group changes roles; a member changes his own notifications."""
    group = batch.facts[member["CollaborationGroupId"]]
    own = member["MemberId"] == batch.session.user.id and not member.changes("CollaborationRole")
    if not (own or group.is_run_by(batch.session)):
        raise no_access()


def caller_may_remove_members(member: Record, batch: Batch) -> None:
    """A member leaves; who runs the group removes members."""
    group = batch.facts[member["CollaborationGroupId"]]
    if not (member["MemberId"] == batch.session.user.id or group.is_run_by(batch.session)):
        raise no_access()


def owner_stays(member: Record, batch: Batch) -> None:
    """The owner of a group is always a member of it."""
    if batch.facts[member["CollaborationGroupId"]].owner_id == member["MemberId"]:
        raise no_access()


def count_in(members: list[Record], batch: Batch) -> None:
    """MemberCount follows the members."""
    _count(batch.session, Counter(str(m["CollaborationGroupId"]) for m in members))


def count_out(members: list[Record], batch: Batch) -> None:
    """MemberCount follows the members."""
    _count(batch.session, Counter({str(m["CollaborationGroupId"]): -1 for m in members}))


def _count(session: Session, changes: Counter[str]) -> None:
    table = session.org.store.schema.records["CollaborationGroup"]
    statement = (
        update(table)
        .where(table.c.org == session.org.number, table.c.Id == bindparam("group_id"))
        .values(MemberCount=func.coalesce(table.c.MemberCount, 0) + bindparam("by"))
    )
    rows = [{"group_id": key, "by": by} for key, by in changes.items()]
    session.connection.execute(statement, rows)


def _facts(batch: Batch) -> dict[str, Group]:
    return groups.load(batch.session, [str(r["CollaborationGroupId"]) for r in batch.records])


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
    before_create=(caller_may_add_members,),
    after_create=(count_in,),
    before_update=(caller_may_change_members,),
    before_delete=(caller_may_remove_members, owner_stays),
    after_delete=(count_out,),
)
