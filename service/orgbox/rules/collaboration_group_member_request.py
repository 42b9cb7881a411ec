"""CollaborationGroupMemberRequest: asking to join a private group. Source: its Object Reference page."""

from collections import Counter

from sqlalchemy import select

from orgbox.errors import RecordError
from orgbox.frozen import value
from orgbox.org import dml, outbox, uniqueness
from orgbox.org.outbox import NewLetter, NewMail
from orgbox.org.rulebook import Batch, Record, Rules, Unique
from orgbox.org.session import Session
from orgbox.rules import groups
from orgbox.rules.groups import Group
from orgbox.rules.texts import no_access, no_access_to_reference

STATUS = {"Pending": {"Accepted", "Declined"}, "Accepted": set(), "Declined": set()}
"""What a request may become, by its Status."""


@value
class Facts:
    """The groups the records name, and how many places in groups each new requester takes up."""

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
    """Accepting a request adds its requester to the group; of one who cannot join it stays as it was."""
    session = batch.session
    accepted = [r for r in requests if r.changes("Status") and r["Status"] == "Accepted"]
    if not accepted:
        return
    sobject = session.org.catalog["CollaborationGroupMember"]
    members = [
        Record(sobject, {"CollaborationGroupId": r["CollaborationGroupId"], "MemberId": r["RequesterId"]})
        for r in accepted
    ]
    dml.insert_checked(session, sobject, members)
    for request, member in zip(accepted, members, strict=True):
        request.errors.extend(member.errors)
    kept = [r for r in accepted if r.errors]
    undone = [(str(r.id), {n: r.before.get(n) for n in r.values if n != "Id"}) for r in kept]
    session.org.store.update(session.connection, session.org.number, batch.sobject, undone)
    uniqueness.claim(session, batch.sobject, [Record(batch.sobject, dict(r.before)) for r in kept])


def who_runs_the_group_gets_a_mail(requests: list[Record], batch: Batch) -> None:
    """On create, an email is sent to the owner and managers of the private group."""
    if not batch.session.quiet:
        letters = _letters("asked", requests, batch)
        mails = [NewMail(letters[key], key, email) for key, email in _runners(batch.session, list(letters))]
        outbox.queue(batch.session.connection, batch.session.org, mails)


def declined_requesters_get_a_mail(requests: list[Record], batch: Batch) -> None:
    """The requester is told, with the message of who declined; who is accepted is told of the membership."""
    org, connection = batch.session.org, batch.session.connection
    declined = [r for r in requests if r.changes("Status") and r["Status"] == "Declined"]
    if not declined:
        return
    asked = [str(r["RequesterId"]) for r in declined]
    users = org.store.fetch(connection, org.number, org.catalog["User"], asked, ("Email",))
    letters = _letters("declined", declined, batch)
    mails = [
        NewMail(letters[key], key, users[r["RequesterId"]]["Email"], r["ResponseMessage"])
        for r in declined
        for key in [r["CollaborationGroupId"]]
    ]
    outbox.queue(connection, org, mails)


def _letters(kind: str, requests: list[Record], batch: Batch) -> dict[str, NewLetter]:
    """What is said of each group, by its Id."""
    told = {"person": batch.session.user.name, "org": batch.session.org.name}
    keys = {str(r["CollaborationGroupId"]) for r in requests}
    return {key: NewLetter(kind, told | {"group": batch.facts.groups[key].name}) for key in sorted(keys)}


def _runners(session: Session, keys: list[str]) -> list[tuple[str, str]]:
    """Groups and addresses of their active managers; the owner is one."""
    store, number = session.org.store, session.org.number
    members, users = (store.table(session.org.catalog[n]) for n in ("CollaborationGroupMember", "User"))
    statement = (
        select(members.c.CollaborationGroupId, users.c.Email)
        .join(users, (users.c.org == members.c.org) & (users.c.Id == members.c.MemberId))
        .where(members.c.org == number, store.is_one_of(members.c.CollaborationGroupId, "values"))
        .where(members.c.CollaborationRole == "Admin", users.c.IsActive.is_(True))
        .order_by(members.c.Id)
    )
    rows = session.connection.execute(statement, {"values": store.array(keys)})
    return [(group, email) for group, email in rows]


def _facts(batch: Batch) -> Facts:
    new = [r for r in batch.records if not r.before]
    found = groups.load(batch.session, [str(r["CollaborationGroupId"]) for r in batch.records])
    return Facts(found, groups.places_taken(batch.session, [str(r["RequesterId"]) for r in new]))


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
    after_create=(who_runs_the_group_gets_a_mail,),
    before_update=(only_a_pending_request_changes, caller_runs_the_group),
    after_update=(accepted_requesters_become_members, declined_requesters_get_a_mail),
    before_delete=(only_a_pending_request_changes, caller_asked_or_runs_the_group),
)
