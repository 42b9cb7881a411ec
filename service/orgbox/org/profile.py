"""Who a session's user is, in the words of the identity URL and of OpenID Connect.

Sources: Salesforce Help, "Identity URLs" and "The UserInfo Endpoint". Of the `urls` only those of the
SOAP API are told; there are no pictures.
"""

from typing import Any
from zoneinfo import ZoneInfo

from orgbox.org.org import Org
from orgbox.org.session import Session

_COLUMNS = ("FirstName", "LastName", "CommunityNickname", "LastModifiedDate")


def id_url(base_url: str, org: Org, user_id: str) -> str:
    """The identity URL of a user."""
    return f"{base_url}/id/{org.id}/{user_id}"


def identity(session: Session, base_url: str) -> dict[str, Any]:
    """What the identity URL answers."""
    user, row = session.user, _row(session)
    return {
        "id": id_url(base_url, session.org, user.id), "asserted_user": True,
        "username": user.username, "nick_name": row["CommunityNickname"], "display_name": user.name,
        "email_verified": True, "first_name": row["FirstName"], "last_name": row["LastName"],
        "timezone": user.time_zone, "last_modified_date": row["LastModifiedDate"],
    } | _common(session, base_url)  # fmt: skip


def userinfo(session: Session, base_url: str) -> dict[str, Any]:
    """What the UserInfo endpoint answers."""
    user, row = session.user, _row(session)
    return {
        "sub": id_url(base_url, session.org, user.id), "preferred_username": user.username,
        "nickname": row["CommunityNickname"], "name": user.name, "email_verified": True,
        "given_name": row["FirstName"], "family_name": row["LastName"], "zoneinfo": user.time_zone,
        "profile": f"{base_url}/{user.id}", "address": {}, "updated_at": row["LastModifiedDate"],
    } | _common(session, base_url)  # fmt: skip


def _common(session: Session, base_url: str) -> dict[str, Any]:
    user, org = session.user, session.org
    soap = f"{base_url}/services/Soap"
    return {
        "user_id": user.id, "organization_id": org.id, "email": user.email, "active": True,
        "user_type": user.user_type.upper(), "language": user.language, "locale": user.locale,
        "utcOffset": _offset(session),
        "urls": {
            "enterprise": f"{soap}/c/{{version}}/{org.id}", "partner": f"{soap}/u/{{version}}/{org.id}"
        },
    }  # fmt: skip


def _offset(session: Session) -> int:
    """Milliseconds that the user's winter time is ahead of UTC."""
    moment = session.org.clock.now().astimezone(ZoneInfo(session.user.time_zone))
    offset, saving = moment.utcoffset(), moment.dst()
    return int((offset - saving).total_seconds() * 1000) if offset and saving is not None else 0


def _row(session: Session) -> dict[str, Any]:
    org = session.org
    users = org.catalog["User"]
    found = org.store.fetch(session.connection, org.number, users, [session.user.id], _COLUMNS)
    return dict(found[session.user.id])
