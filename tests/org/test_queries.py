"""What a query may take: time, complexity, cursors; and what it knows of the org."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time

import pytest
from sqlalchemy import insert, update

from orgbox import ids
from orgbox.limits import STRICT
from service import Client, Service, start_service

MakeService = Callable[..., Service]
TIMEOUT = ("sf:QUERY_TIMEOUT", "QUERY_TIMEOUT: Your query request was running for too long.")
GONE = ("sf:INVALID_QUERY_LOCATOR", "INVALID_QUERY_LOCATOR: invalid query locator")

# time


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with 100,000 invitations and 0.3 seconds for a query."""
    service = start_service(
        tmp_path_factory.mktemp("crowded"), limits=replace(STRICT, query_seconds=0.3)
    )
    org = service.app.orgs.all()[0]
    rows = [
        {
            "org": org.number, "Id": ids.make("0DN", n), "InvitedUserEmail": f"a{n}@a.example",
            "OptionalMessage": "a" * 200, "OptionalMessage_ci": "A" * 200, "Status": "Sent",
        }
        for n in range(100_000)
    ]  # fmt: skip
    with org.store.database.write() as connection:
        connection.execute(insert(org.store.schema.records["CollaborationInvitation"]), rows)
    yield service
    service.stop()


LIKES = " OR ".join(f"OptionalMessage LIKE '%a%a%a%a%a%b{n}'" for n in range(500))
SLOW = {
    "many patterns": f"SELECT COUNT() FROM CollaborationInvitation WHERE {LIKES}",
    "crossed semi-joins": (
        "SELECT Id FROM User WHERE Id NOT IN (SELECT InviterId FROM CollaborationInvitation WHERE "
        f"{LIKES}) AND Id IN (SELECT CreatedById FROM CollaborationInvitation WHERE {LIKES})"
    ),
    "groups": (
        "SELECT InvitedUserEmail, COUNT(Id) FROM CollaborationInvitation "
        f"WHERE {LIKES} GROUP BY InvitedUserEmail LIMIT 2000"
    ),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_query_that_takes_too_long_is_ended(crowded: Service, name: str) -> None:
    client = crowded.client("admin@acme.com")
    started = perf_counter()
    answer = client.query(SLOW[name])
    taken = perf_counter() - started

    assert answer.fault == TIMEOUT
    assert taken < 5.0
    assert client.query("SELECT Id FROM User").status == 200


# complexity


WHERE = "SELECT Id FROM User WHERE "
LONGEST = 99_000


def filled(start: str, part: str, joiner: str = "") -> str:
    """A text of nearly 100,000 characters."""
    return start + joiner.join([part] * ((LONGEST - len(start)) // len(part + joiner)))


HOSTILE = {
    "brackets": filled(WHERE, "("),
    "conditions": filled(WHERE, "Name = 'a'", " OR "),
    "patterns": filled(WHERE, "Name LIKE '%a%'", " AND "),
    "negations": filled(WHERE, "(NOT Name = 'a')", " AND "),
    "date words in a list": filled(WHERE + "CreatedDate IN (", "TODAY", ",") + ")",
    "parents": filled(WHERE, "Manager.Manager.Manager.Manager.Name = 'a'", " OR "),
    "fields": filled("SELECT ", "Name", ",") + " FROM User",
    "relationships": filled("SELECT Id FROM User u", ", u.Manager m"),
    "sort keys": filled("SELECT Id FROM User ORDER BY ", "Name DESC", ","),
    "groups": filled("SELECT COUNT(Id) FROM User GROUP BY ", "Name", ","),
    "aggregates": filled("SELECT ", "COUNT(Name)", ",") + " FROM User",
    "conditions on groups": filled(
        "SELECT COUNT(Id) FROM User GROUP BY Name HAVING ", "COUNT(Id) = 1", " OR "
    ),
    "child subqueries": filled("SELECT Id", ", (SELECT Id"),
    "a path": filled("SELECT ", "a.") + " FROM User",
    "a name": filled("SELECT ", "x") + " FROM User",
    "quotes": filled(WHERE, "'"),
    "an open string": filled(WHERE + "Name = '", "\\'"),
    "line feeds": filled("SELECT", "\n"),
    "letters unknown": filled("", "é"),
    "a large LIMIT": filled("SELECT Id FROM User LIMIT ", "9"),
    "clauses": filled("SELECT Id FROM User ", "WITH a "),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_long_to_refuse(shared: Service, name: str) -> None:
    client = shared.client("admin@acme.com")
    started = process_time()
    answer = client.query(HOSTILE[name])
    taken = process_time() - started

    assert answer.fault[0] in ("sf:MALFORMED_QUERY", "sf:QUERY_TOO_COMPLICATED", "sf:INVALID_FIELD",
                               "sf:NUMBER_OUTSIDE_VALID_RANGE")  # fmt: skip
    assert taken < 5.0


@pytest.mark.parametrize(
    "text",
    [
        WHERE + " OR ".join(f"Name = 'a{n}'" for n in range(2_000)),
        WHERE + " AND ".join(f"(NOT Name LIKE '%a{n}%')" for n in range(2_000)),
        WHERE + "Name IN (" + ",".join(f"'a{n}'" for n in range(10_000)) + ")",
        WHERE + "(" * 190 + "Name = 'a'" + ")" * 190,
    ],
    ids=["conditions", "negations", "values", "brackets"],
)
def test_a_large_query_within_bounds_is_answered(shared: Service, text: str) -> None:
    assert shared.client("admin@acme.com").query(text).status == 200


# cursors


def first_batch(client: Client) -> str:
    """The locator behind two of the users."""
    header = "<QueryOptions><batchSize>2</batchSize></QueryOptions>"
    return client.query("SELECT Id FROM User ORDER BY Id", header).text("queryLocator") or ""


def next_batch(client: Client, locator: str) -> list[str | None]:
    """The Ids of the next two users, or the fault."""
    header = "<QueryOptions><batchSize>2</batchSize></QueryOptions>"
    answer = client.call(f"<queryMore><queryLocator>{locator}</queryLocator></queryMore>", header)
    return answer.texts("Id") if answer.status == 200 else list(answer.fault)


@pytest.fixture
def small_batches(make_service: MakeService) -> Service:
    return make_service(limits=replace(STRICT, minimum_batch_size=2), session_seconds=400_000)


def test_up_to_version_55_the_eleventh_cursor_of_a_user_releases_the_oldest(small_batches: Service) -> None:
    old, new = (small_batches.client("alice@acme.com", version=v) for v in ("55.0", "56.0"))
    locators = []
    for _ in range(11):
        locators.append(first_batch(old))
        first_batch(new)
        small_batches.clock.advance(timedelta(seconds=1))

    assert next_batch(old, locators[0]) == list(GONE)
    assert all(next_batch(old, locator) != list(GONE) for locator in locators[1:])


def test_from_version_56_cursors_are_not_counted(small_batches: Service) -> None:
    client = small_batches.client("alice@acme.com", version="56.0")
    locators = [first_batch(client) for _ in range(20)]

    assert all(next_batch(client, locator) != list(GONE) for locator in locators)


def test_up_to_version_55_a_cursor_lives_15_minutes_from_its_last_use(small_batches: Service) -> None:
    client = small_batches.client("alice@acme.com", version="55.0")
    used, idle = first_batch(client), first_batch(client)
    small_batches.clock.advance(timedelta(minutes=14))
    second = next_batch(client, used)
    small_batches.clock.advance(timedelta(minutes=14))

    assert next_batch(client, used) == second != list(GONE)
    assert next_batch(client, idle) == list(GONE)


def test_a_locator_asked_twice_leads_to_the_same_batch(small_batches: Service) -> None:
    client = small_batches.client("alice@acme.com")
    locator = first_batch(client)

    assert next_batch(client, locator) == next_batch(client, locator) != list(GONE)


# the org and the user


def test_fiscal_words_follow_the_month_the_org_s_year_begins_with(service: Service) -> None:
    org = service.app.orgs.all()[0]
    table = org.store.schema.records["Organization"]
    with org.store.database.write() as connection:
        connection.execute(update(table).where(table.c.org == org.number).values(FiscalYearStartMonth=7))
    service.clock.set(datetime(2024, 8, 15, tzinfo=UTC))
    client = service.client("admin@acme.com")
    month = "FISCAL_MONTH(SystemModstamp)"
    text = f"SELECT {month} m, COUNT(Id) FROM CollaborationGroup GROUP BY {month}"
    made = client.create("CollaborationGroup", {"Name": "August", "CollaborationType": "Public"})

    assert made.texts("success") == ["true"]
    assert "2" in client.query(text).texts("m")
    found = client.query("SELECT Name FROM CollaborationGroup WHERE CreatedDate = THIS_FISCAL_QUARTER")
    assert "August" in found.texts("Name")


def test_retrieve_of_subscriptions_needs_no_limit(service: Service) -> None:
    sam = service.client("sam@acme.com")
    mia = sam.query("SELECT Id FROM User WHERE Username = 'mia@acme.com'").text("Id") or ""
    made = sam.create("EntitySubscription", {"ParentId": mia, "SubscriberId": sam.user_id})
    asked = "<retrieve><fieldList>ParentId</fieldList><sObjectType>EntitySubscription</sObjectType>"
    answer = sam.call(f"{asked}<ids>{made.text('id')}</ids></retrieve>")

    assert answer.text("ParentId") == mia
    assert sam.query("SELECT ParentId FROM EntitySubscription").fault[0] == "sf:MALFORMED_QUERY"


# FOR VIEW, FOR REFERENCE

WHEN = "SELECT Name, LastViewedDate, LastReferencedDate FROM CollaborationGroup WHERE Name = 'Board'"


def test_for_view_sets_the_dates_of_the_records_found_and_of_the_viewer_alone(service: Service) -> None:
    alice, admin = service.client("alice@acme.com"), service.client("admin@acme.com")
    service.clock.set(datetime(2026, 3, 1, 12, tzinfo=UTC))
    alice.query("SELECT Id FROM CollaborationGroup WHERE Name = 'Board' FOR VIEW")
    mine = alice.query(WHEN)

    assert (mine.text("LastViewedDate") or "").startswith("2026-03-01T12:00")
    assert mine.text("LastReferencedDate") == mine.text("LastViewedDate")
    assert alice.query(WHEN.replace("= 'Board'", "= 'Engineering'")).texts("LastViewedDate") == [None]
    assert admin.query(WHEN).texts("LastViewedDate") == [None]


def test_for_reference_leaves_the_date_of_the_last_view(service: Service) -> None:
    alice = service.client("alice@acme.com")
    service.clock.set(datetime(2026, 3, 1, 12, tzinfo=UTC))
    alice.query("SELECT Id FROM CollaborationGroup WHERE Name = 'Board' FOR VIEW")
    service.clock.set(datetime(2026, 3, 1, 13, tzinfo=UTC))
    alice.query("SELECT Id FROM CollaborationGroup FOR REFERENCE")
    found = alice.query(f"{WHEN} AND LastReferencedDate > 2026-03-01T12:30:00Z ORDER BY LastViewedDate")

    assert (found.text("LastViewedDate") or "").startswith("2026-03-01T12:00")
    assert (found.text("LastReferencedDate") or "").startswith("2026-03-01T13:00")


def test_every_batch_of_a_query_for_view_is_viewed(small_batches: Service) -> None:
    alice = small_batches.client("alice@acme.com")
    header = "<QueryOptions><batchSize>2</batchSize></QueryOptions>"
    locator = alice.query("SELECT Id FROM User ORDER BY Id FOR VIEW", header).text("queryLocator") or ""
    next_batch(alice, locator)

    viewed = "SELECT COUNT() FROM User WHERE LastViewedDate != null"
    assert alice.query(viewed).text("size") == "4"
