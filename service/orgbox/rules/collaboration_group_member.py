"""CollaborationGroupMember: who belongs to a group. Source: Object Reference, CollaborationGroupMember."""

from collections import Counter

from sqlalchemy import bindparam, func, update

from orgbox.errors import RecordError
from orgbox.frozen import value
from orgbox.org import outbox
from orgbox.org.outbox import NewLetter, NewMail
from orgbox.org.rulebook import Batch, Record, Rules, Unique
from orgbox.org.session import Session
from orgbox.rules import groups
from orgbox.rules.groups import Group
from orgbox.rules.texts import no_access, no_access_to_reference


@value
class Facts:
    """The groups the records name; of new members how many places in groups each takes up, and who is a
    customer (looked for where a group allows none).
    """

    groups: dict[str, Group]
    places: Counter[str]
    customers: set[str]


def role_is_standard_unless_given(member: Record, _: Batch) -> None:
    """A member without a role is a plain one."""
    if member["CollaborationRole"] is None:
        member.values["CollaborationRole"] = "Standard"
    if member["NotificationFrequency"] is None:
        member.values["NotificationFrequency"] = "N"


def caller_may_add_members(member: Record, batch: Batch) -> None:
    """Public groups are joined freely; to private ones the owner or a manager adds members."""
    group = batch.facts.groups[member["CollaborationGroupId"]]
    me = batch.session.user
    joins = member["MemberId"] == me.id and member["CollaborationRole"] == "Standard"
    is_open = group.type == "Public" and me.may("ChatterInternalUser")
    if not (joins and is_open or group.is_run_by(batch.session)):
        raise no_access_to_reference()


def customers_are_in_groups_that_allow_them(member: Record, batch: Batch) -> None:
    """To be seen by customers, a group must allow them."""
    group = batch.facts.groups[member["CollaborationGroupId"]]
    if not group.allows_customers and member["MemberId"] in batch.facts.customers:
        text = "Customers can be members only of groups that allow customers."
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", text, ["MemberId"])


def member_has_room(member: Record, batch: Batch) -> None:
    """A user can be a member of 300 groups; requests that are pending count."""
    groups.take_place(batch.facts.places, member["MemberId"], batch.session, "MemberId")


def notifications_are_the_members_own(member: Record, batch: Batch) -> None:
    """NotificationFrequency is set by the member alone, or with Modify All Data."""
    unset = batch.sobject.initial["NotificationFrequency"]
    given = member["NotificationFrequency"] != member.before.get("NotificationFrequency", unset)
    own = member["MemberId"] == batch.session.user.id
    if given and not (own or batch.session.user.may("ModifyAllData")):
        raise no_access()


def caller_may_change_members(member: Record, batch: Batch) -> None:
    """Who runs the group changes roles; members change what is their own."""
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


def owner_keeps_the_role(member: Record, batch: Batch) -> None:
    """The owner of a group is always a manager of it."""
    if member.changes("CollaborationRole"):
        owner_stays(member, batch)


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
    session, new = batch.session, [r for r in batch.records if not r.before]
    found = groups.load(session, [str(r["CollaborationGroupId"]) for r in batch.records])
    places = groups.places_taken(session, [str(r["MemberId"]) for r in new])
    closed = {key for key, group in found.items() if not group.allows_customers}
    members = {str(r["MemberId"]) for r in new if r["CollaborationGroupId"] in closed}
    return Facts(found, places, groups.without(session, "ChatterInternalUser", members))


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
    before_create=(
        caller_may_add_members,
        notifications_are_the_members_own,
        customers_are_in_groups_that_allow_them,
        member_has_room,
    ),
    after_create=(count_in, member_gets_a_mail),
    before_update=(caller_may_change_members, notifications_are_the_members_own, owner_keeps_the_role),
    before_delete=(caller_may_remove_members, owner_stays),
    after_delete=(count_out,),
)
