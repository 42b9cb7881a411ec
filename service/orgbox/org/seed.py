"""Filling a new org from a seed file. The file's head explains its form; records pass the same checks and
rules as those of a client that may do everything.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, time
from functools import cache, lru_cache
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

import tomli
from sqlalchemy import Connection

from orgbox.baton import BATON
from orgbox.catalog.fieldtypes import Value
from orgbox.catalog.load import Catalog
from orgbox.catalog.sobject import Field, SObject
from orgbox.org import apps, checks, credentials, dml
from orgbox.org.org import Org
from orgbox.org.passwords import Passwords
from orgbox.org.permissions import DECIDING
from orgbox.org.rulebook import Record
from orgbox.org.session import Session
from orgbox.org.settings import OrgSettings
from orgbox.org.user import User

_KEYS = {"org", "settings", "defaults", "records", "apps"}
_ORG_KEYS = {"id", "name", "password"}


class SeedError(ValueError):
    """A seed file cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Seed:
    """A parsed seed file. `records` maps (SObject, key) to values, in the order of the file; `apps` are
    the values of connected apps, whose `run_as` refers to a user.
    """

    id: str | None
    name: str
    password: str | None
    settings: OrgSettings
    defaults: Mapping[str, Mapping[str, Any]]
    records: Mapping[tuple[str, str], Mapping[str, Any]]
    apps: tuple[Mapping[str, Any], ...] = ()


def read_seed(path: str) -> Seed:
    """The seed of a file, or Acme's for an empty path. Raises SeedError."""
    if path:
        return parse_seed(Path(path).read_text("utf-8"))
    return parse_seed((resources.files("orgbox.org") / "seed.toml").read_text("utf-8"))


@lru_cache(maxsize=16)
def parse_seed(text: str) -> Seed:
    """The seed of a TOML text, kept for who makes many orgs of one. Raises SeedError, naming the key."""
    try:
        return _seed(tomli.loads(text))
    except (tomli.TOMLDecodeError, KeyError, ValueError, RecursionError) as error:
        raise SeedError(f"seed: {error}") from error


def _seed(data: Mapping[str, Any]) -> Seed:
    _refuse_unknown("", data, _KEYS)
    settings, defaults, records, apps = (
        _table(key, data.get(key, {})) for key in ("settings", "defaults", "records", "apps")
    )
    org = _table("org", data["org"])
    _refuse_unknown("[org]", org, _ORG_KEYS)
    _refuse_other_than_text("org", org)
    for key, values in apps.items():
        _refuse_other_than_text(f"apps.{key}", _table(f"apps.{key}", values))
    return Seed(
        org.get("id"), org["name"], org.get("password"), OrgSettings().changed(settings),
        {name: _table(f"defaults.{name}", values) for name, values in defaults.items()},
        {
            (name, key): _table(f"records.{name}.{key}", values)
            for name, rows in records.items()
            for key, values in _table(f"records.{name}", rows).items()
        },
        tuple(apps.values()),
    )  # fmt: skip


