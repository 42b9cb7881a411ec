"""Writes the WSDL of a dialect and version for a catalogue: what a client compiles its stubs from.

Same form as the service's own documents, because Salesforce's wsdlc and others build on it: three
schemas, anonymous types for calls and headers, one message `Header`, messages `createRequest` and
`createResponse` with the part `parameters`, fault messages with the part `fault`, empty soapAction.
Written as text: for an org of 470 SObjects that is 1.4 MB in a tenth of a second.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from orgbox.catalog import Catalog, SObject
from orgbox.soap.description import (
    WILDCARD,
    Call,
    Description,
    Enumeration,
    Member,
    Type,
    description,
)
from orgbox.soap.dialects import ENTERPRISE, Dialect
from orgbox.soap.text import attribute

ANY_PARENT_VERSION = 37
"""Since then a relationship to several SObjects is an `ens:sObject`; before it is an `ens:Name`.

Enterprise WSDLs of nine orgs: Name in 28.0, 31.0 and 36.0, sObject in 33.0 and from 38.0 on.
"""

EXTENDED_ERRORS_VERSION = 37
"""From 37.0 faults hold types of the API's own schema, which theirs then imports."""


def wsdl(dialect: Dialect, version: int, catalog: Catalog, location: str) -> bytes:
    """The document, UTF-8. `catalog` is as of that version, `location` the address of the port."""
    api = description().as_of(version, dialect.name)
    records = _record_types(api, catalog, version) if dialect is ENTERPRISE else _types(api, "ens")
    faults_import = [dialect.tns] if version >= EXTENDED_ERRORS_VERSION else []
    parts = (
        _opening(dialect, version),
        _schema(dialect.ens, [dialect.tns], records),
        _schema(dialect.tns, [dialect.ens], _api_schema(api)),
        _schema(dialect.fns, faults_import, _fault_schema(api)),
        ["</types>"],
        _messages(api),
        _port_type(api),
        _binding(api),
        _service(location),
    )
    return "\n".join(line for part in parts for line in part).encode()


def _opening(dialect: Dialect, version: int) -> Iterator[str]:
    yield f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- Orgbox, {dialect.name} dialect, API version {version}.0 -->
<definitions targetNamespace="{dialect.tns}"
             xmlns="http://schemas.xmlsoap.org/wsdl/"
             xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
             xmlns:xsd="http://www.w3.org/2001/XMLSchema"
             xmlns:fns="{dialect.fns}"
             xmlns:tns="{dialect.tns}"
             xmlns:ens="{dialect.ens}">
<types>"""


def _schema(namespace: str, imports: Iterable[str], content: Iterable[str]) -> Iterator[str]:
    yield '<schema elementFormDefault="qualified" xmlns="http://www.w3.org/2001/XMLSchema"'
    yield f'        targetNamespace="{namespace}">'
    for imported in imports:
        yield f'<import namespace="{imported}"/>'
    yield from content
    yield "</schema>"


# SObjects


def _record_types(api: Description, catalog: Catalog, version: int) -> Iterator[str]:
    """The enterprise dialect's: one for each SObject, related only to others in the catalogue."""
    own = {name for name in api.types if name.startswith("ens:")}
    known = own | {f"ens:{sobject.name}" for sobject in catalog}
    for name in sorted(own):
        type_ = api.types[name]
        kept = (m for m in type_.members if m.type in known or not m.type.startswith("ens:"))
        yield from _type(replace(type_, members=tuple(kept)))
    for sobject in sorted(catalog, key=lambda s: s.name):
        if f"ens:{sobject.name}" not in own:
            members = sobject_members(sobject, catalog, version)
            yield from _type(Type(sobject.name, members, "ens:sObject"))


def sobject_members(sobject: SObject, catalog: Catalog, version: int) -> tuple[Member, ...]:
    """What follows `Id` in an enterprise record, in wire order: fields and relationships."""
    api = description().as_of(version)
    known = api.types.keys() | api.enumerations.keys()
    several = "ens:sObject" if version >= ANY_PARENT_VERSION else "ens:Name"
    types: dict[str, str] = {}
    for field in sobject.fields:
        soap_type = field.type.soap_type.removeprefix("tns:")
        if field.name != "Id" and (soap_type in known or ":" in soap_type):
            types[field.name] = soap_type
        parents = [name for name in field.reference_to if catalog.get(name)]
        if field.relationship_name and parents:
            types[field.relationship_name] = several if field.polymorphic else f"ens:{parents[0]}"
    for children in catalog.child_relationships[sobject.name]:
        if children.name:
            types[children.name] = "QueryResult"
    return tuple(Member(name, types[name], min=0, nillable=True) for name in sorted(types))


# The API's own types, calls and headers


def _api_schema(api: Description) -> Iterator[str]:
    yield from _types(api, "")
    for call in api.calls.values():
        yield from _element_of(call.name, call.arguments)
        yield from _element_of(f"{call.name}Response", (call.result,) if call.result else ())
    for header in api.headers.values():
        yield from _element_of(header.name, header.members)


