"""The outbox between processes and clocks: one sender at a time, no mail stuck, none without its reason."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select

from inviting import group_of, invite, mails, org_of, token_of
from orgbox.errors import RecordError
from orgbox.mail.sender import Waiting
from orgbox.mail.smtp import Outcome
from orgbox.org.delivery import Delivery
from orgbox.org.lifecycle import Lifecycle
from service import Client, Service, start_service


class Time:
    """Seconds of a system's clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


def delivery(service: Service, time: Time) -> Delivery:
    return Delivery(service.app.orgs, lambda: service.url, time)


def claimed(made: Delivery) -> Waiting:
    assert made.hold()
    mail = made.claim()
    assert mail is not None
    return mail


def test_one_process_sends_at_a_time_and_another_goes_on_when_it_is_dead(
    service: Service, alice: Client, time: Time
) -> None:
    invite(alice, "bob@acme.com", "eve@acme.com")
    first, second = delivery(service, time), delivery(service, time)
    mail = claimed(first)

    assert not second.hold() and second.claim() is None

    time.seconds += 21
    assert second.hold() and first.claim() is None
    again = second.claim()
    assert again is not None and again.raw == mail.raw


def test_a_process_that_read_its_clock_before_another_prolonged_its_lease_does_not_send_as_well(
    service: Service, alice: Client, time: Time
) -> None:
    invite(alice, "bob@acme.com")
    earlier = Time()
    earlier.seconds = time.seconds - 1
    claimed(delivery(service, time))

    assert not delivery(service, earlier).hold()


def test_a_process_that_has_nothing_left_lets_another_send_at_once(
    service: Service, alice: Client, time: Time
) -> None:
    invite(alice, "bob@acme.com")
    first, second = delivery(service, time), delivery(service, time)
    assert first.hold()

    first.release()

    assert second.hold()


def test_a_mail_is_tried_again_later_and_later(service: Service, alice: Client, time: Time) -> None:
    invite(alice, "bob@acme.com")
    made, waits = delivery(service, time), []

    for _ in range(11):
        began = time.seconds
        made.settle(claimed(made), Outcome("Later", "451 busy"))
        while not made.hold():
            time.seconds += 0.5
        waits.append(time.seconds - began)

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert mails(service)[0].attempts == 11 and mails(service)[0].reply == "451 busy"


@pytest.mark.parametrize("back", [7200, 400 * 86400], ids=["2 hours", "400 days"])
def test_a_clock_set_back_holds_up_neither_mail_nor_sender(
    back: int, service: Service, alice: Client, time: Time
) -> None:
    time.seconds += 500 * 86400
    invite(alice, "bob@acme.com", "eve@acme.com")
    dead = delivery(service, time)
    mail = claimed(dead)
    dead.settle(mail, Outcome("Later"))
    assert dead.claim() is not None

    time.seconds -= back

    assert delivery(service, time).hold()


def test_no_clock_of_the_org_holds_up_a_mail(service: Service, alice: Client, time: Time) -> None:
    invite(alice, "bob@acme.com")
    service.clock.advance(timedelta(days=-400))

    assert claimed(delivery(service, time)).recipient == "bob@acme.com"


def test_an_expired_invitation_is_not_mailed(service: Service, alice: Client, time: Time) -> None:
    invite(alice, "bob@acme.com")
    service.clock.advance(timedelta(days=60))
    made = delivery(service, time)

    assert made.hold() and made.claim() is None
    assert [(m.status, m.reply) for m in mails(service)] == [("Dropped", "the invitation is expired")]


def test_mails_outlive_a_restart_and_their_links_stay_the_same(tmp_path: Path, time: Time) -> None:
    first = start_service(tmp_path, database=f"sqlite:///{tmp_path}/orgbox.db")
    invite(first.client("alice@acme.com"), "bob@acme.com")
    token = token_of(first, "bob@acme.com")
    first.stop()

    second = start_service(tmp_path, database=f"sqlite:///{tmp_path}/orgbox.db")

    assert token_of(second, "bob@acme.com") == token
    assert claimed(delivery(second, time)).recipient == "bob@acme.com"
    second.stop()
    assert (tmp_path / "orgbox.db.key").stat().st_mode & 0o777 == 0o600


