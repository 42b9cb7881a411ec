"""What the tests of the Python client do again and again."""

from typing import Any

from orgbox_client import Connection, Record, connect
from service import PASSWORD, Service


def sign_in(service: Service, username: str = "alice@acme.com", **options: Any) -> Connection:
    return connect(service.url, username, PASSWORD, **options)


def group(sf: Connection, name: str, **values: Any) -> Record:
    return sf.new("CollaborationGroup", Name=name, CollaborationType="Public", **values)


def invitation(sf: Connection, email: str) -> Record:
    return sf.new("CollaborationInvitation", SharedEntityId=sf.user_id, InvitedUserEmail=email)
