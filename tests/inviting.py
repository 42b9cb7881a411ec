"""What tests of invitations do again and again."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

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
def inviting(url: str, signed_in: Client, clients: int) -> Iterator[list[int]]:
    """Clients of one session, each under way with a call of 200 records; at the end, their statuses."""
    statuses: list[int] = []

    def call(number: int) -> None:
        client = Client(url)
        client.session_id, client.user_id = signed_in.session_id, signed_in.user_id
        shared = {"SharedEntityId": client.user_id}
        records = ({"InvitedUserEmail": f"c{number}n{n}@acme.com", **shared} for n in range(200))
        statuses.append(client.create("CollaborationInvitation", *records).status)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    yield statuses
    for thread in threads:
        thread.join()


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
