"""EntitySubscription: who follows whom. Source: Object Reference, EntitySubscription."""

from collections import Counter

from orgbox.errors import RecordError
from orgbox.org.rulebook import Batch, Record, Rules, Unique
from orgbox.org.session import Session
from orgbox.rules.counts import count_by
from orgbox.rules.texts import no_access, no_access_to_reference


def caller_follows_for_himself(subscription: Record, batch: Batch) -> None:
    """One subscribes oneself; those with Modify All Data subscribe others."""
    own = subscription["SubscriberId"] == batch.session.user.id
    if not (own or batch.session.user.may("ModifyAllData")):
        raise no_access_to_reference()


def nobody_follows_himself(subscription: Record, _: Batch) -> None:
    """A user cannot be the follower of that same user."""
    if subscription["SubscriberId"] == subscription["ParentId"]:
        text = "This user cannot follow any other users or records"
        raise RecordError("INVALID_CROSS_REFERENCE_KEY", text)


def follower_has_room(subscription: Record, batch: Batch) -> None:
    """A user follows a limited number of users and records."""
    counts: Counter[str] = batch.facts
    counts[subscription["SubscriberId"]] += 1
    if counts[subscription["SubscriberId"]] > batch.session.org.limits.subscriptions_per_user:
        raise RecordError("LIMIT_EXCEEDED", "Maximum per user subscription limit reached.")


def caller_unfollows_for_himself(subscription: Record, batch: Batch) -> None:
    """One ends one's own subscriptions; those with Modify All Data any."""
    own = subscription["SubscriberId"] == batch.session.user.id
    if not (own or batch.session.user.may("ModifyAllData")):
        raise no_access()


def _facts(batch: Batch) -> Counter[str]:
    """How many each of the followers follows."""
    followers = [str(record["SubscriberId"]) for record in batch.records]
    return count_by(batch.session, batch.sobject.name, "SubscriberId", followers)


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
    before_create=(caller_follows_for_himself, nobody_follows_himself, follower_has_room),
    before_delete=(caller_unfollows_for_himself,),
)