def test_neither_token_nor_password_is_in_the_database(tmp_path: Path) -> None:
    service = start_service(tmp_path, database=f"sqlite:///{tmp_path}/orgbox.db")
    alice, admin = (service.client(f"{n}@acme.com") for n in ("alice", "admin"))
    invite(alice, "bob@acme.com")
    header = "<EmailHeader><triggerUserEmail>true</triggerUserEmail></EmailHeader>"
    call = f"<resetPassword><userId>{alice.user_id}</userId></resetPassword>"
    password = str(admin.call(call, header).text("password"))
    token = token_of(service, "bob@acme.com")
    assert password in mails(service)[0].text

    service.stop()

    kept = b"".join(path.read_bytes() for path in tmp_path.glob("orgbox.db*"))
    assert b"bob@acme.com" in kept
    assert token.encode() not in kept and password.encode() not in kept


def test_neither_a_fork_nor_a_restored_snapshot_sends_a_mail_twice(
    service: Service, alice: Client, time: Time
) -> None:
    lifecycle, org = Lifecycle(service.app.orgs), org_of(service)
    invite(alice, "bob@acme.com")
    lifecycle.snapshot(org, "before")
    made = delivery(service, time)
    made.settle(claimed(made), Outcome("Sent"))

    lifecycle.restore(org, "before")
    fork = lifecycle.fork(org)

    assert not made.hold()
    assert [mail.status for mail in service.app.mailbox.page(org)] == ["Sent"]
    assert service.app.mailbox.page(fork) == []


def test_the_secret_decides_the_links(make_service: Callable[..., Service]) -> None:
    tokens = set()
    for secret in ("one", "one", "two"):
        service = make_service(secret=secret)
        invite(service.client("alice@acme.com"), "bob@acme.com")
        tokens.add(token_of(service, "bob@acme.com"))

    assert len(tokens) == 3


def test_the_mailbox_is_read_page_by_page_from_the_newest(service: Service, alice: Client) -> None:
    invite(alice, *(f"u{n}@acme.com" for n in range(120)))
    box, org = service.app.mailbox, org_of(service)
    seen, before = [], None

    while page := box.page(org, before=before, limit=50):
        seen += [mail.recipient for mail in page]
        before = page[-1].number

    assert seen == [f"u{n}@acme.com" for n in reversed(range(120))]
    newest = box.mail(org, 120)
    assert newest and newest.recipient == "u119@acme.com" and newest.status == "Queued"
    assert box.mail(org, 121) is None


def test_an_invitation_can_be_mailed_again(service: Service, alice: Client) -> None:
    invitation = invite(alice, "bob@acme.com", to=group_of(alice, "Engineering"), OptionalMessage="Hello")[0]

    service.app.mailbox.resend(org_of(service), invitation)

    again, first = mails(service, about=invitation)
    assert again.subject == first.subject and "Hello" in again.text
    assert again.link != first.link
    assert again.letter.message_id != first.letter.message_id


def test_mails_of_a_call_that_say_the_same_share_a_letter(service: Service, alice: Client) -> None:
    groups = [group_of(alice, name) for name in ("Engineering", "Board")]
    entities = [alice.user_id, *groups, alice.user_id]
    rows = [
        {"InvitedUserEmail": f"u{n}@acme.com", "SharedEntityId": e, "OptionalMessage": f"Hello {n}"}
        for n, e in enumerate(entities)
    ]

    assert alice.create("CollaborationInvitation", *rows).texts("success") == ["true"] * 4

    letters = service.app.orgs.store.schema.system["orgbox_letter"]
    with service.app.orgs.database.read() as connection:
        assert connection.scalars(select(letters.c.number).order_by(letters.c.number)).all() == [1, 2, 3]
    told = [(mail.recipient, mail.letter.facts["group"], mail.letter.facts["message"])
            for mail in reversed(mails(service))]  # fmt: skip
    assert told == [
        ("u0@acme.com", "", "Hello 0"), ("u1@acme.com", "Engineering", "Hello 1"),
        ("u2@acme.com", "Board", "Hello 2"), ("u3@acme.com", "", "Hello 3"),
    ]  # fmt: skip
    assert len({mail.link for mail in mails(service)}) == 4


def test_a_canceled_invitation_is_not_mailed_again(service: Service, alice: Client) -> None:
    invitation = invite(alice, "bob@acme.com")[0]
    alice.call(f"<delete><ids>{invitation}</ids></delete>")

    with pytest.raises(RecordError, match="ENTITY_IS_DELETED"):
        service.app.mailbox.resend(org_of(service), invitation)


def test_two_hundred_mails_are_stored_by_as_many_statements_as_one(service: Service, alice: Client) -> None:
    statements: list[str] = []
    engine = service.app.orgs.database.engine
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    counts = []
    for count in (1, 200):
        statements.clear()
        invite(alice, *(f"u{count}-{n}@acme.com" for n in range(count)))
        counts.append(len(statements))

    assert counts[0] == counts[1]
