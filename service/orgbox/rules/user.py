"""User: the values the platform makes, and what must be unique. Sources: Object Reference, User; texts of
the refusals as seen from the service.
"""

import secrets

from orgbox.errors import RecordError
from orgbox.org.checks import is_email_address
from orgbox.org.rulebook import Batch, Record, Rules, Unique
from orgbox.org.session import Session
from orgbox.rules import following, licenses
from orgbox.rules.licenses import Profile
from orgbox.rules.texts import no_access


def full_name(user: Record, _: Batch) -> None:
    """Name is the first and the last name."""
    parts = (user["FirstName"], user["LastName"])
    user.values["Name"] = " ".join(part for part in parts if part)


def user_type_of_profile(user: Record, batch: Batch) -> None:
    """UserType follows from the profile."""
    if user.changes("ProfileId"):
        user.values["UserType"] = batch.facts[user["ProfileId"]].user_type


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


def profile_fits_the_license(user: Record, batch: Batch) -> None:
    """A user changes to profiles of the same license; from Chatter alone also up to a full one."""
    if not user.changes("ProfileId"):
        return
    old, new = batch.facts[user.before["ProfileId"]], batch.facts[user["ProfileId"]]
    if new.license is not old.license and (new.only_chatter or not old.only_chatter):
        text = (
            "You can only assign profiles that are compatible with the user's license. For a list of "
            "compatible licenses and profiles, see the Salesforce Help."
        )
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", text, ["ProfileId"])


def a_license_is_left(user: Record, batch: Batch) -> None:
    """An active user takes up a license of the profile's kind."""
    wanted = batch.facts[user["ProfileId"]].license
    had = user.before.get("IsActive") and batch.facts[user.before["ProfileId"]].license
    if user["IsActive"] and had is not wanted and not wanted.take():
        raise RecordError("LICENSE_LIMIT_EXCEEDED", "License Limit Exceeded", ["ProfileId"])


def an_administrator_is_left(user: Record, batch: Batch) -> None:
    """There is always an active user who manages users; several who leave in one call are all refused."""
    if not _leaves_administration(user, batch):
        return
    leaving = [str(record.id) for record in batch.records if _leaves_administration(record, batch)]
    if not licenses.administered_without(batch.session, leaving):
        text = "You must have at least one active administrator user."
        raise RecordError("CANNOT_DISABLE_LAST_ADMIN", text)


def _leaves_administration(user: Record, batch: Batch) -> bool:
    had, has = batch.facts[user.before["ProfileId"]], batch.facts[user["ProfileId"]]
    return bool(
        user.before["IsActive"] and had.manages_users and not (user["IsActive"] and has.manages_users)
    )


def licenses_are_counted(users: list[Record], batch: Batch) -> None:
    """UsedLicenses follows the users."""
    if any(user.changes(name) for user in users for name in ("ProfileId", "IsActive")):
        licenses.count(batch.session, [profile.license for profile in batch.facts.values()])


def subscriptions_follow_activity(users: list[Record], batch: Batch) -> None:
    """Deactivating a user puts the user's subscriptions aside, reactivating brings them back."""
    for user in users:
        if user.changes("IsActive") and user["IsActive"]:
            following.bring_back(batch.session, str(user.id))
        elif user.changes("IsActive"):
            following.set_aside(batch.session, str(user.id))


def _facts(batch: Batch) -> dict[str, Profile]:
    """The profiles that users have and get."""
    had = {record.before.get("ProfileId") for record in batch.records}
    named = had | {record["ProfileId"] for record in batch.records}
    return licenses.load(batch.session, [str(key) for key in named if key])


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
    before_create=(caller_manages_users, username_is_an_email_address, a_license_is_left),
    after_create=(licenses_are_counted,),
    before_update=(
        caller_manages_users,
        profile_and_activity_are_the_administrators,
        username_is_an_email_address,
        profile_fits_the_license,
        a_license_is_left,
        an_administrator_is_left,
    ),
    after_update=(licenses_are_counted, subscriptions_follow_activity),
)
