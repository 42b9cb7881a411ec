"""Seed files that cannot be meant so: refused as a whole, in one line that names the place."""

from collections.abc import Iterator
from importlib import resources

import pytest

from orgbox.app import open_orgs
from orgbox.config import configure
from orgbox.org.lifecycle import Lifecycle
from orgbox.org.seed import SeedError, parse_seed

_SHIPPED = (resources.files("orgbox.org") / "seed.toml").read_text("utf-8")
_ORG = '[org]\nname = "Small"\n'
_ALIAS = 'Alias = "alice"'


@pytest.fixture(scope="module")
def lifecycle() -> Iterator[Lifecycle]:
    """Makes orgs in a database in memory."""
    orgs = open_orgs(configure(database="sqlite://", hash_memory_kib=64, hash_rounds=1))
    yield Lifecycle(orgs)
    orgs.database.close()


@pytest.mark.parametrize(
    "text, said",
    [
        ("org = 1", "seed: org: 1 is no table"),
        ("[org]\nname = 5", "seed: org.name: 5 is no text"),
        ('[org]\nname = "Small"\npassword = 5', "seed: org.password: 5 is no text"),
        (f"defaults = 1\n{_ORG}", "seed: defaults: 1 is no table"),
        (f"{_ORG}[records]\nUser = [1]", "seed: records.User: [1] is no table"),
        (f"{_ORG}[records.User]\na = 1", "seed: records.User.a: 1 is no table"),
        (f"{_ORG}[apps]\na = 1", "seed: apps.a: 1 is no table"),
        (f"{_ORG}[apps.a]\nconsumer_secret = []", "seed: apps.a.consumer_secret: [] is no text"),
    ],
)
def test_what_is_no_seed_is_refused(text: str, said: str) -> None:
    with pytest.raises(SeedError) as refused:
        parse_seed(text)

    assert str(refused.value) == said


@pytest.mark.parametrize(
    "old, new, said",
    [
        (_ALIAS, f"{_ALIAS}\npassword = 5", "records.User.alice.password: 5 is no text"),
        (_ALIAS, "Alias = 5", "records.User.alice.Alias: 5 is no string"),
        (_ALIAS, 'Alias = "alice archer"', "alice: STRING_TOO_LONG: Alias: data value too large"),
        (f"{_ALIAS}\n", "", "alice: REQUIRED_FIELD_MISSING: Required fields are missing: [Alias]"),
        ("IsActive = true", 'IsActive = "yes"', "records.User.admin.IsActive: 'yes' is no boolean"),
        ("TotalLicenses = 100\n", "TotalLicenses = 1.5\n", "salesforce.TotalLicenses: 1.5 is no int"),
        ("TotalLicenses = 100\n", "TotalLicenses = true\n", "TotalLicenses: True is no int"),
        ('["*"]', "5", "records.Profile.administrator.permissions: 5 is no list"),
        ('Type = "Public"', 'Type = "Open"', "bad value for restricted picklist field: Open"),
        ('OwnerId = "@User.alice"', 'OwnerId = "Alice"', "all_acme.OwnerId: 'Alice' is no reference"),
        ('OwnerId = "@User.alice"', 'OwnerId = "@User.al"', "all_acme.OwnerId: no record @User.al above it"),
        ('InstanceName = "BOX1"', f'InstanceName = "{"BOX" * 14}"', "records.Organization.acme: STRING_TOO"),
    ],
)
def test_records_pass_the_checks_of_those_that_clients_send(
    lifecycle: Lifecycle, old: str, new: str, said: str
) -> None:
    seed = parse_seed(_SHIPPED.replace(old, new, 1))

    with pytest.raises(SeedError) as refused:
        lifecycle.create(seed)

    assert said in str(refused.value)


def test_names_of_objects_are_known_in_any_case(lifecycle: Lifecycle) -> None:
    text = _SHIPPED.replace("records.User.", "records.user.").replace("defaults.User", "defaults.user")

    made = lifecycle.create(parse_seed(text.replace('"mia"\n', '"mia"\nManagerId = "@User.alice"\n', 1)))

    users = made.catalog["User"]
    with made.store.database.read() as connection:
        found = made.store.where(
            connection, made.number, users, "Alias", ["mia", "alice"], ["ManagerId", "Id"]
        )
    assert found[1]["ManagerId"] == found[0]["Id"]
