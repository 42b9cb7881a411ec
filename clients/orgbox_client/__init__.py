"""A client of the SOAP API that reads like Apex and the guide's Java: connect, new, insert, query.

    with connect("http://127.0.0.1:8080", "alice@acme.com", "orgbox1!") as sf:
        invitation = sf.new("CollaborationInvitation")
        invitation.SharedEntityId = sf.user_id
        invitation.InvitedUserEmail = "bob@acme.com"
        sf.insert(invitation)

Built on zeep and the WSDL that the service hands out; the same in either dialect and any version.
"""

from orgbox_client.connection import Connection, connect
from orgbox_client.errors import ApiFault, DmlException, RowError, SaveResult
from orgbox_client.query import QueryResult, quote
from orgbox_client.records import Record

__all__ = [
    "ApiFault",
    "Connection",
    "DmlException",
    "QueryResult",
    "Record",
    "RowError",
    "SaveResult",
    "connect",
    "quote",
]
