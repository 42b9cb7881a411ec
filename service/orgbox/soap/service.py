"""One Spyne Application for both dialects, every version and every org.

Spyne dispatches; `call_wrapper` holds what goes round every call: the session, the transaction, and the
mapping of errors.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

from spyne import Application, Service
from spyne.context import MethodContext
from spyne.server import ServerBase
from sqlalchemy import Connection

from orgbox.errors import ApiFault, OrgboxError
from orgbox.org import session as sessions
from orgbox.org.calllog import CallLog
from orgbox.org.org import CALM, Conditions, Org
from orgbox.org.permissions import check_api
from orgbox.org.registry import Orgs
from orgbox.org.retirement import check_version
from orgbox.soap import calls as calls  # registers the functions that answer
from orgbox.soap import trouble
from orgbox.soap.envelope import Envelope
from orgbox.soap.faults import WireFault, unexpected, write_fault
from orgbox.soap.models import NAMESPACE, operation
from orgbox.soap.noting import note
from orgbox.soap.protocol import SforceSoap
from orgbox.soap.registry import HANDLERS, Handler
from orgbox.soap.request import Context, Interrupted, Request
from orgbox.soap.watching import Watcher, log_line

# Spyne would log every fault a client meets with a traceback; faults are answers, not accidents.
logging.getLogger("spyne").setLevel(logging.CRITICAL + 1)

_EXPIRED = (
    "The users password has expired, you must call SetPassword before attempting any other API operations"
)


_BUILDING = threading.Lock()
"""Spyne's models are made at first use, which two services built at once must not do together."""


class _Transport(ServerBase):  # type: ignore[misc]
    transport = "orgbox"


class _Call(MethodContext):  # type: ignore[misc]
    """Spyne's context of a call, without events, to which nobody listens, and what only they need."""

    TransportContext = None
    __setattr__ = object.__setattr__

    def __init__(self, server: _Transport) -> None:
        super().__init__(server, MethodContext.SERVER)
        self.event = None  # it points back: without it the call is gone at its end with all it holds

    def fire_event(self, event: str, *_args: Any, **_options: Any) -> None:
        """Nothing happens."""


class SoapService:
    """Answers SOAP requests for all orgs of a registry."""

    def __init__(self, orgs: Orgs, log: CallLog, watchers: Sequence[Watcher] = ()) -> None:
        self._orgs = orgs
        self._log = log
        self._watchers = (log_line, *watchers)
        with _BUILDING:
            self._server = _Transport(
                Application([_service()], NAMESPACE, name="SforceService",
                            in_protocol=SforceSoap(), out_protocol=SforceSoap())
            )  # fmt: skip

    def answer(self, request: Request) -> tuple[int, bytes]:
        """HTTP status and body; what goes wrong is a fault. Raises Interrupted where a rule says so."""
        return self._noted(request, self._dispatch)

    def fault(self, request: Request, error: OrgboxError) -> tuple[int, bytes]:
        """The answer that tells of an error met before the call."""
        return self._noted(request, lambda _: _fault(request, error))

    def _noted(
        self, request: Request, answer: Callable[[Context], tuple[int, bytes]]
    ) -> tuple[int, bytes]:
        context = Context(request, self._orgs, "", Envelope(None), [])
        started = perf_counter()
        try:
            status, body = answer(context)
        except Exception as error:  # the last resort: the client gets a number, the log the rest
            status, body = _fault(request, unexpected(error))
        seconds, shown = perf_counter() - started, status
        if context.interruption:
            shown = context.interruption.page
        if self._log:
            note(self._log, context, shown, body, seconds)
        for watch in self._watchers:
            watch(context, shown, body, seconds)
        if context.interruption:
            raise Interrupted(context.interruption, status, body)
        return status, body

    def _dispatch(self, context: Context) -> tuple[int, bytes]:
        initial = _Call(self._server)
        initial.udc = context
        initial.in_string = [context.request.body]
        ctx = self._server.generate_contexts(initial)[0]
        if ctx.in_error is None:
            self._server.get_in_object(ctx)
        if ctx.in_error is None:
            self._server.get_out_object(ctx)
        else:
            ctx.out_error = ctx.in_error
        self._server.get_out_string(ctx)
        status = 200 if ctx.out_error is None else 500
        ctx.in_error = ctx.out_error = None  # its traceback leads here: all would wait for the collector
        return status, b"".join(ctx.out_string)


