"""CollaborationGroup: names, access, owners. Source: Object Reference, CollaborationGroup."""

from collections import Counter
from collections.abc import Container

from orgbox.errors import RecordError
from orgbox.frozen import value
from orgbox.org import dml
from orgbox.org.rulebook import Batch, Record, Rules, Unique
from orgbox.org.session import Session
from orgbox.org.visibility import administers
from orgbox.rules import groups
from orgbox.rules.groups import Group
from orgbox.rules.texts import no_access, no_access_to_reference

_OWNING = ("ChatterOwnGroups", "ChatterInternalUser")
"""What it takes to own a group."""


@value
class Facts:
    """The groups there are already. Of new owners: how many places in groups each takes up, which of them,
    named by somebody else, may own none, and the Ids of their memberships by group and owner.
    """

    groups: dict[str, Group]
    places: Counter[str]
    may_own_none: set[str]
    memberships: dict[tuple[str, str], str]


def platform_values(group: Record, batch: Batch) -> None:
    """A new group has no member yet and has seen no post. Who may not see its private fields is told so when
    reading (`org.visibility`).
    """
    if not group.before:
        group.values["HasPrivateFieldsAccess"] = True
        group.values["MemberCount"] = 0
        group.values["LastFeedModifiedDate"] = batch.session.now


def caller_may_own_groups(_: Record, batch: Batch) -> None:
    """Creating a group takes the permission "Create and Own New Chatter Groups"; customers own none."""
    user = batch.session.user
    if not (all(map(user.may, _OWNING)) or user.may("ModifyAllData")):
        raise no_access()


def owner_may_own_groups(group: Record, batch: Batch) -> None:
    """So may whoever else is made the owner."""
    if group["OwnerId"] in batch.facts.may_own_none:
        raise no_access_to_reference()


def owner_has_room(group: Record, batch: Batch) -> None:
    """The owner is a member, and a user can be a member of 300 groups."""
    is_member = (group.id, group["OwnerId"]) in batch.facts.memberships
    if not is_member and (not group.before or group.changes("OwnerId")):
        groups.take_place(batch.facts.places, group["OwnerId"], batch.session, "OwnerId")


def customers_are_not_allowed_in_public_groups(group: Record, _: Batch) -> None:
    """Customers can be allowed in private and unlisted groups."""
    if group["CanHaveGuests"] and group["CollaborationType"] == "Public":
        text = "Customers can be allowed only in private or unlisted groups."
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", text, ["CanHaveGuests"])


def access_of_customer_groups_stays(group: Record, _: Batch) -> None:
    """If you allow customers in a group, you can't change the group access level later."""
    changed = [n for n in ("CollaborationType", "CanHaveGuests") if group.changes(n)]
    if group.before.get("CanHaveGuests") and changed:
        text = "If you allow customers in a group, you can't change the group access level later."
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", text, ["CollaborationType"])


def caller_runs_the_group(group: Record, batch: Batch) -> None:
    """Owners and managers edit a group, and those who administer groups of its type."""
    if not batch.facts.groups[str(group.id)].is_run_by(batch.session):
        raise no_access()


def only_the_owner_hands_a_group_over(group: Record, batch: Batch) -> None:
    """Only the current group owner or people with Modify All Data can update the OwnerId."""
    user = batch.session.user
    mine = group.before["OwnerId"] == user.id or administers(user, group.before["CollaborationType"])
    if group.changes("OwnerId") and not mine:
        raise no_access()


def caller_owns_the_group(group: Record, batch: Batch) -> None:
    """Owners delete a group, and those who administer groups of its type."""
    user = batch.session.user
    if not (group["OwnerId"] == user.id or administers(user, group["CollaborationType"])):
        raise no_access()


def owner_becomes_a_member(created: list[Record], batch: Batch) -> None:
    """The owner is a member, as a manager."""
    org, sobject = batch.session.org, batch.session.org.catalog["CollaborationGroupMember"]
    role, pairs = {"CollaborationRole": "Admin"}, [(group.id, group["OwnerId"]) for group in created]
    known = batch.facts.memberships
    rows = [(known[pair], role) for pair in pairs if pair in known]
    org.store.update(batch.session.connection, org.number, sobject, rows)
    members = [
        Record(sobject, {"CollaborationGroupId": group, "MemberId": owner, **role})
        for group, owner in pairs
        if (group, owner) not in known
    ]
    dml.insert_checked(batch.session, sobject, members)


def new_owner_becomes_a_member(updated: list[Record], batch: Batch) -> None:
    """Who is handed a group manages it; who owned it stays a manager."""
    owner_becomes_a_member([group for group in updated if group.changes("OwnerId")], batch)


def _facts(batch: Batch) -> Facts:
    session, me = batch.session, batch.session.user.id
    owners = {str(r["OwnerId"] or me) for r in batch.records if not r.before or r.changes("OwnerId")}
    known = groups.load(session, [str(r.id) for r in batch.records if r.before])
    others = owners - {me}
    strangers = set().union(*(groups.without(session, permission, others) for permission in _OWNING))
    return Facts(known, groups.places_taken(session, owners), strangers, _memberships(session, known, owners))


def _memberships(session: Session, known: Container[str], owners: set[str]) -> dict[tuple[str, str], str]:
    """Ids of the memberships of these users in known groups, by group and user."""
    if not known:
        return {}
    org, names = session.org, ("Id", "CollaborationGroupId", "MemberId")
    sobject = org.catalog["CollaborationGroupMember"]
    rows = org.store.where(session.connection, org.number, sobject, "MemberId", owners, names)
    by_pair = {(r["CollaborationGroupId"], r["MemberId"]): str(r["Id"]) for r in rows}
    return {pair: id_ for pair, id_ in by_pair.items() if pair[0] in known}


def _name(group: Record, _: Session) -> str | None:
    """Names are unique across public and private groups; unlisted groups need no unique name."""
    return None if group["CollaborationType"] == "Unlisted" else group["Name"]


def _name_taken(_: Record, holder: str) -> RecordError:
    text = f"duplicate value found: Name duplicates value on record with id: {holder[:15]}"
    return RecordError("DUPLICATE_VALUE", text, ["Name"])


RULES = Rules(
    facts=_facts,
    fill=(platform_values,),
    unique=(Unique("CollaborationGroup.Name", _name, _name_taken),),
    before_create=(
        caller_may_own_groups,
        customers_are_not_allowed_in_public_groups,
        owner_may_own_groups,
        owner_has_room,
    ),
    after_create=(owner_becomes_a_member,),
    before_update=(
        caller_runs_the_group,
        only_the_owner_hands_a_group_over,
        owner_may_own_groups,
        owner_has_room,
        access_of_customer_groups_stays,
        customers_are_not_allowed_in_public_groups,
    ),
    after_update=(new_owner_becomes_a_member,),
    before_delete=(caller_owns_the_group,),
)
