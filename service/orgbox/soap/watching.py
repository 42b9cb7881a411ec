"""Who watches calls that have been answered: the log line and the counts. Neither ever sees a secret."""

import logging
import re
from collections.abc import Callable
from typing import Any

from orgbox.metrics import Tally
from orgbox.soap.request import Context

Watcher = Callable[[Context, int, bytes, float], None]
"""Gets the call, the HTTP status, the answer and the seconds it took."""

_log = logging.getLogger("orgbox.calls")
_FAULT = re.compile(rb"<faultcode>([^<:]*:)?([^<]+)</faultcode>")
_HEAD = 700
"""Bytes of an answer within which a fault has its code."""


def fault_of(status: int, answer: bytes) -> str:
    """The code of the fault that an answer is, without its prefix; empty for no fault."""
    found = _FAULT.search(answer, 0, _HEAD) if status == 500 else None
    return found[2].decode() if found else ""


def counting(tally: Tally) -> Watcher:
    """Counts calls."""

    def count(context: Context, status: int, answer: bytes, seconds: float) -> None:
        tally.add(context.call_name, fault_of(status, answer), seconds)

    return count


def log_line(context: Context, status: int, answer: bytes, seconds: float) -> None:
    """Writes a line, if anybody wants it."""
    if _log.isEnabledFor(logging.INFO):
        _log.info("call", extra={"facts": _facts(context, status, answer, seconds)})


def _facts(context: Context, status: int, answer: bytes, seconds: float) -> dict[str, Any]:
    request, session, org = context.request, context.session, context.org
    return {
        "call": context.call_name, "org": org.id if org else request.org_id,
        "user": session.user.username if session else None,
        "dialect": request.dialect.name, "version": request.version, "client": request.client[:200],
        "status": status, "fault": fault_of(status, answer) or None, "rows": context.rows,
        "bytes_in": len(request.body), "bytes_out": len(answer), "ms": round(seconds * 1000, 3),
    }  # fmt: skip
