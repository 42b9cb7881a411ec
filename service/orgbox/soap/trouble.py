"""What a test imposes on calls, carried out before the transaction of the call begins: fault rules of the
org and the API limit. An org without either pays nothing.
"""

import base64
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from orgbox.baton import BATON
from orgbox.errors import ApiFault, RecordError
from orgbox.org import faults
from orgbox.org import session as sessions
from orgbox.org.dml import ROLLED_BACK, Result
from orgbox.org.faults import TEXTS, CallFacts, Rule
from orgbox.org.org import Conditions, Org
from orgbox.soap.request import Context, Interruption
from orgbox.soap.touched import Touched, touched

_T = TypeVar("_T")


def meet(context: Context, org: Org) -> Conditions:
    """Carry out what there is for a call of a session; returns the conditions it went by.

    Raises ApiFault: a rule's, REQUEST_LIMIT_EXCEEDED, and those of a session that does not live.
    """
    context.interruption = context.refusing = None
    with org.store.database.read() as connection:
        session = sessions.resume(connection, org, context.session_id, context.request.version)
    context.session = session
    if session.conditions.metered:
        _count(context, org, session.settings.api_requests_per_day)
    if session.conditions.faults:
        _carry_out(context, org, session.user.username)
    return session.conditions


def meet_at_login(context: Context, org: Org, username: str) -> None:
    """The same for login(), by the conditions just read; it is not counted. Raises a rule's ApiFault."""
    if org.conditions.faults:
        _carry_out(context, org, username)


def _count(context: Context, org: Org, limit: int) -> None:
    """Count a call of the org's day, in UTC, over all processes."""
    with org.store.database.write() as connection:
        day = f"requests {org.clock.now():%Y-%m-%d}"
        context.requests = org.store.count_up(connection, org.number, day)
    if context.requests > limit:
        raise ApiFault("REQUEST_LIMIT_EXCEEDED", TEXTS["REQUEST_LIMIT_EXCEEDED"])


def _carry_out(context: Context, org: Org, username: str) -> None:
    about = touched(org, context.call_name, context.arguments)
    facts = CallFacts(context.call_name, frozenset(name for name, _ in about), username)
    with org.store.database.write(org=org.number) as connection:
        rule = faults.choose(connection, org, facts)
    if rule is None:
        return
    if rule.delay:
        with BATON.laid_down():
            time.sleep(rule.delay)
    if rule.rows:
        context.refusing = rule
    elif rule.code:
        raise ApiFault(rule.code, rule.text(id=_first_id(about, org), hash=_hash(context)))
    elif rule.page or rule.drop:
        context.interruption = Interruption(rule.drop, rule.page, rule.body or faults.EDGE_PAGE)
        if rule.drop in ("", "before"):
            raise ApiFault("SERVER_UNAVAILABLE", TEXTS["SERVER_UNAVAILABLE"])


def _first_id(about: Sequence[Touched], org: Org) -> str:
    return next((id_ for _, id_ in about if id_), org.id)


def _hash(context: Context) -> str:
    hash_ = sessions.session_hash(context.session_id)
    return base64.b64encode(bytes.fromhex(hash_)).decode()


def spare(
    context: Context,
    items: Sequence[_T],
    find: Callable[[Org, _T], Touched],
    work: Callable[[Sequence[_T]], Sequence[Result]],
    *,
    all_or_none: bool,
) -> Sequence[Result]:
    """The results of `work`; items that a rule refuses get its error and never reach `work`."""
    rule = context.refusing
    if rule is None:
        return work(items)
    org = context.signed_in.org
    refused = _refused(rule, [find(org, item) for item in items])
    if not refused:
        return work(items)
    if all_or_none:
        others = Result(None, (ROLLED_BACK,))
        return [refused.get(n, others) for n in range(len(items))]
    done = iter(work([item for n, item in enumerate(items) if n not in refused]))
    return [refused[n] if n in refused else next(done) for n in range(len(items))]


def _refused(rule: Rule, about: Sequence[Touched]) -> dict[int, Result]:
    return {
        n: Result(None, (RecordError(rule.code, rule.text(id=id_)),))
        for n, (name, id_) in enumerate(about)
        if rule.chosen(n) and rule.sobject.lower() in ("", name.lower())
    }
