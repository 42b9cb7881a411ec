"""Reading the envelope: hardened parsing, then Header and Body by local name.

Clients send every prefix, wrong namespaces and none (captures of 25 client set-ups), so names are matched
by their local part; only the SOAP envelope itself and the call's own namespace are checked.
"""

import re
import threading
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from orgbox.errors import ApiFault, ProtocolFault

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
NIL = f"{{{XSI}}}nil"
TYPE = f"{{{XSI}}}type"
_ENVELOPE = f"{{{SOAP}}}Envelope"
_MUST_UNDERSTAND = f"{{{SOAP}}}mustUnderstand"
_ENCODINGS = frozenset("UTF-8 UTF8 UTF-16 UTF-16LE UTF-16BE US-ASCII ASCII ISO-8859-1 LATIN1".split())
_MOST_ELEMENTS = 150_000
_MOST_ATTRIBUTES = 200
_MOST_MARKS = 600_000
"""Of `<` and of `=` in a body. A tree takes 200 bytes an element, so 50 MB of `<a/>` would take 2 GB."""
_TOO_MUCH = etree.XPath(
    f"boolean(//@*[{_MOST_ATTRIBUTES + 1}] or /descendant::*[{_MOST_ELEMENTS + 1}])"
)
"""Asked of libxml2, because an object for each element would cost more than parsing it."""
_kept = threading.local()

Element = Any
"""An lxml element."""


@dataclass(slots=True)
class Envelope:
    """What a request says: the call's element and the headers by local name."""

    call: Element
    headers: dict[str, Element] = field(default_factory=dict)

    def header(self, name: str, member: str) -> str | None:
        """Text of a child of a header, or None."""
        header = self.headers.get(name)
        if header is None:
            return None
        for child in header:
            if local_name(child) == member and child.get(NIL) not in ("true", "1"):
                return (child.text or "").strip()
        return None

    def switched_on(self, name: str, member: str) -> bool:
        """Whether a boolean of a header is true."""
        return (self.header(name, member) or "").lower() in ("true", "1")


def parse(body: bytes) -> Element:
    """The root element.

    Raises ApiFault UNKNOWN_EXCEPTION with the parser's text for unreadable XML, ProtocolFault for more
    markup than any message has, which is not even parsed.
    """
    if len(body) > _MOST_MARKS and max(body.count(b"<"), body.count(b"=")) > _MOST_MARKS:
        raise _too_many()
    try:
        root = etree.fromstring(body.lstrip(b" \t\r\n") if body[:1].isspace() else body, _parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise _unreadable(_parser_text(error)) from None
    document: Any = root.getroottree().docinfo
    if document.doctype or document.internalDTD is not None:
        raise _unreadable("DOCTYPE is not allowed in a SOAP message.")
    if (document.encoding or "UTF-8").upper() not in _ENCODINGS:
        raise _unreadable(f"The encoding {document.encoding} is not supported.")
    if body.count(b"<") > _MOST_ELEMENTS or body.count(b"=") > _MOST_ATTRIBUTES:
        _check_size(root)
    return root


def _parser() -> etree.XMLParser:
    """The parser of this thread: to make one takes as long as to parse a small message."""
    parser: etree.XMLParser | None = getattr(_kept, "parser", None)
    if parser is None:
        parser = _kept.parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
            remove_comments=True, remove_pis=True,
        )  # fmt: skip
    return parser


def _unreadable(text: str) -> ApiFault:
    return ApiFault("UNKNOWN_EXCEPTION", text)


_POSITION = re.compile(r"(?:, line \d+, column \d+)?(?: \(<string>, line \d+\))?$")


def _parser_text(error: Exception) -> str:
    text = error.msg if isinstance(error, etree.XMLSyntaxError) else str(error)
    return _POSITION.sub("", text or "") or "Premature end of file."


def open_envelope(root: Element) -> Envelope:
    """Header and Body of a parsed message. Raises ProtocolFault for what is no SOAP 1.1 envelope."""
    if local_name(root) != "Envelope":
        raise ProtocolFault(f"Unable to find SOAP Envelope, found {root.tag}")
    if root.tag != _ENVELOPE:
        text = f"Only SOAP 1.1 is supported: {etree.QName(root).namespace} is not its namespace"
        raise ProtocolFault(text, code="VersionMismatch")
    headers: dict[str, Element] | None = None
    body = None
    for child in root.iterchildren("*"):
        name = local_name(child)
        if name == "Header" and headers is None and body is None:
            headers = _headers(child)
        elif name == "Body" and body is None:
            body = child
        else:
            raise ProtocolFault(f"Element {brackets(child)} invalid at this location")
    if body is None:
        raise ProtocolFault("SOAP Body not found in the message")
    calls = list(body.iterchildren("*"))
    if len(calls) != 1:
        raise ProtocolFault(f"SOAP Body must hold one request, found {len(calls)}")
    return Envelope(calls[0], headers or {})


def _headers(parent: Element) -> dict[str, Element]:
    """The headers by local name; of a second one nobody could tell whether it or the first is meant."""
    found: dict[str, Element] = {}
    for header in parent.iterchildren("*"):
        name = local_name(header)
        if name in found:
            raise ProtocolFault(f"Element {brackets(header)} invalid at this location")
        found[name] = header
    return found


def refuse_not_understood(envelope: Envelope, known: frozenset[str]) -> None:
    """Raises ProtocolFault MustUnderstand for a header that must be understood and is not."""
    for name, header in envelope.headers.items():
        if header.get(_MUST_UNDERSTAND) in ("1", "true") and name not in known:
            text = f"Header {brackets(header)} is not understood"
            raise ProtocolFault(text, code="MustUnderstand")


def _check_size(root: Element) -> None:
    try:
        too_much = _TOO_MUCH(root)
    except etree.XPathError:  # so many that libxml2 does not count them
        too_much = True
    if too_much:
        raise _too_many()


def _too_many() -> ProtocolFault:
    return ProtocolFault("The message has too many elements or attributes")


def local_name(element: Element) -> str:
    """The name without its namespace."""
    tag: str = element.tag
    return tag.rpartition("}")[2]


def brackets(element: Element) -> str:
    """The name as the service prints it: `{namespace}name`."""
    name = etree.QName(element)
    return f"{{{name.namespace or ''}}}{name.localname}"
