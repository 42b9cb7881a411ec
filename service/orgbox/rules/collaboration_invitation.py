"""CollaborationInvitation: inviting people to Chatter. Source: its Object Reference page; where the page
gives no error, docs/differences.md lists what we chose.
"""


from sqlalchemy import update

from orgbox.catalog.fieldtypes import fold
from orgbox.errors import RecordError
from orgbox.frozen import value
from orgbox.org import invitations, outbox, uniqueness
from orgbox.org.checks import is_email_address
from orgbox.org.outbox import NewLetter, NewMail
from orgbox.org.rulebook import Batch, Record, Rules, Unique
from orgbox.org.session import Session
from orgbox.rules import groups
from orgbox.rules.addresses import domain_of, normalize, spellings
from orgbox.rules.groups import Group
from orgbox.rules.texts import no_access, no_access_to_reference

_LONGEST_NORMALIZED = 80
STATUS = {"Sent": {"accept": "Accepted", "cancel": "Canceled"}, "Accepted": {}, "Canceled": {}}
"""What an invitation may become, by its Status and what is done with it."""


@value
class Facts:
    """What the rules need to know of other rows, loaded once for the batch."""

    groups: dict[str, Group]
    users: frozenset[str]
    """Addresses, folded."""


def facts(batch: Batch) -> Facts:
    """The groups the records name and which of the invited addresses active users have."""
    entities = [str(r["SharedEntityId"]) for r in batch.records if r["SharedEntityId"]]
    addresses = {normalize(str(r["InvitedUserEmail"])) for r in batch.records}
    return Facts(groups.load(batch.session, entities), _addresses_of_users(batch, addresses))


def _addresses_of_users(batch: Batch, addresses: set[str]) -> frozenset[str]:
    org = batch.session.org
    users = org.catalog["User"]
    column = users.by_name["email"].shadow or "Email"
    folded = {fold(spelling) for address in addresses for spelling in spellings(address)}
    rows = org.store.where(
        batch.session.connection, org.number, users, column, folded, ("Email", "IsActive")
    )
    return frozenset(fold(normalize(row["Email"])) for row in rows if row["IsActive"])


def platform_values(invitation: Record, batch: Batch) -> None:
    """The inviter is the caller, the status Sent; neither can be given."""
    invitation.values["InviterId"] = batch.session.user.id
    invitation.values["Status"] = "Sent"
    invitation.values["InvitedUserEmailNormalized"] = normalize(invitation["InvitedUserEmail"])


def invitations_are_allowed(invitation: Record, batch: Batch) -> None:
    """Invitations are available if "Allow Invitations" is enabled for your organization."""
    if not batch.session.settings.allow_invitations:
        text = f"entity type cannot be inserted: {batch.sobject.label}"
        raise RecordError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text)


def address_is_an_email_address(invitation: Record, batch: Batch) -> None:
    """The email address for the user invited to join Chatter."""
    normalized = invitation["InvitedUserEmailNormalized"]
    if not is_email_address(normalized):
        text = f"Invited Email: invalid email address: {invitation['InvitedUserEmail']}"
        raise RecordError("INVALID_EMAIL_ADDRESS", text, ["InvitedUserEmail"])
    if len(normalized) > _LONGEST_NORMALIZED:
        name = "InvitedUserEmailNormalized"
        label = batch.sobject.by_name[name.lower()].label
        text = f"{label}: data value too large: {normalized} (max length={_LONGEST_NORMALIZED})"
        raise RecordError("STRING_TOO_LONG", text, [name])


def shared_entity_is_the_inviter_or_a_group(invitation: Record, batch: Batch) -> None:
    """To join Chatter, the SharedEntityId is the ID of the User that created the invitation."""
    if not _group(invitation, batch) and invitation["SharedEntityId"] != batch.session.user.id:
        raise no_access_to_reference()


def inviter_to_chatter_is_no_customer(invitation: Record, batch: Batch) -> None:
    """Customers are let into groups; who joins the company is not for them to say."""
    if not _group(invitation, batch) and not batch.session.user.may("ChatterInternalUser"):
        raise no_access()


def inviter_runs_the_group(invitation: Record, batch: Batch) -> None:
    """You must be the owner or a manager of the group or a Salesforce system administrator."""
    group = _group(invitation, batch)
    if group and not group.is_run_by(batch.session):
        raise no_access_to_reference()


def group_is_not_archived(invitation: Record, batch: Batch) -> None:
    """An archived group takes no new members."""
    group = _group(invitation, batch)
    if group and group.archived:
        raise RecordError("ENTITY_IS_ARCHIVED", "entity is archived", ["SharedEntityId"])


def email_is_in_an_allowed_domain(invitation: Record, batch: Batch) -> None:
    """Limited to your allowed domain(s) unless sent from a private group that allows customers."""
    if is_to_a_customer(invitation, batch) and not _customers_may_come(invitation, batch):
        address = invitation["InvitedUserEmail"]
        raise RecordError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"You can invite only people with email addresses in your company's domains: {address}",
            ["InvitedUserEmail"],
        )


def inviter_may_invite_customers(invitation: Record, batch: Batch) -> None:
    """The "Invite Customers to Chatter" permission is needed to invite outside the Chatter domain."""
    allowed = batch.session.user.may("ChatterInviteExternalUsers")
    if is_to_a_customer(invitation, batch) and not allowed:
        raise no_access()


