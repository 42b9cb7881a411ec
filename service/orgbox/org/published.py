"""What everybody can read in the seed Orgbox ships with: the password of its users, the secret of its app.

On loopback that is a convenience; a service that other machines reach refuses to start with them
(`app.refuse_published`) until they are changed, or whoever runs it says that it is meant so.
"""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, func, select

from orgbox.frozen import value
from orgbox.org import apps, credentials
from orgbox.org import session as sessions
from orgbox.org.registry import ORG, Orgs
from orgbox.org.seed import Seed, read_seed


@value
class Opening:
    """Something known to all that opens an org: a user, or an app where `user_id` is empty."""

    org_id: str
    user_id: str
    name: str
    app: apps.ConnectedApp | None = None


def has_published(seed: Seed) -> bool:
    """Whether an org made from a seed can be opened with what is published."""
    shipped = read_seed("")
    passwords = {seed.password, *(values.get("password") for values in seed.records.values())}
    given = {values.get("consumer_secret") for values in seed.apps}
    return shipped.password in passwords or bool(given & _app_secrets())


def openings(orgs: Orgs) -> list[Opening]:
    """Users and apps of all orgs that can be used with what is published."""
    return [*_users(orgs), *_apps(orgs)]


def close(orgs: Orgs, password: str) -> list[Opening]:
    """Give such users this password and such apps random secrets; who is signed in with them is signed out.

    Returns what was closed, apps with their new secrets. Raises ValueError for the published password.
    """
    if password == read_seed("").password:
        raise ValueError("the new password must be another than the published one")
    closed, hash_ = [], orgs.passwords.hash(password)
    for found in openings(orgs):
        org = orgs.get(found.org_id)
        assert org is not None
        with orgs.database.write() as connection:
            if found.app:
                found = replace(found, app=replace(found.app, consumer_secret=secrets.token_hex(32).upper()))
                assert found.app is not None
                apps.add(connection, org, found.app)
            else:
                credentials.store_password(connection, org, found.user_id, hash_)
                sessions.end_all_of(connection, org, found.user_id)
        closed.append(found)
    return closed


def _app_secrets() -> set[str]:
    return {values["consumer_secret"] for values in read_seed("").apps}


def _users(orgs: Orgs) -> Iterator[Opening]:
    """A seed gives all its users one hash, so few hashes have to be tried, however many users there are."""
    published = read_seed("").password or ""
    tried: dict[str, bool] = {}
    for row in _suspects(orgs):
        if row.password not in tried:
            tried[row.password] = orgs.passwords.matches(published, row.password)
        if tried[row.password]:
            yield Opening(row.id, row.user_id, row.Username)


def _suspects(orgs: Orgs) -> list[Row[Any]]:
    """Users who have the hash of others, or a name of the seed that is shipped."""
    register, credentials = (orgs.store.schema.system[n] for n in ("orgbox_org", "orgbox_credential"))
    users = orgs.store.schema.records["User"]
    shared = select(credentials.c.password).group_by(credentials.c.password).having(func.count() > 1)
    named = [values["Username"] for (kind, _), values in read_seed("").records.items() if kind == "User"]
    statement = (
        select(register.c.id, credentials.c.user_id, credentials.c.password, users.c.Username)
        .join_from(register, credentials, register.c.org == credentials.c.org)
        .join(users, (users.c.org == credentials.c.org) & (users.c.Id == credentials.c.user_id))
        .where(register.c.kind == ORG)
        .where(credentials.c.password.in_(shared) | users.c.Username.in_(named))
        .order_by(register.c.org, credentials.c.user_id)
    )
    with orgs.database.read() as connection:
        return list(connection.execute(statement))


def _apps(orgs: Orgs) -> Iterator[Opening]:
    register, table = (orgs.store.schema.system[n] for n in ("orgbox_org", "orgbox_app"))
    statement = (
        select(register.c.id, *(table.c[name] for name in apps.NAMES))
        .join_from(register, table, register.c.org == table.c.org)
        .where(register.c.kind == ORG, table.c.consumer_secret.in_(sorted(_app_secrets())))
    )
    with orgs.database.read() as connection:
        for org_id, *values in connection.execute(statement):
            app = apps.ConnectedApp(*values)
            yield Opening(org_id, "", f"the app {app.name}", app)
