"""User: the values the platform makes, and what must be unique. Sources: Object Reference, User; texts of
the refusals as seen from the service.
"""

import secrets

from orgbox.errors import RecordError
from orgbox.org.checks import is_email_address
from orgbox.org.rulebook import Batch, Record, Rules, Unique
from orgbox.org.session import Session
from orgbox.rules.texts import no_access


def full_name(user: Record, _: Batch) -> None:
    """Name is the first and the last name."""
    parts = (user["FirstName"], user["LastName"])
    user.values["Name"] = " ".join(part for part in parts if part)


def user_type_of_profile(user: Record, batch: Batch) -> None:
    """UserType follows from the profile."""
    if user.changes("ProfileId"):
        user.values["UserType"] = batch.facts.get(user["ProfileId"])


def nickname(user: Record, _: Batch) -> None:
    """A nickname is made where none is given, as the platform does."""
    if user["CommunityNickname"] is None:
        user.values["CommunityNickname"] = f"User{secrets.randbelow(10**18)}"


def username_is_an_email_address(user: Record, _: Batch) -> None:
    """Username must have the form of an email address."""
    if user.changes("Username") and not is_email_address(str(user["Username"])):
        text = "Username must be in the form of an email address (for example, john@acme.com)"
        raise RecordError("INVALID_EMAIL_ADDRESS", text, ["Username"])


def caller_manages_users(user: Record, batch: Batch) -> None:
    """Users are made by those with Manage Users; others may change only themselves."""
    own = user.before and user.id == batch.session.user.id
    if not (batch.session.user.may("ManageUsers") or own):
        raise no_access()


def profile_and_activity_are_the_administrators(user: Record, batch: Batch) -> None:
    """Nobody gives himself another profile or switches himself off."""
    guarded = ("ProfileId", "IsActive", "Username", "UserRoleId")
    if not batch.session.user.may("ManageUsers") and any(user.changes(name) for name in guarded):
        raise no_access()


def _facts(batch: Batch) -> dict[str, str]:
    """The user type of each profile named."""
    org = batch.session.org
    keys = {str(r["ProfileId"]) for r in batch.records if r["ProfileId"]}
    rows = org.store.fetch(
        batch.session.connection, org.number, org.catalog["Profile"], keys, ("UserType",)
    )
    return {key: row["UserType"] for key, row in rows.items()}


def _username(user: Record, _: Session) -> str | None:
    return user["Username"]  # type: ignore[no-any-return]


def _username_taken(_: Record, __: str) -> RecordError:
    return RecordError(
        "DUPLICATE_USERNAME",
        "Duplicate Username.<br>The username already exists in this or another Salesforce organization. "
        "Usernames must be unique across all Salesforce organizations. To resolve, use a different "
        "username (it doesn't need to match the user's email address). ",
        ["Username"],
    )


def _nickname(user: Record, _: Session) -> str | None:
    return user["CommunityNickname"]  # type: ignore[no-any-return]


def _nickname_taken(_: Record, __: str) -> RecordError:
    return RecordError(
        "DUPLICATE_COMM_NICKNAME",
        "Duplicate Nickname.<br>Another user has already selected this nickname.<br>Please select another.",
        ["CommunityNickname"],
    )


RULES = Rules(
    facts=_facts,
    fill=(full_name, user_type_of_profile, nickname),
    unique=(
        Unique("User.Username", _username, _username_taken, everywhere=True),
        Unique("User.CommunityNickname", _nickname, _nickname_taken),
    ),
    before_create=(caller_manages_users, username_is_an_email_address),
    before_update=(
        caller_manages_users,
        profile_and_activity_are_the_administrators,
        username_is_an_email_address,
    ),
)