def _fault_schema(api: Description) -> Iterator[str]:
    yield from _types(api, "fns")
    for name, type_name in _fault_elements(api):
        yield f'<element name="{name}" type="{type_name}"/>'


def _fault_elements(api: Description) -> list[tuple[str, str]]:
    """Element and type of each fault; the base of all has the element `fault`."""
    raised = {fault.name for call in api.calls.values() for fault in call.faults}
    names = [name.removeprefix("fns:") for name in api.types if name.startswith("fns:")]
    return [("fault", "fns:ApiFault"), *((n, f"fns:{n}") for n in names if n in raised)]


def _types(api: Description, prefix: str) -> Iterator[str]:
    """The simple and complex types whose names have that prefix."""
    for enumeration in api.enumerations.values():
        if enumeration.name.rpartition(":")[0] == prefix:
            yield from _simple_type(enumeration)
    for type_ in api.types.values():
        if type_.name.rpartition(":")[0] == prefix:
            yield from _type(type_)


def _simple_type(enumeration: Enumeration) -> Iterator[str]:
    yield f'<simpleType name="{_local(enumeration.name)}"><restriction base="{enumeration.base}">'
    for facet, value in enumeration.facets:
        yield f'    <{facet} value="{value}"/>'
    for known in enumeration.values:
        yield f'    <enumeration value="{known.name}"/>'
    yield "</restriction></simpleType>"


def _type(type_: Type) -> Iterator[str]:
    name = _local(type_.name)
    if type_.base is None:
        yield f'<complexType name="{name}">'
        yield from _sequence(type_.members)
        yield "</complexType>"
    else:
        base = _qualified(type_.base)
        yield f'<complexType name="{name}"><complexContent><extension base="{base}">'
        yield from _sequence(type_.members)
        yield "</extension></complexContent></complexType>"


def _element_of(name: str, members: Iterable[Member]) -> Iterator[str]:
    """A global element with a type of its own, without a name: wsdlc calls it `name_element`."""
    yield f'<element name="{name}"><complexType>'
    yield from _sequence(members)
    yield "</complexType></element>"


def _sequence(members: Iterable[Member]) -> Iterator[str]:
    yield "<sequence>"
    for member in members:
        least = "" if member.min == 1 else f' minOccurs="{member.min}"'
        most = "" if member.max == 1 else f' maxOccurs="{member.max or "unbounded"}"'
        if member.type == WILDCARD:
            yield f'    <any namespace="##targetNamespace"{least}{most} processContents="lax"/>'
        else:
            nil = ' nillable="true"' if member.nillable else ""
            type_ = _qualified(member.type)
            yield f'    <element name="{member.name}" type="{type_}"{nil}{least}{most}/>'
    yield "</sequence>"


def _qualified(name: str) -> str:
    return name if ":" in name else f"tns:{name}"


def _local(name: str) -> str:
    return name.rpartition(":")[2]


# Messages, operations, address


def _messages(api: Description) -> Iterator[str]:
    yield '<message name="Header">'
    for name in api.headers:
        yield f'    <part name="{name}" element="tns:{name}"/>'
    yield "</message>"
    for element, type_name in _fault_elements(api):
        yield _message(_local(type_name), "fault", f"fns:{element}")
    for name in api.calls:
        yield _message(f"{name}Request", "parameters", f"tns:{name}")
        yield _message(f"{name}Response", "parameters", f"tns:{name}Response")


def _message(name: str, part: str, element: str) -> str:
    return f'<message name="{name}"><part name="{part}" element="{element}"/></message>'


def _port_type(api: Description) -> Iterator[str]:
    yield '<portType name="Soap">'
    for call in api.calls.values():
        yield f'    <operation name="{call.name}">'
        yield f'        <input message="tns:{call.name}Request"/>'
        yield f'        <output message="tns:{call.name}Response"/>'
        for fault in call.faults:
            yield f'        <fault name="{fault.name}" message="tns:{fault.name}"/>'
        yield "    </operation>"
    yield "</portType>"


def _binding(api: Description) -> Iterator[str]:
    yield '<binding name="SoapBinding" type="tns:Soap">'
    yield '    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>'
    for call in api.calls.values():
        yield from _bound(call)
    yield "</binding>"


def _bound(call: Call) -> Iterator[str]:
    yield f'    <operation name="{call.name}"><soap:operation soapAction=""/>'
    for way, headers, body in (
        ("input", call.headers_in, '<soap:body parts="parameters" use="literal"/>'),
        ("output", call.headers_out, '<soap:body use="literal"/>'),
    ):
        yield f"        <{way}>"
        for header in headers:
            part = f'message="tns:Header" part="{header.name}"'
            yield f'            <soap:header use="literal" {part}/>'
        yield f"            {body}"
        yield f"        </{way}>"
    for fault in call.faults:
        name = fault.name
        yield f'        <fault name="{name}"><soap:fault name="{name}" use="literal"/></fault>'
    yield "    </operation>"


def _service(location: str) -> Iterator[str]:
    yield f"""<service name="SforceService">
    <port binding="tns:SoapBinding" name="Soap">
        <soap:address location="{attribute(location)}"/>
    </port>
</service>
</definitions>
"""
