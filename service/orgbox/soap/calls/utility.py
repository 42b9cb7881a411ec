"""getServerTimestamp, getUpdated, getDeleted."""

from typing import Any

from orgbox.errors import ApiFault
from orgbox.org import describe, replication
from orgbox.soap.registry import call
from orgbox.soap.request import Context


@call("getServerTimestamp")
def get_server_timestamp(context: Context) -> dict[str, Any]:
    """GetServerTimestampResult: the org's time."""
    return {"timestamp": context.signed_in.now}


@call("getUpdated")
def get_updated(
    context: Context, name: str, start: str | None, end: str | None
) -> dict[str, Any]:
    """GetUpdatedResult: Ids changed from `start` on and before `end`."""
    sobject = describe.find(context.catalog, name.strip())
    span = _span(start, end)
    found, latest = replication.get_updated(context.signed_in, sobject, *span)
    return {"ids": found, "latest_date_covered": latest}


@call("getDeleted")
def get_deleted(
    context: Context, name: str, start: str | None, end: str | None
) -> dict[str, Any]:
    """GetDeletedResult: Ids deleted from `start` on and before `end`."""
    sobject = describe.find(context.catalog, name.strip())
    span = _span(start, end)
    found = replication.get_deleted(context.signed_in, sobject, *span)
    return {
        "deleted_records": [{"deleted_date": when, "id": id_} for id_, when in found.records],
        "earliest_date_available": found.earliest,
        "latest_date_covered": found.latest,
    }


def _span(start: str | None, end: str | None) -> tuple[str, str]:
    if start is None or end is None:
        raise ApiFault("INVALID_REPLICATION_DATE", "startDate and endDate must be given")
    return start, end
