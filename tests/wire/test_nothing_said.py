"""Arguments that are null or absent, as clients send what they were given none of, are met call by call.

node-soap sends back the null locator of a query that is done.
"""

import pytest

from orgbox.soap.description import description
from orgbox.soap.registry import HANDLERS
from service import Service

NULL = '<{} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
CALLS = description().as_of(66).calls


@pytest.mark.parametrize("form", [NULL, ""], ids=["null", "absent"])
@pytest.mark.parametrize("name", [name for name in HANDLERS if CALLS[name].arguments])
def test_a_call_without_its_arguments_is_no_surprise(
    shared_service: Service, name: str, form: str
) -> None:
    """Not judged by the WSDL, to which a call that needs an Id and has none is no call."""
    arguments = "".join(form.format(member.name) for member in CALLS[name].arguments)

    answer = shared_service.client("admin@acme.com").call(f"<{name}>{arguments}</{name}>")

    assert "UNKNOWN_EXCEPTION" not in answer.body.decode()


def test_a_null_query_locator_leads_nowhere(shared: Service) -> None:
    answer = shared.client("alice@acme.com").call(f"<queryMore>{NULL.format('queryLocator')}</queryMore>")

    assert answer.fault == ("sf:INVALID_QUERY_LOCATOR", "INVALID_QUERY_LOCATOR: invalid query locator")
