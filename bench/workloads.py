"""The requests, the same bytes for every contender but for the session id.

Enterprise dialect, API version 66.0, as the user alice of the default org. The i-th request of a workload
asks for another record or brings other addresses, so that nothing is answered from the last answer.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

PATH = "/services/Soap/c/66.0"
USERNAME = "alice@acme.com"
PASSWORD = "orgbox1!"
SESSION_MARK = "{session}"
BATCH = 2_000
MANY = 200
FIELDS = (
    "Id", "InvitedUserEmail", "Status", "CreatedDate", "InviterId", "SharedEntityId",
    "OptionalMessage",
)  # fmt: skip
DESCRIBED = (
    "CollaborationInvitation", "CollaborationGroup", "CollaborationGroupMember",
    "CollaborationGroupMemberRequest", "EntitySubscription", "Organization",
    "PermissionSetAssignment", "User", "UserLicense", "UserRole",
)  # fmt: skip

_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:urn="urn:enterprise.soap.sforce.com" xmlns:ens="urn:sobject.enterprise.soap.sforce.com">'
    "<soapenv:Header>{header}</soapenv:Header><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
)
_HEADER = f"<urn:SessionHeader><urn:sessionId>{SESSION_MARK}</urn:sessionId></urn:SessionHeader>"


@dataclass(frozen=True, slots=True)
class Data:
    """What the seeded databases hold: the user's Id and those of the invitations, in order."""

    user_id: str
    ids: Sequence[str]


Body = Callable[[Data, int], str]


@dataclass(frozen=True, slots=True)
class Workload:
    """`body` makes the i-th request's body; a right answer matches `proof` exactly `times` times."""

    name: str
    body: Body
    proof: str
    times: int
    signed_in: bool = True

    def request(self, data: Data, i: int, session: str = "") -> bytes:
        """The i-th request."""
        header = _HEADER.replace(SESSION_MARK, session) if self.signed_in else ""
        return _ENVELOPE.format(header=header, body=self.body(data, i)).encode()

    def check(self, answer: bytes) -> None:
        """Raises ValueError for an answer that is not the one expected."""
        found = len(re.findall(self.proof.encode(), answer))
        if found != self.times:
            shown = answer[:600].decode("utf-8", "replace")
            raise ValueError(f"{self.name}: {found} times {self.proof!r} in {shown}")


def address(i: int) -> str:
    """The e-mail address of the i-th invitation seeded."""
    return f"person{i:08d}@acme.com"


def row(data_user: str, i: int) -> dict[str, Any]:
    """The stored values of the i-th invitation seeded, but for its Id."""
    moment = f"2025-{1 + i % 12:02d}-{1 + i % 28:02d}T{i % 24:02d}:{i % 60:02d}:{i // 60 % 60:02d}.000Z"
    return {
        "ParentId": None, "SharedEntityId": data_user, "InviterId": data_user,
        "InvitedUserEmail": address(i), "InvitedUserEmailNormalized": address(i),
        "Status": ("Canceled", "Accepted", "Accepted", "Accepted")[i % 20] if i % 20 < 4 else "Sent",
        "OptionalMessage": f"Come and join us, number {i}: there is much to read & to write.",
        "CreatedDate": moment, "CreatedById": data_user, "LastModifiedDate": moment,
        "LastModifiedById": data_user, "SystemModstamp": moment,
    }  # fmt: skip


def _login(_: Data, __: int) -> str:
    return (
        f"<urn:login><urn:username>{USERNAME}</urn:username>"
        f"<urn:password>{PASSWORD}</urn:password></urn:login>"
    )


def _query_one(data: Data, i: int) -> str:
    return search(address(i * 7919 % len(data.ids)))


def search(which: str) -> str:
    """The body that asks for the invitations to one address."""
    return _query(f"SELECT {', '.join(FIELDS)} FROM CollaborationInvitation"
                  f" WHERE InvitedUserEmail = '{which}'")  # fmt: skip


def _query_batch(_: Data, __: int) -> str:
    return _query(f"SELECT {', '.join(FIELDS)} FROM CollaborationInvitation LIMIT {BATCH}")


def _query(text: str) -> str:
    return f"<urn:query><urn:queryString>{text}</urn:queryString></urn:query>"


def _create(count: int) -> Body:
    def body(data: Data, i: int) -> str:
        records = [
            '<urn:sObjects xsi:type="ens:CollaborationInvitation">'
            f"<ens:InvitedUserEmail>new{count}.{i}.{n}@acme.com</ens:InvitedUserEmail>"
            f"<ens:OptionalMessage>Welcome, number {n} of {i}: good to have you.</ens:OptionalMessage>"
            f"<ens:SharedEntityId>{data.user_id}</ens:SharedEntityId></urn:sObjects>"
            for n in range(count)
        ]
        return f"<urn:create>{''.join(records)}</urn:create>"

    return body


def _retrieve(data: Data, i: int) -> str:
    step = 97
    wanted = [data.ids[(i * MANY + n) * step % len(data.ids)] for n in range(MANY)]
    return (
        f"<urn:retrieve><urn:fieldList>{', '.join(FIELDS)}</urn:fieldList>"
        "<urn:sObjectType>CollaborationInvitation</urn:sObjectType>"
        f"{''.join(f'<urn:ids>{id_}</urn:ids>' for id_ in wanted)}</urn:retrieve>"
    )


def _describe(names: Sequence[str]) -> Body:
    asked = "".join(f"<urn:sObjectType>{name}</urn:sObjectType>" for name in names)
    return lambda _, __: f"<urn:describeSObjects>{asked}</urn:describeSObjects>"


def _end(name: str) -> str:
    return rf"</([\w-]+:)?{name}>"


LOGIN = Workload("login", _login, _end("sessionId"), 1, signed_in=False)
QUERY_ONE = Workload("query 1 row", _query_one, _end("OptionalMessage"), 1)
QUERY_BATCH = Workload("query 2,000", _query_batch, _end("OptionalMessage"), BATCH)
CREATE_ONE = Workload("create 1", _create(1), r"[:<]success>true</", 1)
CREATE_MANY = Workload("create 200", _create(MANY), r"[:<]success>true</", MANY)
RETRIEVE = Workload("retrieve 200", _retrieve, _end("OptionalMessage"), MANY)
DESCRIBE_ONE = Workload("describe 1", _describe(DESCRIBED[:1]), _end("keyPrefix"), 1)
DESCRIBE_MANY = Workload("describe 10", _describe(DESCRIBED), _end("keyPrefix"), 10)

WORKLOADS = (
    QUERY_ONE, CREATE_ONE, CREATE_MANY, QUERY_BATCH, RETRIEVE, DESCRIBE_ONE, DESCRIBE_MANY, LOGIN,
)  # fmt: skip
