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


def plain(value: object) -> object:
    """Records and lists of them as dictionaries and lists."""
    if isinstance(value, Record):
        return {value.sobject_type: {name: plain(value[name]) for name in value}}
    return value if isinstance(value, str) or not hasattr(value, "__iter__") else [plain(v) for v in value]
