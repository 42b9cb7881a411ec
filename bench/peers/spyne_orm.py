"""A peer: Spyne as its manual shows it, typed models in and out, rows through the SQLAlchemy ORM.

`python -m bench.peers.spyne_orm PORT DATABASE CONTRACT`
"""

import json
import logging
import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orgbox.soap.compat  # noqa: F401  before Spyne: newer Pythons need it

# isort: split
import spyne
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication
from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from waitress import serve

from bench.peers.contract import VERSION
from bench.workloads import FIELDS
from orgbox.soap.description import description
from orgbox.soap.dialects import ENTERPRISE

_SIMPLE = {
    "xsd:boolean": spyne.Boolean, "xsd:int": spyne.Integer32, "xsd:dateTime": spyne.DateTime,
    "xsd:double": spyne.Double,
}  # fmt: skip


class Base(DeclarativeBase):
    """The ORM's classes."""


class User(Base):
    __tablename__ = "users"
    id: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str]
    password: Mapped[str]


class SignedIn(Base):
    __tablename__ = "sessions"
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]


class InvitationRow(Base):
    __tablename__ = "invitation"
    Id: Mapped[str] = mapped_column(primary_key=True)
    ParentId: Mapped[str | None]
    SharedEntityId: Mapped[str]
    InviterId: Mapped[str]
    InvitedUserEmail: Mapped[str]
    InvitedUserEmailNormalized: Mapped[str]
    Status: Mapped[str]
    OptionalMessage: Mapped[str | None]
    CreatedDate: Mapped[str]
    CreatedById: Mapped[str]
    LastModifiedDate: Mapped[str]
    LastModifiedById: Mapped[str]
    SystemModstamp: Mapped[str]


@cache
def model(type_name: str) -> Any:
    """The Spyne class of a type of the WSDL."""
    known = description().as_of(VERSION, ENTERPRISE.name)
    if type_name in _SIMPLE or type_name not in known.types:
        return _SIMPLE.get(type_name, spyne.Unicode)
    fields = {
        m.name: model(m.type).customize(
            min_occurs=m.min, max_occurs="unbounded" if m.max is None else m.max, nillable=m.nillable
        )
        for m in known.members(type_name)
        if not m.type.startswith("ens:")
    }
    members = {"__namespace__": ENTERPRISE.tns, "_type_info": list(fields.items())}
    return type(type_name, (spyne.ComplexModel,), members)


class SObject(spyne.ComplexModel):  # type: ignore[misc]
    __type_name__ = "sObject"
    __namespace__ = ENTERPRISE.ens
    Id = spyne.Unicode


class CollaborationInvitation(SObject):
    __namespace__ = ENTERPRISE.ens
    CreatedById = spyne.Unicode
    CreatedDate = spyne.DateTime
    InvitedUserEmail = spyne.Unicode
    InvitedUserEmailNormalized = spyne.Unicode
    InviterId = spyne.Unicode
    LastModifiedById = spyne.Unicode
    LastModifiedDate = spyne.DateTime
    OptionalMessage = spyne.Unicode
    ParentId = spyne.Unicode
    SharedEntityId = spyne.Unicode
    Status = spyne.Unicode
    SystemModstamp = spyne.DateTime


class QueryResult(spyne.ComplexModel):  # type: ignore[misc]
    __namespace__ = ENTERPRISE.tns
    done = spyne.Boolean
    queryLocator = spyne.Unicode
    records = CollaborationInvitation.customize(max_occurs="unbounded")
    size = spyne.Integer32


class SessionHeader(spyne.ComplexModel):  # type: ignore[misc]
    __namespace__ = ENTERPRISE.tns
    sessionId = spyne.Unicode


_MANY_TEXTS = spyne.Unicode.customize(max_occurs="unbounded")
_MANY_RECORDS = CollaborationInvitation.customize(max_occurs="unbounded")
_SAVED = model("SaveResult").customize(max_occurs="unbounded")
_DESCRIBED = model("DescribeSObjectResult").customize(max_occurs="unbounded")


