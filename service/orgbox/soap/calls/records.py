"""Records in and out by Id: create, update, upsert, delete, undelete, emptyRecycleBin, retrieve."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from orgbox.org import dml, removal
from orgbox.org import login as logins
from orgbox.org import upsert as upserts
from orgbox.org.dml import Result, SaveOptions
from orgbox.org.query import retrieve as retrieve_rows
from orgbox.org.rulebook import Record
from orgbox.org.session import Session
from orgbox.soap import trouble
from orgbox.soap.encode import Encoded, encoded
from orgbox.soap.encode_records import RecordEncoder
from orgbox.soap.reader import RawRecord, RecordReader, split_names
from orgbox.soap.registry import call
from orgbox.soap.request import Context
from orgbox.soap.touched import of_id, of_record


@call("create", writes=True)
def create(context: Context, raw: list[RawRecord]) -> list[dict[str, Any]]:
    """SaveResult for each record."""
    results = _saved(context, raw, dml.create)
    _mail_first_passwords(context, results)
    return [_result(result) for result in results]


def _mail_first_passwords(context: Context, results: Sequence[Result]) -> None:
    """A password for each new user, if EmailHeader asks for it."""
    if not context.envelope.switched_on("EmailHeader", "triggerUserEmail"):
        return
    prefix = str(context.signed_in.org.catalog["User"].key_prefix)
    for result in results:
        if result.id and result.created and result.id.startswith(prefix):
            logins.reset_password(context.signed_in, result.id, context.orgs.passwords, mail="new_user")


@call("update", writes=True)
def update(context: Context, raw: list[RawRecord]) -> list[dict[str, Any]]:
    """SaveResult for each record."""
    return [_result(result) for result in _saved(context, raw, dml.update)]


@call("upsert", writes=True)
def upsert(context: Context, key: str, raw: list[RawRecord]) -> list[dict[str, Any]]:
    """UpsertResult for each record."""
    results = _saved(context, raw, partial(_upsert, key.strip()))
    _mail_first_passwords(context, results)
    return [_result(result) | {"created": result.created} for result in results]


@call("delete", writes=True)
def delete(context: Context, ids: list[str]) -> list[dict[str, Any]]:
    """DeleteResult for each id."""
    return [_result(result) for result in _removed(context, ids, removal.delete)]


@call("undelete", writes=True)
def undelete(context: Context, ids: list[str]) -> list[dict[str, Any]]:
    """UndeleteResult for each id."""
    return [_result(result) for result in _removed(context, ids, removal.undelete)]


@call("emptyRecycleBin", writes=True)
def empty_recycle_bin(context: Context, ids: list[str]) -> list[dict[str, Any]]:
    """EmptyRecycleBinResult for each id."""
    return [_result(result) for result in removal.empty_recycle_bin(context.signed_in, ids)]


@call("retrieve")
def retrieve(context: Context, field_list: str, sobject: str, ids: list[str]) -> Encoded:
    """One record or nil for each id, in the order asked."""
    names = split_names(field_list)
    shape, rows = retrieve_rows(context.signed_in, context.catalog, names, sobject, ids)
    context.rows = len(rows)
    write, found = partial(record_encoder(context).rows, "result", shape), [row for row in rows if row]
    if len(found) == len(rows):
        return encoded(write(found), RECORD_PREFIXES)
    return encoded("".join([write([row]) if row else _NO_RECORD for row in rows]), RECORD_PREFIXES)


RECORD_PREFIXES = ("xsi", "sf")
"""What records use, but for those of AggregateResult."""
_NO_RECORD = '<result xsi:nil="true"/>'


_encoders: dict[tuple[str, int], RecordEncoder] = {}


def record_encoder(context: Context) -> RecordEncoder:
    """The record encoder of the caller's dialect and version."""
    dialect, version = context.request.dialect, context.request.version
    key = (dialect.name, version)
    if key not in _encoders:
        _encoders[key] = RecordEncoder(dialect, version)
    return _encoders[key]


Save = Callable[[Session, Sequence[Record], SaveOptions], list[Result]]
Remove = Callable[..., list[Result]]


def _saved(context: Context, raw: list[RawRecord], save: Save) -> Sequence[Result]:
    """The results of saving the records sent, but for those a fault rule refuses."""
    session, options = context.signed_in, _options(context)
    dml.check_size(session, len(raw))

    def work(rows: Sequence[RawRecord]) -> list[Result]:
        return save(session, _records(context, rows), options)

    return trouble.spare(context, raw, of_record, work, all_or_none=options.all_or_none)


def _upsert(
    key: str, session: Session, records: Sequence[Record], options: SaveOptions
) -> list[Result]:
    return upserts.upsert(session, key, records, options)


def _removed(context: Context, ids: list[str], remove: Remove) -> Sequence[Result]:
    """The results of deleting or bringing back, but for those a fault rule refuses."""
    all_or_none = _options(context).all_or_none
    work = partial(remove, context.signed_in, all_or_none=all_or_none)
    return trouble.spare(context, ids, of_id, work, all_or_none=all_or_none)


def _records(context: Context, raw: Sequence[RawRecord]) -> list[Record]:
    """The records sent, understood as the caller's version does, kept as the org does."""
    records = RecordReader(context.catalog, context.request.dialect).read(raw)
    whole = context.signed_in.org.catalog
    for record in records:
        record.sobject = whole[record.sobject.name]
    return records


def _options(context: Context) -> SaveOptions:
    envelope = context.envelope
    return SaveOptions(
        all_or_none=envelope.switched_on("AllOrNoneHeader", "allOrNone"),
        truncate=envelope.switched_on("AllowFieldTruncationHeader", "allowFieldTruncation"),
    )


def _result(result: Result) -> dict[str, Any]:
    if not result.errors:
        return {"id": result.id, "success": True}
    errors = [
        {"fields": e.fields, "message": e.message, "status_code": e.code} for e in result.errors
    ]
    return {"errors": errors, "id": None, "success": False}
