"""Spyne's protocol, replaced where Salesforce's clients are stricter or laxer than Spyne: hardened parsing,
names by their local part, answers as text in the service's own form.
"""

from typing import Any

from spyne.protocol.soap import Soap11

from orgbox.errors import OrgboxError, ProtocolFault
from orgbox.soap.description import Call, description
from orgbox.soap.dialects import BY_NAMESPACE
from orgbox.soap.encode import Encoded, element, encoded
from orgbox.soap.envelope import (
    Element,
    brackets,
    local_name,
    open_envelope,
    parse,
    refuse_not_understood,
)
from orgbox.soap.faults import WireFault, write_fault
from orgbox.soap.models import NAMESPACE
from orgbox.soap.reader import read_arguments
from orgbox.soap.request import Context, Request

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_SOAPENV = 'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
_TAIL = "</soapenv:Body></soapenv:Envelope>"
_NAMESPACES = {
    "xsd": ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"',
    "xsi": ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
    "sf": ' xmlns:sf="{}"',
}
"""Declarations in the order of the captures."""
_OUR_HEADERS = frozenset(description().headers)


class SforceSoap(Soap11):  # type: ignore[misc]
    """SOAP 1.1 as Salesforce speaks it. `ctx.udc` is the Context of the call."""

    def get_context(self, parent: Any, transport: Any) -> None:
        """Nothing is kept of a call but its Context."""

    def create_in_document(self, ctx: Any, in_string_charset: str | None = None) -> None:
        """Parse the body; the encoding is the document's own business."""
        with _wire_faults():
            ctx.in_document = parse(ctx.udc.request.body)

    def decompose_incoming_envelope(self, ctx: Any, message: str = "") -> None:
        """Find the call and its headers."""
        context: Context = ctx.udc
        with _wire_faults():
            envelope = open_envelope(ctx.in_document)
            refuse_not_understood(envelope, _OUR_HEADERS)
            found = _find_call(context.request, envelope.call)
        context.envelope = envelope
        context.session_id = envelope.header("SessionHeader", "sessionId") or ""
        context.call_name = found.name
        ctx.in_body_doc = envelope.call
        ctx.method_request_string = f"{{{NAMESPACE}}}{found.name}"

    def generate_method_contexts(self, ctx: Any) -> list[Any]:
        """The one context that there is, with the operation found."""
        (ctx.descriptor,) = self.get_call_handles(ctx)
        return [ctx]

    def deserialize(self, ctx: Any, message: str) -> None:
        """Arguments in WSDL order; records stay as they are until the session tells the catalogue."""
        context: Context = ctx.udc
        known = description().as_of(context.request.version, context.request.dialect.name)
        with _wire_faults():
            context.arguments = read_arguments(known.calls[context.call_name], ctx.in_body_doc)
        ctx.in_object = context.arguments

    def serialize(self, ctx: Any, message: str) -> None:
        """The whole answer, in pieces."""
        context: Context = ctx.udc
        if ctx.out_error is not None:
            error = ctx.out_error
            shown = error.error if isinstance(error, WireFault) else ProtocolFault(str(error))
            text = write_fault(shown, context.request.dialect, context.request.version)
            ctx.out_document = [text.encode()]
        else:
            ctx.out_document = write_answer(context, ctx.out_object[0])

    def create_out_string(self, ctx: Any, out_string_encoding: str | None = None) -> None:
        """The answer as bytes, which it is."""
        ctx.out_string = ctx.out_document


class _wire_faults:
    """Lets our errors through Spyne as the Fault it expects."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OrgboxError):
            raise WireFault(error) from error


def _find_call(request: Request, sent: Element) -> Call:
    name = local_name(sent)
    namespace = sent.tag[1:].partition("}")[0] if sent.tag.startswith("{") else ""
    known = description().as_of(request.version, request.dialect.name).calls
    other = BY_NAMESPACE.get(namespace, request.dialect) is not request.dialect
    foreign = namespace not in ("", request.dialect.tns) and namespace not in BY_NAMESPACE
    if name not in known or other or foreign:
        text = f"No operation available for request {brackets(sent)}, please check the WSDL for the service."
        raise ProtocolFault(text)
    return known[name]


def write_answer(context: Context, result: Any) -> list[bytes]:
    """The answer to a call that succeeded, in pieces."""
    request = context.request
    name = context.call_name
    known = description().as_of(request.version, request.dialect.name).calls[name]
    if not isinstance(result, Encoded):
        result = encode_result(known, result, request)
    declared = "".join([_NAMESPACES[prefix] for prefix in _NAMESPACES if prefix in result.prefixes])
    sobjects = declared.format(request.dialect.ens)
    root = f'soapenv:Envelope {_SOAPENV} xmlns="{request.dialect.tns}"{sobjects}'
    head = f"{_DECLARATION}<{root}>{_limit_info(context, known)}<soapenv:Body>"
    if not any(result.pieces):
        return [f"{head}<{name}Response/>{_TAIL}".encode()]
    return [f"{head}<{name}Response>".encode(), *result.pieces, f"</{name}Response>{_TAIL}".encode()]


def encode_result(known: Call, result: Any, request: Request) -> Encoded:
    """The `result` elements of an answer."""
    if known.result is None:
        return encoded("")
    member = known.result
    write = element("result", member.type, member.nillable, request.dialect, request.version)
    parts: list[str] = []
    for value in [result] if member.max == 1 else result:
        write(parts.append, value)
    return encoded("".join(parts))


def _limit_info(context: Context, known: Call) -> str:
    """The LimitInfoHeader, where the version's WSDL declares it for the call."""
    if context.session is None or all(h.name != "LimitInfoHeader" for h in known.headers_out):
        return ""
    session = context.session
    return (
        "<soapenv:Header><LimitInfoHeader><limitInfo>"
        f"<current>{context.requests or session.org.requests}</current>"
        f"<limit>{session.settings.api_requests_per_day}</limit><type>API REQUESTS</type>"
        "</limitInfo></LimitInfoHeader></soapenv:Header>"
    )


