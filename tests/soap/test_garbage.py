"""A call is gone when it is answered: what it held must not wait for the garbage collector."""

import gc
import io
from urllib.parse import urlsplit

import pytest

from orgbox.soap.request import Context
from service import Client, Service

BODIES = {
    "query": "<query><queryString>SELECT Id, Name FROM User</queryString></query>",
    "describe": "<describeSObjects><sObjectType>User</sObjectType></describeSObjects>",
    "create": "<create><sObjects><type>CollaborationGroup</type><Name>G</Name>"
              "<CollaborationType>Public</CollaborationType></sObjects></create>",
}  # fmt: skip


def answer(service: Service, client: Client, body: str) -> bytes:
    """What the application answers, in this thread."""
    sent = client.envelope(body).encode()
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": urlsplit(client.endpoint).path, "CONTENT_TYPE": "text/xml",
        "CONTENT_LENGTH": str(len(sent)), "wsgi.input": io.BytesIO(sent), "wsgi.url_scheme": "http",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
    }  # fmt: skip
    return b"".join(service.app.wsgi(environ, lambda *_: None))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_nothing_keeps_a_call_that_is_answered(service: Service, alice: Client, body: str) -> None:
    gc.collect()
    gc.disable()
    try:
        text = answer(service, alice, body)
        left = [found for found in gc.get_objects() if isinstance(found, Context)]
    finally:
        gc.enable()

    assert b"Fault" not in text
    assert left == []
