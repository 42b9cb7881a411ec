"""The platform's other APIs, which Orgbox does not have: what their clients are told."""

from contextlib import closing

import pytest
import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceResourceNotFound

from orgbox_client.routing import routed
from service import PASSWORD, Service


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("base", ["", "/org/00D00e000000001"])
@pytest.mark.parametrize("path", ["data/", "data/v66.0/query?q=x", "async/66.0/job", "apexrest/x"])
def test_every_other_api_is_said_not_to_be_here(shared: Service, method: str, base: str, path: str) -> None:
    answer = requests.request(method, f"{shared.url}{base}/services/{path}", timeout=20)

    assert answer.status_code == 404
    assert [error["errorCode"] for error in answer.json()] == ["NOT_FOUND"]


def test_a_library_shows_what_it_was_told(shared: Service) -> None:
    with closing(routed(shared.url)) as session:
        sf = Salesforce("alice@acme.com", PASSWORD, security_token="", session=session)

        with pytest.raises(SalesforceResourceNotFound, match="Orgbox speaks SOAP alone"):
            sf.query("SELECT Id FROM User")
