"""Orgs on demand: each as the seed has it, none in another's way."""

import pytest

from orgbox.org.lifecycle import Lifecycle, NoSuchSnapshot
from orgbox.org.org import Org
from orgbox.org.seed import parse_seed, read_seed
from service import Client, Service


@pytest.fixture
def lifecycle(service: Service) -> Lifecycle:
    return Lifecycle(service.app.orgs)


def sign_in(service: Service, org: Org, username: str = "alice@acme.com") -> Client:
    """Signs in to an org by its Id in the path."""
    client = service.client()
    body = f"<login><username>{username}</username><password>orgbox1!</password></login>"
    answer = client.post(client.envelope(body), url=f"{client.endpoint}/{org.id[:15]}")
    assert answer.status == 200, answer.body.decode()
    client.session_id, client.user_id = answer.text("sessionId") or "", answer.text("userId") or ""
    return client


def invite(client: Client, address: str) -> str | None:
    records = {"InvitedUserEmail": address, "SharedEntityId": client.user_id}
    return client.create("CollaborationInvitation", records).text("id")


def addresses(client: Client) -> list[str | None]:
    found = client.query("SELECT InvitedUserEmail FROM CollaborationInvitation ORDER BY Id")
    return found.texts("InvitedUserEmail")


def test_orgs_of_one_seed_have_the_same_ids_and_do_not_see_each_other(
    service: Service, lifecycle: Lifecycle
) -> None:
    first, second = (sign_in(service, lifecycle.create(read_seed(""))) for _ in range(2))

    made = [invite(first, "one@acme.com"), invite(second, "one@acme.com")]

    assert made[0] == made[1]
    assert first.user_id == second.user_id
    assert invite(first, "two@acme.com")
    assert addresses(first) == ["one@acme.com", "two@acme.com"]
    assert addresses(second) == ["one@acme.com"]
    assert addresses(service.client("alice@acme.com")) == []


def test_an_org_made_on_demand_is_found_by_its_id_and_not_by_a_user_name(
    service: Service, lifecycle: Lifecycle
) -> None:
    seed = parse_seed(
        '[org]\nname = "Other"\n[records.UserLicense.l]\nName = "Salesforce"\nTotalLicenses = 5\n'
        '[records.Profile.p]\nName = "P"\nUserLicenseId = "@UserLicense.l"\nUserType = "Standard"\n'
        'permissions = ["*"]\n[records.User.u]\nUsername = "only@other.com"\nEmail = "only@other.com"\n'
        'LastName = "Only"\nAlias = "only"\nProfileId = "@Profile.p"\npassword = "orgbox1!"\n'
        'TimeZoneSidKey = "Europe/Berlin"\nLocaleSidKey = "de_DE"\nLanguageLocaleKey = "de"\n'
        'EmailEncodingKey = "UTF-8"\nIsActive = true\n'
    )
    org = lifecycle.create(seed)

    assert sign_in(service, org, "only@other.com").session_id.startswith(org.id[:15])
    body = "<login><username>only@other.com</username><password>orgbox1!</password></login>"
    assert service.client().call(body).fault[0] == "sf:INVALID_LOGIN"


def test_reset_brings_back_the_seed_and_leaves_sessions_alone(
    service: Service, lifecycle: Lifecycle
) -> None:
    org = lifecycle.create(read_seed(""))
    alice = sign_in(service, org)
    first = invite(alice, "one@acme.com")

    lifecycle.reset(org)

    assert addresses(alice) == []
    assert invite(alice, "one@acme.com") == first


def test_a_snapshot_can_be_gone_back_to_any_number_of_times(
    service: Service, lifecycle: Lifecycle
) -> None:
    org = service.app.orgs.all()[0]
    alice = service.client("alice@acme.com")
    invite(alice, "before@acme.com")
    lifecycle.snapshot(org, "base")

    for _ in range(2):
        invite(alice, "after@acme.com")
        lifecycle.restore(org, "base")
        assert addresses(alice) == ["before@acme.com"]

    assert lifecycle.snapshots(org) == ["base"]
    assert service.client("mia@acme.com").session_id
    with pytest.raises(NoSuchSnapshot, match="no snapshot 'other'"):
        lifecycle.restore(org, "other")


def test_a_fork_goes_its_own_way(service: Service, lifecycle: Lifecycle) -> None:
    alice = service.client("alice@acme.com")
    invite(alice, "shared@acme.com")

    fork = sign_in(service, lifecycle.fork(service.app.orgs.all()[0], "Fork"))
    invite(fork, "fork@acme.com")

    assert addresses(fork) == ["shared@acme.com", "fork@acme.com"]
    assert addresses(alice) == ["shared@acme.com"]


def test_a_deleted_org_is_gone_with_its_sessions_and_snapshots(
    service: Service, lifecycle: Lifecycle
) -> None:
    org = lifecycle.create(read_seed(""))
    alice = sign_in(service, org)
    lifecycle.snapshot(org, "kept")

    lifecycle.delete(org)

    assert alice.call("<getUserInfo/>").fault[0] == "sf:INVALID_SESSION_ID"
    assert service.app.orgs.get(org.id) is None
    assert lifecycle.snapshots(org) == []
