"""Fixtures of the clients' tests: the Python client signed in, and zeep in each dialect and version."""

import gc
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import zeep
from steps import sign_in
from zeep_api import PATHS, Api

from orgbox_client import Connection
from service import PASSWORD, Service, start_service

VERSIONS = (21, 31, 44, 58, 66)
DIALECTS = ("enterprise", "partner")
_numbers = count(1)


@pytest.fixture(params=DIALECTS)
def sf(request: pytest.FixtureRequest, service: Service) -> Iterator[Connection]:
    """Alice, who owns the groups, signed in to a fresh service with the Python client."""
    with sign_in(service, dialect=request.param) as connection:
        yield connection


@pytest.fixture(scope="session")
def zeep_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of zeep's own, since its tests leave users and records behind."""
    started = start_service(tmp_path_factory.mktemp("zeep"))
    sender = started.client("alice@acme.com")
    for start in (0, 200):
        emails = [f"many{n:03}@acme.com" for n in range(start, start + 200)]
        invited = [{"SharedEntityId": sender.user_id, "InvitedUserEmail": email} for email in emails]
        assert sender.create("CollaborationInvitation", *invited).texts("success") == ["true"] * 200
    yield started
    started.stop()


@pytest.fixture(scope="session")
def zeep_clients(zeep_service: Service) -> Iterator[dict[tuple[str, int], zeep.Client]]:
    """A client for each dialect and version."""
    settings = zeep.Settings(strict=True)
    made = {}
    for dialect in DIALECTS:
        for version in VERSIONS:
            wsdl = f"{zeep_service.url}/services/Soap/{PATHS[dialect]}/{version}.0?wsdl"
            made[dialect, version] = zeep.Client(wsdl, settings=settings)
    gc.freeze()  # millions of objects that stay; the collector would walk them again and again
    yield made
    for client in made.values():
        client.transport.session.close()


@pytest.fixture(params=[(d, v) for v in VERSIONS for d in DIALECTS], ids=lambda p: f"{p[0]}-{p[1]}")
def anyone(request: pytest.FixtureRequest, zeep_service: Service, zeep_clients: Any) -> Iterator[Api]:
    """A client of each dialect and version, not signed in; what it was answered has to be valid."""
    zeep_service.judge.wrong.clear()
    dialect, version = request.param
    yield Api(zeep_clients[dialect, version], zeep_service.url, dialect, version)
    assert not zeep_service.judge.wrong, "\n\n".join(zeep_service.judge.wrong)


@pytest.fixture
def api(anyone: Api) -> Api:
    """Alice, who owns the groups."""
    anyone.login_as("alice@acme.com", PASSWORD)
    return anyone


@pytest.fixture
def admin(anyone: Api) -> Api:
    """The administrator."""
    anyone.login_as("admin@acme.com", PASSWORD)
    return anyone


@pytest.fixture
def newcomer(admin: Api) -> tuple[str, str]:
    """Id and name of a new user, who has no password yet."""
    name = f"user{next(_numbers)}@acme.com"
    profile = admin.query(queryString="SELECT Id FROM Profile WHERE Name = 'Standard User'").records[0]
    user = admin.record(
        "User", Username=name, Email=name, LastName="New", Alias="new", ProfileId=profile.Id,
        TimeZoneSidKey="Europe/Oslo", LocaleSidKey="no_NO", LanguageLocaleKey="no",
        EmailEncodingKey="UTF-8",
    )  # fmt: skip
    [saved] = admin.create(sObjects=[user])
    assert saved.success, saved
    return saved.id, name