def _table(where: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SeedError(f"{where}: {value!r} is no table")
    return value


def _refuse_other_than_text(where: str, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        if not isinstance(value, str):
            raise SeedError(f"{where}.{name}: {value!r} is no text")


def plant(connection: Connection, org: Org, seed: Seed, passwords: Passwords) -> None:
    """Create the records of a seed. Raises SeedError when one is refused."""
    with ThreadPoolExecutor(1) as hasher:  # a hash takes half as long as the records, beside them
        hashing = cache(lambda password: hasher.submit(passwords.hash, password))
        if seed.password:
            hashing(seed.password)
        session = system_session(connection, org, seed.settings)
        made: dict[str, str] = {}
        kept: dict[str, Future[str]] = {}
        for rows in _batches(seed):
            for user_id, password in _plant_batch(session, seed, rows, made):
                kept[user_id] = hashing(password)
        for values in seed.apps:
            _add_app(connection, org, values, made)
        with BATON.laid_down():
            hasher.shutdown()
        for user_id, hash_ in kept.items():
            credentials.store_password(connection, org, user_id, hash_.result())


def _plant_batch(
    session: Session, seed: Seed, rows: "list[Row]", made: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Create records of one SObject and note their Ids in `made`; users' Ids and passwords."""
    name = rows[0][0][0]
    catalog = session.org.catalog
    sobject = catalog.get(name)
    if sobject is None:
        raise SeedError(f"records.{name}: no such SObject")
    planted = []
    for (_, key), values in rows:
        where = f"records.{sobject.name}.{key}"
        given = dict(seed.defaults.get(name, {})) | dict(values)
        password = given.pop("password", seed.password if sobject.name == "User" else None)
        _refuse_other_than_text(where, {"password": password or ""})
        record = Record(sobject, _values(where, sobject, given, made, catalog))
        planted.append((where, key, record, password))
    _create(session, sobject, [(where, record) for where, _, record, _ in planted])
    for _, key, record, password in planted:
        made[f"@{sobject.name}.{key}"] = str(record.id)
        if password:
            yield str(record.id), password


Row = tuple[tuple[str, str], Mapping[str, Any]]


def _batches(seed: Seed) -> Iterator[list[Row]]:
    """The records in the order of the file, those of one SObject together unless one refers to another."""
    for name, group in groupby(seed.records.items(), key=lambda row: row[0][0]):
        rows = list(group)
        own = f"@{name}.".lower()
        if any(str(value).lower().startswith(own) for _, values in rows for value in values.values()):
            yield from ([row] for row in rows)
        else:
            yield rows


def _add_app(
    connection: Connection, org: Org, values: Mapping[str, Any], made: Mapping[str, str]
) -> None:
    run_as = values.get("run_as")
    if run_as and run_as not in made:
        raise SeedError(f"apps: run_as: no record {run_as}")
    try:
        app = apps.make_app({**values, "run_as": made[run_as]} if run_as else values)
    except ValueError as error:
        raise SeedError(f"apps: {error}") from None
    apps.add(connection, org, app)


def _create(session: Session, sobject: SObject, planted: list[tuple[str, Record]]) -> None:
    """Save the records of a batch; each comes with its place in the file."""
    records = [record for _, record in planted]
    for record in records:
        checks.normalize_picklists(record)
        record.errors = checks.check_values(record, truncate=False)
    if sobject.name != "Organization":
        dml.insert_checked(session, sobject, records)
    elif not any(record.errors for record in records):
        for record in records:
            _create_organization(session, record)
    for where, record in planted:
        if record.errors:
            raise SeedError(f"{where}: {'; '.join(str(e) for e in record.errors)}")


def _create_organization(session: Session, record: Record) -> None:
    """The record of the org itself has the org's Id."""
    stamps = {"CreatedDate": session.now, "LastModifiedDate": session.now}
    stamps |= {"SystemModstamp": session.now, "CreatedById": session.user.id}
    row = {"Id": session.org.id, "LastModifiedById": session.user.id} | stamps | record.values
    session.org.store.insert(session.connection, session.org.number, record.sobject, [row])
    record.values["Id"] = session.org.id


def _values(
    where: str, sobject: SObject, given: dict[str, Any], made: Mapping[str, str], catalog: Catalog
) -> dict[str, Any]:
    granted = given.pop("permissions", [])
    values: dict[str, Any] = {}
    for name, value in given.items():
        f = sobject.field(name)
        if f is None or not f.stored:
            raise SeedError(f"{where}: no field {name}")
        if isinstance(value, str) and value.startswith("@"):
            if value not in made:
                raise SeedError(f"{where}.{name}: no record {value} above it")
            value = made[value]
        values[f.name] = _stored(f"{where}.{name}", f, value)
    if not isinstance(granted, list):
        raise SeedError(f"{where}.permissions: {granted!r} is no list")
    for permission in granted:
        values |= _granted(where, sobject, permission)
    return values


def _stored(where: str, f: Field, value: Any) -> Value:
    """A value of TOML as the field keeps it. Raises SeedError for one of another type."""
    if isinstance(value, date | time):
        value = value.isoformat()
    try:
        if isinstance(value, str):
            return f.type.decode(value)
        if f.type.family in _PLAIN[type(value)]:
            return f.type.decode(f.type.encode(value))
    except (KeyError, ValueError):
        pass
    raise SeedError(f"{where}: {value!r} is no {f.type.name}")


_PLAIN = {bool: ("boolean",), int: ("number",), float: ("number",)}
"""Families of fields for what TOML has besides text."""


def _granted(where: str, sobject: SObject, permission: str) -> dict[str, bool]:
    if permission == "*":
        return {f.name: True for f in sobject.fields if f.name.startswith("Permissions")}
    f = sobject.field(f"Permissions{permission}")
    if f is None:
        raise SeedError(f"{where}: no permission {permission}")
    return {f.name: True}


def system_session(connection: Connection, org: Org, settings: OrgSettings) -> Session:
    """A session that may do everything, in the name of the first user to be created."""
    first = org.id_of(org.catalog["User"].key_prefix or "", 1)
    user = User(
        first, "", "Orgbox", "", "", None, "Etc/UTC", "en_US", "en_US", "Standard",
        frozenset(DECIDING),
    )  # fmt: skip
    return Session(org, user, settings, connection, 0, quiet=True)


def _refuse_unknown(where: str, found: Mapping[str, Any], known: set[str]) -> None:
    if unknown := found.keys() - known:
        raise SeedError(f"{where and where + ': '}unknown {', '.join(sorted(unknown))}")
