"""What tests of invitations do again and again."""

import os
import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

from sqlalchemy import update

from orgbox.org.invitations import read_settings
from orgbox.org.joining import Answers
from orgbox.org.mailbox import Mail
from orgbox.org.org import Org
from orgbox.rules.acceptance import LinkAcceptance
from service import Answer, Client, Service


def group_of(client: Client, name: str) -> str:
    """The Id of a group."""
    return client.query(f"SELECT Id FROM CollaborationGroup WHERE Name = '{name}'").text("Id") or ""


def invite(client: Client, *addresses: str, to: str = "", **values: str) -> list[str]:
    """Invites to Chatter, or `to` a group by its Id; the Ids of the invitations."""
    shared = {"SharedEntityId": to or client.user_id, **values}
    answer = client.create("CollaborationInvitation", *({"InvitedUserEmail": a, **shared} for a in addresses))
    assert answer.texts("success") == ["true"] * len(addresses), answer.body.decode()
    return [str(text) for text in answer.texts("id")]


@contextmanager
def inviting(client: Client, calls: int) -> Iterator[list[int]]:
    """Calls of a client, of 200 records each, that are sent and not answered; at the end, their statuses."""
    statuses: list[int] = []
    path, headers = urlsplit(client.endpoint).path, {"Content-Type": "text/xml", "SOAPAction": '""'}
    with ExitStack() as opened:
        connections = [opened.enter_context(closing(_connection(client.url))) for _ in range(calls)]
        for number, connection in enumerate(connections):
            connection.request("POST", path, _of_200(client, number), headers)
        yield statuses
        statuses += [connection.getresponse().status for connection in connections]


def _connection(url: str) -> HTTPConnection:
    """One that the service has accepted; over TLS it trusts whom `requests` trusts."""
    parts = urlsplit(url)
    assert parts.hostname
    if parts.scheme == "http":
        made = HTTPConnection(parts.hostname, parts.port, timeout=60)
    else:
        context = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
        made = HTTPSConnection(parts.hostname, parts.port, timeout=60, context=context)
    made.request("GET", "/health")
    made.getresponse().read()
    return made


def _of_200(client: Client, number: int) -> bytes:
    shared = {"SharedEntityId": client.user_id}
    records = ({"InvitedUserEmail": f"c{number}n{n}@acme.com", **shared} for n in range(200))
    shown = "".join(client.record("CollaborationInvitation", record) for record in records)
    return client.envelope(f"<create>{shown}</create>").encode()


def org_of(service: Service) -> Org:
    """The only org."""
    return service.app.orgs.all()[0]


def mails(service: Service, **conditions: str) -> list[Mail]:
    """The mails in the mailbox, newest first."""
    return service.app.mailbox.page(org_of(service), **conditions)  # type: ignore[arg-type]


def token_of(service: Service, address: str) -> str:
    """The token in the newest invitation to an address."""
    found = re.search(r"/join/(\S+)", mails(service, recipient=address)[0].text)
    assert found
    return found[1]


def values(answer: Answer, *names: str) -> list[tuple[str | None, ...]]:
    """The fields of the records of a query, record by record."""
    return list(zip(*(answer.texts(name) for name in names), strict=True))


def set_up(service: Service, **changes: object) -> None:
    """Changes the Setup of the org."""
    org, database = org_of(service), service.app.orgs.database
    table = org.store.schema.system["orgbox_org"]
    with database.write() as connection:
        changed = read_settings(connection, org).changed(changes).to_json()
        connection.execute(update(table).where(table.c.org == org.number).values(settings=changed))


def customer(service: Service) -> Client:
    """A customer whom Alice invited to the group that allows customers, signed in."""
    alice = service.client("alice@acme.com")
    invite(alice, "cora@external.com", to=group_of(alice, "All acme.com"))
    answers = Answers("Cora", "Customer", "cora@external.com", "External", "sesame123", "sesame123")
    joined = LinkAcceptance(service.app.orgs).accept(token_of(service, "cora@external.com"), answers)
    return service.client().login(joined.username, "sesame123")
