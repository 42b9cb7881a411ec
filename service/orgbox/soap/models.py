"""The calls and types of the API as Spyne knows them, made once from the description.

They say what a call is named, what it takes and what it returns. Versions and dialects are no
business of theirs: the models have every member of every version, in namespaces of their own. An
operation is declared by the name of its call; its arguments follow the context in WSDL order:

    class Soap(Service):
        @operation("queryMore")
        def query_more(ctx, locator): ...

A record is one opaque class, `Record`: what it may hold is the catalogue's to say, so protocols
register their own reader for it.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import spyne

from orgbox.soap.description import WILDCARD, Member, description

NAMESPACE = "urn:orgbox"
"""Stands for the tns of either dialect; with `:ens` it is that of SObjects, with `:fns` faults'."""


class Record(spyne.SimpleModel):  # type: ignore[misc]
    """An `ens:sObject` of whatever kind."""

    __type_name__ = "sObject"
    __namespace__ = f"{NAMESPACE}:ens"


_XSD = {
    "xsd:anyType": spyne.AnyXml,
    "xsd:base64Binary": spyne.ByteArray,
    "xsd:boolean": spyne.Boolean,
    "xsd:date": spyne.Date,
    "xsd:dateTime": spyne.DateTime,
    "xsd:double": spyne.Double,
    "xsd:int": spyne.Integer32,
    "xsd:long": spyne.Integer64,
    "xsd:string": spyne.Unicode,
    "xsd:time": spyne.Time,
}


def operation(call_name: str) -> Callable[[Callable[..., Any]], Any]:
    """The Spyne decorator that declares a method as the API's call of that name."""
    call = description().calls[call_name]
    result: dict[str, Any] = {}
    if call.result:
        result = {"_returns": _member(call.result), "_out_variable_name": "result"}
    return spyne.rpc(  # type: ignore[no-any-return]
        *(_member(argument) for argument in call.arguments),
        _args=[argument.name for argument in call.arguments],
        _in_message_name=f"{{{NAMESPACE}}}{call.name}",
        _out_message_name=f"{{{NAMESPACE}}}{call.name}Response",
        _in_header=tuple(header(bound.name) for bound in call.headers_in),
        _out_header=tuple(header(bound.name) for bound in call.headers_out) or None,
        **result,
    )


@cache
def header(name: str) -> type[spyne.ComplexModel]:
    """The model of a SOAP header."""
    return _complex(name, spyne.ComplexModel, description().headers[name].members)


@cache
def model(type_name: str) -> Any:
    """The model of a type, named as in the description: `SaveResult`, `fns:ApiFault`, `xsd:int`."""
    if type_name in _XSD:
        return _XSD[type_name]
    if type_name.startswith("ens:"):
        return Record
    if type_name in description().enumerations:
        return spyne.Unicode
    found = description().types[type_name]
    return _complex(type_name, model(found.base) if found.base else spyne.ComplexModel, found.members)


def _complex(name: str, base: Any, members: Iterable[Member]) -> type[spyne.ComplexModel]:
    prefix, _, local = name.rpartition(":")
    fields = {m.name: _member(m) for m in members if m.type != WILDCARD}
    namespace = f"{NAMESPACE}:{prefix}" if prefix else NAMESPACE
    return type(local, (base,), {"__namespace__": namespace, "_type_info": list(fields.items())})


def _member(member: Member) -> Any:
    return _occurring(member.type, member.min, member.max, member.nillable)


@cache
def _occurring(type_name: str, least: int, most: int | None, nillable: bool) -> Any:
    many = "unbounded" if most is None else most
    return model(type_name).customize(min_occurs=least, max_occurs=many, nillable=nillable)
