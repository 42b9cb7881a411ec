"""CollaborationGroupMemberRequest: asking to join a private group. Source: its Object Reference page."""

from collections import Counter
from dataclasses import dataclass

from orgbox.errors import RecordError
from orgbox.org import dml, uniqueness
from orgbox.org.rulebook import Batch, Record, Rules, Unique
from orgbox.org.session import Session
from orgbox.rules import groups
from orgbox.rules.groups import Group
from orgbox.rules.texts import no_access, no_access_to_reference

STATUS = {"Pending": {"Accepted", "Declined"}, "Accepted": set(), "Declined": set()}
"""What a request may become, by its Status."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The groups the records name, and how many places in groups each requester takes up."""

    groups: dict[str, Group]
    places: Counter[str]


def a_new_request_is_pending(request: Record, _: Batch) -> None:
    """Status cannot be given on create."""
    if not request.before:
        request.values["Status"] = "Pending"


def requester_is_the_caller(request: Record, batch: Batch) -> None:
    """RequesterId must be the ID of the context user."""
    if request["RequesterId"] != batch.session.user.id:
        raise no_access_to_reference()


def group_is_private(request: Record, batch: Batch) -> None:
    """Public groups are joined without asking, unlisted ones by invitation; customers see no other group."""
    group: Group = batch.facts.groups[request["CollaborationGroupId"]]
    if group.type == "Unlisted" or not batch.session.user.may("ChatterInternalUser"):
        raise no_access_to_reference()
    if group.type == "Public" or group.caller_role is not None:
        text = "You can only ask to join a private group that you are not a member of."
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", text, ["CollaborationGroupId"])


def requester_has_room(request: Record, batch: Batch) -> None:
    """A user can be a member of 300 groups; requests that are pending count."""
    groups.take_place(batch.facts.places, request["RequesterId"], batch.session, "RequesterId")


def only_a_pending_request_changes(request: Record, _: Batch) -> None:
    """Accepted and declined requests can be neither updated nor deleted."""
    if not STATUS[request.before["Status"]]:
        raise no_access()


def caller_runs_the_group(request: Record, batch: Batch) -> None:
    """Who runs the group accepts and declines."""
    if not batch.facts.groups[request["CollaborationGroupId"]].is_run_by(batch.session):
        raise no_access()


def caller_asked_or_runs_the_group(request: Record, batch: Batch) -> None:
    """A request is withdrawn by who made it, or by who runs the group."""
    mine = request["RequesterId"] == batch.session.user.id
    if not (mine or batch.facts.groups[request["CollaborationGroupId"]].is_run_by(batch.session)):
        raise no_access()


def accepted_requesters_become_members(requests: list[Record], batch: Batch) -> None:
    """Accepting a request adds its requester to the group; a requester who cannot join stays pending."""
    session = batch.session
    accepted = [r for r in requests if r.changes("Status") and r["Status"] == "Accepted"]
    sobject = session.org.catalog["CollaborationGroupMember"]
    members = [
        Record(sobject, {"CollaborationGroupId": r["CollaborationGroupId"], "MemberId": r["RequesterId"]})
        for r in accepted
    ]
    dml.insert_checked(session, sobject, members)
    for request, member in zip(accepted, members, strict=True):
        request.errors.extend(member.errors)
    undone = [(str(r.id), {"Status": "Pending"}) for r in accepted if r.errors]
    session.org.store.update(session.connection, session.org.number, batch.sobject, undone)


def _facts(batch: Batch) -> Facts:
    found = groups.load(batch.session, [str(r["CollaborationGroupId"]) for r in batch.records])
    return Facts(found, groups.places_taken(batch.session, [str(r["RequesterId"]) for r in batch.records]))


def _pending(request: Record, _: Session) -> str | None:
    if request["Status"] != "Pending":
        return None
    return f"{request['CollaborationGroupId']} {request['RequesterId']}"


def _already_asked(_: Record, holder: str) -> RecordError:
    return uniqueness.duplicate("CollaborationGroupId, RequesterId", holder)


RULES = Rules(
    facts=_facts,
    fill=(a_new_request_is_pending,),
    unique=(Unique("CollaborationGroupMemberRequest.pending", _pending, _already_asked),),
    before_create=(requester_is_the_caller, group_is_private, requester_has_room),
    before_update=(only_a_pending_request_changes, caller_runs_the_group),
    after_update=(accepted_requesters_become_members,),
    before_delete=(only_a_pending_request_changes, caller_asked_or_runs_the_group),
)
