"""describeGlobal, describeSObject, describeSObjects. Answers are kept as text: they change only with the
catalogue.
"""

from collections.abc import Callable
from typing import Any

from orgbox.org import describe as describes
from orgbox.soap.description import description
from orgbox.soap.encode import Encoded, together
from orgbox.soap.protocol import encode_result
from orgbox.soap.registry import call
from orgbox.soap.request import Context
from orgbox.soql.kept import Kept

_MOST_KEPT = 2_000
_kept: Kept[Encoded] = Kept(_MOST_KEPT)


@call("describeGlobal")
def describe_global(context: Context) -> Encoded:
    """DescribeGlobalResult."""
    return _keep(context, "", lambda: describes.describe_global(context.catalog))


@call("describeSObject")
def describe_sobject(context: Context, name: str) -> Encoded:
    """DescribeSObjectResult."""
    return _described(context, name)


@call("describeSObjects")
def describe_sobjects(context: Context, names: list[str]) -> Encoded:
    """DescribeSObjectResult for each name."""
    describes.check_count(len(names), context.signed_in.org.limits)
    return together([_described(context, name) for name in names])


def _described(context: Context, name: str) -> Encoded:
    sobject = describes.find(context.catalog, name.strip())

    def describe() -> dict[str, Any]:
        return describes.describe_sobject(context.catalog, sobject, context.request.base_url)

    return _keep(context, sobject.name, describe)


def _keep(context: Context, name: str, describe: Callable[[], dict[str, Any]]) -> Encoded:
    """The text of an answer, from the catalogue's content on: made once, dropped when long unused."""
    request = context.request
    call_name = "describeSObject" if name else "describeGlobal"
    content = context.catalog.content_hash
    key = (content, name, request.dialect.name, request.version, request.base_url)
    known = description().as_of(request.version, request.dialect.name).calls[call_name]
    return _kept.get(key, lambda: encode_result(known, describe(), request))