def _fault(request: Request, error: OrgboxError) -> tuple[int, bytes]:
    return 500, write_fault(error, request.dialect, request.version).encode("utf-8")


def _service() -> type[Service]:
    """The Spyne service with one operation for each call that has a handler."""
    members: dict[str, Any] = {
        name: operation(name)(_operation(name, handler)) for name, handler in HANDLERS.items()
    }
    members["call_wrapper"] = classmethod(lambda cls, ctx, args=None: call_wrapper(ctx))
    return type("Soap", (Service,), members)


def _operation(name: str, handler: Handler) -> Callable[..., Any]:
    def function(ctx: Any, *arguments: Any) -> Any:
        return handler.function(ctx.udc, *arguments)

    function.__name__ = name
    return function


def call_wrapper(ctx: Any) -> Any:
    """Run the function of a call in its transaction, with its session; errors leave as WireFault."""
    context: Context = ctx.udc
    handler = HANDLERS[context.call_name]
    try:
        if not handler.signed_in:
            repeat = context.orgs.database.repeat
            return repeat(lambda: handler.function(context, *context.arguments))
        return _with_session(context, handler)
    except OrgboxError as error:
        raise WireFault(error) from error
    except Exception as error:
        raise WireFault(unexpected(error)) from error


def _with_session(context: Context, handler: Handler) -> Any:
    org = context.org = _org_of(context)
    org.requests += 1
    repeat = org.store.database.repeat
    while True:
        met = trouble.meet(context, org) if org.conditions != CALM else CALM
        try:
            result = repeat(partial(_in_transaction, context, handler, org, met))
        except _ConditionsChanged:
            continue
        if context.afterwards or (context.signed_in.stale and not handler.writes):
            repeat(partial(_write_afterwards, context, org))
        return result


class _ConditionsChanged(OrgboxError):
    """The session finds other conditions than those that were met before its transaction."""


def _in_transaction(context: Context, handler: Handler, org: Org, met: Conditions) -> Any:
    """The result of the call's function; may be done again when the database undoes the transaction."""
    database = org.store.database
    context.afterwards.clear()
    if handler.writes:
        with database.write(org=org.number) as connection:
            session = _resume(context, handler, org, met, connection)
            result = _answer(context, handler)
            if session.stale:
                sessions.touch(connection, session)
        return result
    with database.read() as connection:
        session = _resume(context, handler, org, met, connection)
        position = database.position(connection)
        if position is None:
            result = _answer(context, handler)
    if position is not None:
        with database.read_from(position) as session.connection:
            result = _answer(context, handler)
    return result


def _resume(
    context: Context, handler: Handler, org: Org, met: Conditions, connection: Connection
) -> sessions.Session:
    """The session of the call, which may make it."""
    session = sessions.resume(connection, org, context.session_id, context.request.version)
    if session.conditions != met:
        raise _ConditionsChanged
    check_version(session.settings, session.version)
    check_api(session.user, "UnexpectedErrorFault")
    if session.password_expired and not handler.expired:
        raise ApiFault("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", _EXPIRED)
    context.session = session
    return session


def _answer(context: Context, handler: Handler) -> Any:
    result = handler.function(context, *context.arguments)
    if isinstance(result, list):
        context.rows = len(result)
    return result


def _write_afterwards(context: Context, org: Org) -> None:
    """What a reading call leaves behind. That its session is in use, the next call can note as well."""
    try:
        with org.store.database.write(org=org.number) as connection:
            for work in context.afterwards:
                work(connection)
            if context.signed_in.stale:
                sessions.touch(connection, context.signed_in)
    except ApiFault:
        if context.afterwards:
            raise


def _org_of(context: Context) -> Org:
    """The org a session id names. An org id in the path must be the same one."""
    named = context.session_id.partition("!")[0]
    org = context.orgs.get(named) if len(named) == 15 else None
    if org is None or context.request.org_id not in (None, org.id):
        raise sessions.illegal_session()
    return org


