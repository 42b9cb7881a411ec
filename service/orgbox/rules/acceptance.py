"""Accepting an invitation: from the link in the mail to a user of the org.

A coworker gets the profile Chatter Free User and the address as user name, a customer the profile Chatter
External User and a user name at `guest.` and the inviter's domain. Who was invited directly follows the
inviter; who was invited to a group becomes a member of it. Sources: reference page of
CollaborationInvitation; knowledge article 000194018 for the user names of customers.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from orgbox import ids
from orgbox.catalog.fieldtypes import fold
from orgbox.errors import ApiFault, RecordError
from orgbox.frozen import value
from orgbox.org import credentials, dml, invitations, outbox, uniqueness
from orgbox.org import session as sessions
from orgbox.org.joining import Answers, Invited, Joined, LinkEnded, Refused
from orgbox.org.passwords import check_policy
from orgbox.org.permissions import DECIDING
from orgbox.org.registry import ORG_PREFIX, Orgs
from orgbox.org.rulebook import Batch, Record
from orgbox.org.session import Session
from orgbox.rules import collaboration_invitation as rules
from orgbox.rules.addresses import domain_of, normalize
from orgbox.rules.groups import Group

_COWORKER, _CUSTOMER = "Chatter Free User", "Chatter External User"
_ASKED_AGAIN = (
    rules.address_is_an_email_address,
    rules.group_is_not_archived,
    rules.email_is_in_an_allowed_domain,
    rules.inviter_may_invite_customers,
    rules.invitee_is_not_a_user_of_the_org,
)
"""What an address must satisfy when it is invited, it must satisfy when it accepts."""


@value
class Open:
    """An open invitation: its row, the inviter at work, and the address that was or is entered."""

    row: dict[str, Any]
    candidate: Record
    batch: Batch

    @property
    def session(self) -> Session:
        """The inviter, in the transaction of the acceptance."""
        return self.batch.session

    @property
    def group(self) -> Group | None:
        """The group of the invitation, if it is to one."""
        found: Group | None = self.batch.facts.groups.get(self.row["SharedEntityId"])
        return found

    @property
    def address(self) -> str:
        """The address of the candidate, normalized."""
        return str(self.candidate["InvitedUserEmailNormalized"])

    @property
    def is_customer(self) -> bool:
        """Whether the candidate is outside the company's domains."""
        return rules.is_to_a_customer(self.candidate, self.batch)


class LinkAcceptance:
    """Accepts invitations by their links, for all orgs of a registry (see `org.joining.Acceptance`)."""

    def __init__(self, orgs: Orgs) -> None:
        self._orgs = orgs

    def look(self, token: str) -> Invited:
        """The invitation of a link. Raises LinkEnded."""
        with self._orgs.database.read() as connection:
            found = self._follow(connection, token)
        return Invited(
            found.session.org.name, found.session.user.name, found.group.name if found.group else "",
            found.row["OptionalMessage"] or "", found.row["InvitedUserEmail"], found.is_customer,
        )  # fmt: skip

    def accept(self, token: str, answers: Answers) -> Joined:
        """Make the user, in one transaction. Raises LinkEnded and Refused."""
        self.look(token)
        if errors := list(_unanswered(answers)):
            raise Refused(errors)
        password = self._orgs.passwords.hash(answers.password)
        with self._orgs.database.write() as connection:
            return _accept(self._follow(connection, token, answers.email), answers, password)

    def _follow(self, connection: Connection, token: str, email: str | None = None) -> Open:
        """The open invitation of a link, for the address entered or the one invited."""
        mail = outbox.mail_of_link(connection, self._orgs.store, token)
        org = self._orgs.get(ids.make(ORG_PREFIX, mail.org)) if mail else None
        if mail is None or org is None:
            raise LinkEnded("unknown")
        if email is not None:
            self._orgs.database.turn(connection, org.number)
        row = invitations.load(connection, org, mail.about, mail.recipient)
        settings = invitations.read_settings(connection, org)
        state = invitations.state(row, org, settings)
        inviter = sessions.read_user(connection, org, row["InviterId"]) if row else None
        if state != "open":
            raise LinkEnded(state)
        if row is None or inviter is None:
            raise LinkEnded("canceled")
        return _opened(Session(org, inviter, settings, connection, 0), row, email)


def _opened(session: Session, row: dict[str, Any], email: str | None) -> Open:
    sobject = session.org.catalog["CollaborationInvitation"]
    address = row["InvitedUserEmail"] if email is None else email.strip()
    values = {"InvitedUserEmail": address, "InvitedUserEmailNormalized": normalize(address)}
    candidate = Record(sobject, values | {"SharedEntityId": row["SharedEntityId"]})
    batch = Batch(session, sobject, [candidate])
    batch.facts = rules.facts(batch)
    return Open(row, candidate, batch)


