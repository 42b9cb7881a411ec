"""EntitySubscription: who follows whom. Source: Object Reference, EntitySubscription."""

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import select

from orgbox.errors import RecordError
from orgbox.frozen import value
from orgbox.org.rulebook import Batch, Record, Rules, Unique
from orgbox.org.session import Session
from orgbox.rules.counts import count_by
from orgbox.rules.texts import no_access, no_access_to_reference


@value
class Facts:
    """How many each of the followers follows, and what of the followed the caller does not see."""

    followed: Counter[str]
    unseen: set[str]


def caller_follows_for_himself(subscription: Record, batch: Batch) -> None:
    """One subscribes oneself; those with Modify All Data subscribe others."""
    own = subscription["SubscriberId"] == batch.session.user.id
    if not (own or batch.session.user.may("ModifyAllData")):
        raise no_access_to_reference()


def what_is_followed_is_seen(subscription: Record, batch: Batch) -> None:
    """Nobody follows people and groups that are hidden."""
    if subscription["ParentId"] in batch.facts.unseen:
        raise no_access_to_reference()


def nobody_follows_himself(subscription: Record, _: Batch) -> None:
    """A user cannot be the follower of that same user."""
    if subscription["SubscriberId"] == subscription["ParentId"]:
        text = "This user cannot follow any other users or records"
        raise RecordError("INVALID_CROSS_REFERENCE_KEY", text)


def follower_has_room(subscription: Record, batch: Batch) -> None:
    """A user follows a limited number of users and records."""
    counts: Counter[str] = batch.facts.followed
    counts[subscription["SubscriberId"]] += 1
    if counts[subscription["SubscriberId"]] > batch.session.org.limits.subscriptions_per_user:
        raise RecordError("LIMIT_EXCEEDED", "Maximum per user subscription limit reached.")


def caller_unfollows_for_himself(subscription: Record, batch: Batch) -> None:
    """One ends one's own subscriptions; those with Modify All Data any."""
    own = subscription["SubscriberId"] == batch.session.user.id
    if not (own or batch.session.user.may("ModifyAllData")):
        raise no_access()


def _facts(batch: Batch) -> Facts:
    new = [record for record in batch.records if not record.before]
    followers = [str(record["SubscriberId"]) for record in new]
    followed = count_by(batch.session, batch.sobject.name, "SubscriberId", followers)
    return Facts(followed, set(_unseen(batch.session, {str(record["ParentId"]) for record in new})))


def _unseen(session: Session, keys: set[str]) -> Iterator[str]:
    """Which of these users and groups a query of the caller would not find."""
    org, hides = session.org, session.org.rows.filter_of(session.user)
    for sobject in (org.catalog["User"], org.catalog["CollaborationGroup"]):
        sought, table = {key for key in keys if key[:3] == sobject.key_prefix}, org.store.table(sobject)
        seen = hides(sobject, table) if hides and sought else None
        if seen is not None:
            named = (table.c.org == org.number) & org.store.is_one_of(table.c.Id, "values")
            given = {"values": org.store.array(sought), "org": org.number, "user": session.user.id}
            found = session.connection.scalars(select(table.c.Id).where(named, seen), given)
            yield from sought.difference(found)


def _subscription(subscription: Record, _: Session) -> str | None:
    return f"{subscription['ParentId']} {subscription['SubscriberId']}"


def _already_following(_: Record, holder: str) -> RecordError:
    text = (
        "duplicate value found: EntitySubscription duplicates value on record with id: "
        f"{holder[:15]}"
    )
    return RecordError("DUPLICATE_VALUE", text)


RULES = Rules(
    facts=_facts,
    unique=(Unique("EntitySubscription", _subscription, _already_following),),
    before_create=(
        caller_follows_for_himself,
        what_is_followed_is_seen,
        nobody_follows_himself,
        follower_has_room,
    ),
    before_delete=(caller_unfollows_for_himself,),
)
