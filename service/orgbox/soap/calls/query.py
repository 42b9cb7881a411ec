"""query, queryAll, queryMore."""

from orgbox.org import query as queries
from orgbox.org.cursors import Later
from orgbox.soap.calls.records import record_encoder
from orgbox.soap.encode import Encoded
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


def _run(context: Context, text: str, *, all_rows: bool) -> Encoded:
    answer, later = queries.run(
        context.signed_in, context.catalog, text, batch_size(context), all_rows=all_rows
    )
    return _answered(context, answer, later)


def _answered(context: Context, answer: Answer, later: Later | None) -> Encoded:
    context.rows = len(answer.rows)
    if later:
        context.afterwards.append(later)
    return Encoded(record_encoder(context).answer("result", answer))


def batch_size(context: Context) -> int:
    """Records a batch: the QueryOptions header's wish, between the limits; it is only a hint."""
    limits = context.signed_in.org.limits
    wish = context.envelope.header("QueryOptions", "batchSize") or ""
    if not wish.isdigit():
        return limits.batch_size
    return min(max(int(wish), limits.minimum_batch_size), limits.batch_size)
