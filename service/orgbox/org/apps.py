"""Connected apps: what an OAuth client is known by in an org, and the refresh tokens given to it.

The secret is kept as it is, because answers are signed with it (Salesforce Help, "OAuth 2.0
Username-Password Flow": `signature`). Of refresh tokens only the SHA-256 is kept.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from orgbox.clock import moment_text
from orgbox.frozen import value
from orgbox.org.org import Org
from orgbox.org.tokens import token_hash

_KEY_PREFIX, _REFRESH_PREFIX = "3MVG9", "5Aep861"
NAMES = ("consumer_key", "consumer_secret", "name", "run_as", "certificate")


@value
class ConnectedApp:
    """`run_as` is the Id of the user of the client credentials flow, `certificate` the PEM text of the
    JWT bearer flow; either is empty where the flow is off.
    """

    consumer_key: str
    consumer_secret: str
    name: str
    run_as: str = ""
    certificate: str = ""


def make_app(values: Mapping[str, Any]) -> ConnectedApp:
    """An app of these values; key and secret are made up where they are not given. Raises ValueError."""
    if unknown := values.keys() - set(NAMES):
        raise ValueError(f"no attribute {', '.join(sorted(unknown))} of a connected app")
    for name, text in values.items():
        if not isinstance(text, str):
            raise ValueError(f"{name}: {text!r} is no text")
    made = {
        "consumer_key": _KEY_PREFIX + secrets.token_urlsafe(48),
        "consumer_secret": secrets.token_hex(32).upper(), "name": "App",
    }  # fmt: skip
    return ConnectedApp(**made | {name: text for name, text in values.items() if text})


def add(connection: Connection, org: Org, app: ConnectedApp) -> None:
    """Keep an app, in place of one with the same consumer key."""
    remove(connection, org, app.consumer_key)
    table = org.store.schema.system["orgbox_app"]
    values = {name: getattr(app, name) for name in NAMES}
    connection.execute(insert(table).values(org=org.number, **values))


def apps(connection: Connection, org: Org) -> list[ConnectedApp]:
    """The org's apps, by name."""
    table = org.store.schema.system["orgbox_app"]
    statement = select(*(table.c[name] for name in NAMES)).where(table.c.org == org.number)
    return [ConnectedApp(*row) for row in connection.execute(statement.order_by(table.c.name))]


def remove(connection: Connection, org: Org, consumer_key: str) -> bool:
    """Remove an app; tells whether it was there."""
    table = org.store.schema.system["orgbox_app"]
    mine = (table.c.org == org.number) & (table.c.consumer_key == consumer_key)
    return bool(connection.execute(delete(table).where(mine)).rowcount)


def give_refresh_token(connection: Connection, org: Org, user_id: str, consumer_key: str) -> str:
    """A new refresh token, as after a user has approved the app; nobody can find it out again."""
    token = _REFRESH_PREFIX + secrets.token_urlsafe(60)
    table = org.store.schema.system["orgbox_refresh"]
    connection.execute(
        insert(table).values(
            hash=token_hash(token), org=org.number, user_id=user_id, consumer_key=consumer_key,
            created=moment_text(org.clock.now()),
        )
    )  # fmt: skip
    return token


def revoke_refresh_token(connection: Connection, org: Org, token: str) -> None:
    """Forget a refresh token, and end the sessions of its user with its app."""
    table, sessions = (org.store.schema.system[n] for n in ("orgbox_refresh", "orgbox_session"))
    mine = (table.c.org == org.number) & (table.c.hash == token_hash(token))
    row = connection.execute(select(table.c.user_id, table.c.consumer_key).where(mine)).one_or_none()
    if row is None:
        return
    connection.execute(delete(table).where(mine))
    connection.execute(
        delete(sessions).where(
            sessions.c.org == org.number, sessions.c.user_id == row.user_id,
            sessions.c.client == row.consumer_key,
        )
    )  # fmt: skip
