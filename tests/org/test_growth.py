"""What a service that runs for months must not gather, in its database or in its memory."""

from datetime import timedelta

from sqlalchemy import func, select

from service import Client, Service

ENDED = "Session not found, missing session hash: "


def sessions_in(service: Service) -> int:
    orgs = service.app.orgs
    with orgs.database.read() as connection:
        table = orgs.store.schema.system["orgbox_session"]
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_sessions_that_ended_a_day_ago_are_removed_at_the_next_login(service: Service, alice: Client) -> None:
    service.client("mia@acme.com")
    service.clock.advance(timedelta(hours=3))
    service.client("sam@acme.com")
    ended = alice.call("<getUserInfo/>").fault
    before = sessions_in(service)
    service.clock.advance(timedelta(hours=24))

    service.client("sam@acme.com")

    assert (before, sessions_in(service)) == (3, 2)
    assert alice.call("<getUserInfo/>").fault == ended
    assert ended[1] is not None and ENDED in ended[1]


def test_a_session_in_use_stays_however_old_it_is(service: Service, alice: Client) -> None:
    for _ in range(30):
        service.clock.advance(timedelta(hours=1))
        alice.call("<getUserInfo/>")

    service.client("sam@acme.com")

    assert alice.call("<getUserInfo/>").status == 200


def test_statements_no_longer_used_are_forgotten(service: Service) -> None:
    store, made = service.app.orgs.store, []

    def make() -> object:
        made.append(1)
        return select(1)

    for key in ("first", *range(2_000), "first"):
        store.kept(key, make)

    assert len(made) == 2_002