def _unanswered(answers: Answers) -> Iterator[RecordError]:
    """What is wrong with the answers by themselves."""
    given = {"FirstName": answers.first_name, "LastName": answers.last_name, "Email": answers.email}
    yield from (_missing(name) for name, text in given.items() if not text.strip())
    try:
        check_policy(answers.password)
    except ApiFault as error:
        yield RecordError(error.code, error.message, ["Password"])
    if answers.password != answers.repeated:
        text = "The two passwords are not the same."
        yield RecordError("INVALID_NEW_PASSWORD", text, ["RepeatedPassword"])


def _missing(name: str) -> RecordError:
    return RecordError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", [name])


def _accept(found: Open, answers: Answers, password: str) -> Joined:
    _refuse_what_cannot_be_invited(found, answers)
    _take(found)
    user = _make_user(found, answers)
    session = _acting(found.session, str(user.id))
    credentials.store_password(session.connection, session.org, str(user.id), password)
    _join(found, session)
    _record(found, session)
    org, group = session.org, found.group.name if found.group else ""
    return Joined(org.id, org.name, str(user.id), user["Username"], user["Name"], group)


def _refuse_what_cannot_be_invited(found: Open, answers: Answers) -> None:
    try:
        for rule in _ASKED_AGAIN:
            rule(found.candidate, found.batch)
    except RecordError as error:
        raise Refused([error]) from None
    if found.is_customer and not answers.company.strip():
        raise Refused([_missing("CompanyName")])


def _take(found: Open) -> None:
    """Make the invitation Accepted. Of two acceptances at once the database lets one pass."""
    if not rules.take(found.session, [found.row["Id"]], "Accepted"):
        raise LinkEnded("used")


def _make_user(found: Open, answers: Answers) -> Record:
    session, first, last = found.session, answers.first_name.strip(), answers.last_name.strip()
    values = {
        "Username": _username(found), "Email": found.address, "FirstName": first, "LastName": last,
        "Alias": (first[:1] + last)[:8].lower(), "ProfileId": _profile(found), "IsActive": True,
        "TimeZoneSidKey": session.user.time_zone, "LocaleSidKey": session.user.locale,
        "LanguageLocaleKey": session.user.language, "EmailEncodingKey": "UTF-8",
    }  # fmt: skip
    if found.is_customer:
        values["CompanyName"] = answers.company.strip()
    user = Record(session.org.catalog["User"], values)
    dml.create_chunk(_acting(session, session.user.id), [user], dml.SaveOptions())
    if user.errors:
        raise Refused(user.errors)
    return user


def _username(found: Open) -> str:
    if not found.is_customer:
        return found.address
    local = found.address.rpartition("@")[0]
    return f"{local}@guest.{domain_of(normalize(found.session.user.email))}"


def _profile(found: Open) -> str:
    """The Id of the profile for the candidate. Without such a profile there is no license for it either."""
    session, name = found.session, _CUSTOMER if found.is_customer else _COWORKER
    profiles = session.org.catalog["Profile"]
    column = profiles.by_name["name"].shadow
    text = fold(name) if column else name
    rows = session.org.store.where(
        session.connection, session.org.number, profiles, column or "Name", [text], ("Id",)
    )
    if not rows:
        raise Refused([RecordError("LICENSE_LIMIT_EXCEEDED", "License Limit Exceeded")])
    return str(rows[0]["Id"])


def _acting(session: Session, user_id: str) -> Session:
    """The platform itself at work, in the name of a user."""
    user = replace(session.user, id=user_id, permissions=frozenset(DECIDING), user_type="Standard")
    return replace(session, user=user)


def _join(found: Open, session: Session) -> None:
    """The new user follows the inviter, or joins the group."""
    shared, mine = found.row["SharedEntityId"], session.user.id
    if found.group:
        name = "CollaborationGroupMember"
        values = {"CollaborationGroupId": shared, "MemberId": mine, "CollaborationRole": "Standard"}
    else:
        name, values = "EntitySubscription", {"ParentId": shared, "SubscriberId": mine}
    record = Record(session.org.catalog[name], dict(values))
    dml.insert_checked(session, record.sobject, [record])
    if record.errors:
        raise Refused(record.errors)


def _record(found: Open, session: Session) -> None:
    """Note who accepted; an address other than the invited one gets a child invitation."""
    org, connection, sobject = session.org, session.connection, found.candidate.sobject
    stamps = {
        "LastModifiedDate": session.now, "LastModifiedById": session.user.id,
        "SystemModstamp": session.now,
    }  # fmt: skip
    accepted = {"Status": "Accepted"} | stamps
    org.store.update(connection, org.number, sobject, [(found.row["Id"], accepted)])
    uniqueness.release_unique(session, sobject, [found.row["Id"]])
    if found.address != found.row["InvitedUserEmailNormalized"]:
        created = {"CreatedDate": session.now, "CreatedById": session.user.id}
        child = found.candidate.values | accepted | created
        child["Id"] = org.next_ids(connection, str(sobject.key_prefix), 1)[0]
        child |= {"ParentId": found.row["Id"], "InviterId": found.row["InviterId"]}
        org.store.insert(connection, org.number, sobject, [child])
