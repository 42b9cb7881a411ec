"""What of a call goes into the call log."""

from orgbox.org.calllog import KEPT_BYTES, Call, CallLog
from orgbox.soap.request import Context

_SECRET_ARGUMENTS = {"login": (1,), "setPassword": (1,), "changeOwnPassword": (0, 1)}
"""Places of passwords among the arguments; some clients send them under names of their own."""
_UNKNOWN_ORG = 0


def note(log: CallLog, context: Context, status: int, answer: bytes, seconds: float) -> None:
    """Add a call that has been answered to the log of its org, whoever the org is known by."""
    request, session = context.request, context.session
    org = context.org or context.orgs.get(request.org_id or context.session_id.partition("!")[0])
    places = _SECRET_ARGUMENTS.get(context.call_name, ())
    secrets = [context.session_id, *(context.arguments[i] for i in places if i < len(context.arguments))]
    log.add(
        org.number if org else _UNKNOWN_ORG,
        Call(
            context.call_name,
            (org.clock if org else context.orgs.clock).now(),
            session.user.id if session else "",
            session.user.username if session else _signing_in(context),
            request.version,
            request.dialect.name,
            _client(context),
            seconds * 1000,
            status,
            request.body[:KEPT_BYTES],
            answer[:KEPT_BYTES],
            context.rows,
            tuple(secret for secret in secrets if secret),
        ),
    )


def _signing_in(context: Context) -> str:
    """The user name that a login() names."""
    named = context.arguments[0] if context.call_name == "login" and context.arguments else ""
    return str(named or "")[:80]


def _client(context: Context) -> str:
    """The client's name: that of its CallOptions and its User-Agent."""
    named = context.envelope.header("CallOptions", "client") or ""
    return " ".join(part for part in (named, context.request.client) if part)[:200]