class Calls(spyne.Service):  # type: ignore[misc]
    """The five calls. `ctx.udc` is the ORM session; `described` are the describe answers."""

    __in_header__ = SessionHeader
    described: Mapping[str, Any]

    @spyne.rpc(spyne.Unicode, spyne.Unicode, _returns=model("LoginResult"), _out_variable_name="result")
    def login(ctx, username, password):  # type: ignore[no-untyped-def]
        found = select(User).where(User.username == username, User.password == password)
        user = ctx.udc.scalars(found).one()
        session_id = "00D!" + secrets.token_hex(48)
        ctx.udc.add(SignedIn(id=session_id, user_id=user.id))
        ctx.udc.commit()
        return model("LoginResult")(
            sessionId=session_id, userId=user.id, passwordExpired=False, sandbox=False
        )

    @spyne.rpc(_MANY_RECORDS, _returns=_SAVED, _out_variable_name="result")
    def create(ctx, sObjects):  # type: ignore[no-untyped-def]
        user, now = _user_of(ctx), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        rows = [
            InvitationRow(
                Id="0H1" + secrets.token_hex(8)[:15], SharedEntityId=sent.SharedEntityId,
                InviterId=user, InvitedUserEmail=sent.InvitedUserEmail,
                InvitedUserEmailNormalized=sent.InvitedUserEmail, Status="Sent",
                OptionalMessage=sent.OptionalMessage, CreatedDate=now, CreatedById=user,
                LastModifiedDate=now, LastModifiedById=user, SystemModstamp=now,
            )
            for sent in sObjects
        ]  # fmt: skip
        made = [model("SaveResult")(id=row.Id, success=True) for row in rows]
        ctx.udc.add_all(rows)
        ctx.udc.commit()
        return made

    @spyne.rpc(spyne.Unicode, _returns=QueryResult, _out_variable_name="result")
    def query(ctx, queryString):  # type: ignore[no-untyped-def]
        _user_of(ctx)
        wanted = re.search(r"WHERE InvitedUserEmail = '([^']*)'", queryString)
        limit = re.search(r"LIMIT (\d+)", queryString)
        statement = select(InvitationRow)
        if wanted:
            statement = statement.where(InvitationRow.InvitedUserEmail == wanted[1])
        else:
            statement = statement.limit(int(limit[1]) if limit else 2_000)
        records = [_record(row) for row in ctx.udc.scalars(statement)]
        return QueryResult(done=True, records=records, size=len(records))

    @spyne.rpc(spyne.Unicode, spyne.Unicode, _MANY_TEXTS, _returns=_MANY_RECORDS,
               _out_variable_name="result")  # fmt: skip
    def retrieve(ctx, fieldList, sObjectType, ids):  # type: ignore[no-untyped-def]
        _user_of(ctx)
        rows = ctx.udc.scalars(select(InvitationRow).where(InvitationRow.Id.in_(ids)))
        found = {row.Id: row for row in rows}
        return [_record(found[id_]) for id_ in ids]

    @spyne.rpc(_MANY_TEXTS, _returns=_DESCRIBED, _out_variable_name="result")
    def describeSObjects(ctx, sObjectType):  # type: ignore[no-untyped-def]
        _user_of(ctx)
        return [Calls.described[name] for name in sObjectType]


def _user_of(ctx: Any) -> str:
    signed_in = ctx.udc.get(SignedIn, ctx.in_header.sessionId)
    if signed_in is None:
        raise spyne.Fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader")
    return str(signed_in.user_id)


def _record(row: InvitationRow) -> CollaborationInvitation:
    values = {name: getattr(row, name) for name in FIELDS}
    values["CreatedDate"] = datetime.fromisoformat(row.CreatedDate)
    return CollaborationInvitation(**values)


def typed(type_name: str, value: Any) -> Any:
    """A value of describe.json as an instance of its Spyne class."""
    known = description().as_of(VERSION, ENTERPRISE.name)
    if not isinstance(value, dict):
        return value
    types = {m.name: m.type for m in known.members(type_name)}
    return model(type_name)(**{
        name: [typed(types[name], v) for v in given] if isinstance(given, list)
        else typed(types[name], given)
        for name, given in value.items()
    })  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Serve until the end."""
    port, database, contract = arguments
    logging.getLogger("spyne").setLevel(logging.CRITICAL)
    listed = json.loads((Path(contract) / "describe.json").read_text("utf-8"))
    Calls.described = {each["name"]: typed("DescribeSObjectResult", each) for each in listed}
    engine = create_engine(f"sqlite:///{database}")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = FULL"))
    application = spyne.Application(
        [Calls], ENTERPRISE.tns, name="SforceService", in_protocol=Soap11(), out_protocol=Soap11()
    )

    def begin(ctx: Any) -> None:
        ctx.udc = Session(engine)

    def end(ctx: Any) -> None:
        if ctx.udc is not None:
            ctx.udc.close()

    application.event_manager.add_listener("method_call", begin)
    application.event_manager.add_listener("method_context_closed", end)
    serve(WsgiApplication(application), host="127.0.0.1", port=int(port), threads=8, ident=None)


if __name__ == "__main__":
    main(sys.argv[1:])