def invitee_is_not_a_user_of_the_org(invitation: Record, batch: Batch) -> None:
    """You can't send invitations to users of the organization the invite was sent from."""
    if fold(invitation["InvitedUserEmailNormalized"]) in batch.facts.users:
        raise RecordError(
            "FIELD_INTEGRITY_EXCEPTION",
            "You can't send invitations to users of the organization the invite was sent from.",
            ["InvitedUserEmail"],
        )


def invitee_gets_a_mail(created: list[Record], batch: Batch) -> None:
    """The invitee is told who invites, to what, and the optional message; and gets the link to join."""
    session = batch.session
    if session.quiet:
        return
    entities = {i["SharedEntityId"] for i in created}
    groups = batch.facts.groups
    letters = {e: NewLetter("invitation", _told(groups.get(e), session)) for e in entities}
    mails = [
        NewMail(
            letters[i["SharedEntityId"]], i["Id"], i["InvitedUserEmailNormalized"], i["OptionalMessage"]
        )
        for i in created
    ]
    outbox.queue(session.connection, session.org, mails)


def _told(group: Group | None, session: Session) -> dict[str, str]:
    """What the letter of an invitation to Chatter, or to a group, tells."""
    expiry = invitations.expiry(session.org.clock.now(), session.settings)
    return {
        "inviter": session.user.name, "org": session.org.name, "expires": f"{expiry:%Y-%m-%d}",
        "group": group.name if group else "",
    }  # fmt: skip


def only_a_sent_invitation_can_be_canceled(invitation: Record, _: Batch) -> None:
    """An accepted or canceled invitation is gone for delete()."""
    if "cancel" not in STATUS[invitation["Status"]]:
        raise RecordError("ENTITY_IS_DELETED", "entity is deleted")


def caller_may_cancel(invitation: Record, batch: Batch) -> None:
    """The inviter cancels, or who runs the group, or an administrator."""
    session, group = batch.session, _group(invitation, batch)
    runs_group = group is not None and group.is_run_by(session)
    inviter = invitation["InviterId"] == session.user.id
    if not (inviter or runs_group or session.user.may("ModifyAllData")):
        raise no_access()


def cancel(canceled: list[Record], batch: Batch) -> None:
    """delete() cancels: the row stays with Status Canceled, or goes, as the org is set."""
    session, keep = batch.session, batch.session.settings.keep_canceled_invitations
    org, taken = session.org, take(session, [str(i.id) for i in canceled], "Canceled")
    for invitation in canceled:
        if invitation.id not in taken:
            invitation.errors.append(RecordError("ENTITY_IS_DELETED", "entity is deleted"))
    keys = sorted(taken)
    uniqueness.release_unique(session, batch.sobject, keys)
    if keep:
        changes = {
            "Status": "Canceled", "LastModifiedDate": session.now,
            "LastModifiedById": session.user.id, "SystemModstamp": session.now,
        }  # fmt: skip
        rows = [(key, changes) for key in keys]
        org.store.update(session.connection, org.number, batch.sobject, rows)
    else:
        org.store.delete(session.connection, org.number, batch.sobject, keys)
        org.store.mark_deleted(
            session.connection, org.number, batch.sobject.name, keys, session.now, session.user.id
        )


def take(session: Session, keys: list[str], status: str) -> set[str]:
    """Give invitations another Status if they are Sent; which ones were, the database decides.

    So of a cancelling and an acceptance at once only one passes.
    """
    store = session.org.store
    table = store.table(session.org.catalog["CollaborationInvitation"])
    sent = (table.c.org == session.org.number) & (table.c.Status == "Sent")
    statement = update(table).where(sent, store.is_one_of(table.c.Id, "values")).values(Status=status)
    given = {"values": store.array(keys)}
    return set(session.connection.scalars(statement.returning(table.c.Id), given))


def _group(invitation: Record, batch: Batch) -> Group | None:
    found: Group | None = batch.facts.groups.get(invitation["SharedEntityId"])
    return found


def is_to_a_customer(invitation: Record, batch: Batch) -> bool:
    """Whether the invited address is outside the company's domains."""
    domain = domain_of(invitation["InvitedUserEmailNormalized"])
    return domain not in batch.session.settings.allowed_domains


def _customers_may_come(invitation: Record, batch: Batch) -> bool:
    group = _group(invitation, batch)
    open_to_customers = group is not None and group.type != "Public" and group.allows_customers
    return open_to_customers and batch.session.settings.allow_customer_invitations


def _open_invitation(invitation: Record, session: Session) -> str | None:
    """What makes a second invitation the same one, where the org is set to refuse it."""
    if not session.settings.refuse_second_invitation or invitation["Status"] != "Sent":
        return None
    return f"{invitation['InvitedUserEmailNormalized']} {invitation['SharedEntityId']}"


def _second_invitation(_: Record, holder: str) -> RecordError:
    text = f"duplicate value found: InvitedUserEmail duplicates value on record with id: {holder[:15]}"
    return RecordError("DUPLICATE_VALUE", text, ["InvitedUserEmail"])


RULES = Rules(
    facts=facts,
    fill=(platform_values,),
    unique=(
        Unique("CollaborationInvitation.open", _open_invitation, _second_invitation, optional=True),
    ),
    before_create=(
        invitations_are_allowed,
        address_is_an_email_address,
        shared_entity_is_the_inviter_or_a_group,
        inviter_to_chatter_is_no_customer,
        inviter_runs_the_group,
        group_is_not_archived,
        email_is_in_an_allowed_domain,
        inviter_may_invite_customers,
        invitee_is_not_a_user_of_the_org,
    ),
    after_create=(invitee_gets_a_mail,),
    before_delete=(only_a_sent_invitation_can_be_canceled, caller_may_cancel),
    instead_of_delete=cancel,
)
