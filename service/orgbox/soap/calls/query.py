"""query, queryAll, queryMore, search."""

import secrets

from orgbox.org import query as queries
from orgbox.org.cursors import Later
from orgbox.org.search import search as find_records
from orgbox.soap.calls.records import RECORD_PREFIXES, record_encoder
from orgbox.soap.encode import PREFIXES, Encoded, encoded
from orgbox.soap.registry import call
from orgbox.soap.request import Context
from orgbox.soql.shape import Answer


@call("query")
def query(context: Context, text: str) -> Encoded:
    """QueryResult: the first batch."""
    return _run(context, text, all_rows=False)


@call("queryAll")
def query_all(context: Context, text: str) -> Encoded:
    """QueryResult, with records from the recycle bin."""
    return _run(context, text, all_rows=True)


@call("queryMore")
def query_more(context: Context, locator: str) -> Encoded:
    """QueryResult: the batch the locator leads to."""
    answer, later = queries.more(
        context.signed_in, context.catalog, locator.strip(), batch_size(context)
    )
    return _answered(context, answer, later)


@call("search")
def search(context: Context, text: str) -> Encoded:
    """SearchResult: the records found, SObject by SObject."""
    encoder = record_encoder(context)
    found = [
        f"<searchRecords>{encoder.rows('record', shape, [row])}</searchRecords>"
        for shape, rows in find_records(context.signed_in, context.catalog, text)
        for row in rows
    ]
    query_id = f"<queryId>{secrets.token_hex(8)}</queryId>" if context.request.version >= 32 else ""
    return encoded(f"<result>{query_id}{''.join(found)}</result>")


def _run(context: Context, text: str, *, all_rows: bool) -> Encoded:
    answer, later = queries.run(
        context.signed_in, context.catalog, text, batch_size(context), all_rows=all_rows
    )
    return _answered(context, answer, later)


def _answered(context: Context, answer: Answer, later: Later | None) -> Encoded:
    context.rows = len(answer.rows)
    if later:
        context.afterwards.append(later)
    prefixes = RECORD_PREFIXES if answer.shape.sobject else PREFIXES
    return encoded(record_encoder(context).answer("result", answer), prefixes)


def batch_size(context: Context) -> int:
    """Records a batch: the QueryOptions header's wish, between the limits; it is only a hint."""
    limits = context.signed_in.org.limits
    wish = context.envelope.header("QueryOptions", "batchSize") or ""
    if not wish.isdigit():
        return limits.batch_size
    return min(max(int(wish), limits.minimum_batch_size), limits.batch_size)
