"""The Python client's own reader: zeep's values for fields of every type; and results of any size."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import zeep
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from steps import invitation, plain, sign_in

from orgbox.cli import main
from orgbox.org.extension import texts_of
from orgbox_client import ApiFault, Connection, QueryResult, Record, quote
from orgbox_client.soap import load_wsdl
from service import Service

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=80)
WHOLE = st.integers(-(10**8), 10**8)
MILLISECONDS = st.integers(-(10**12), 10**13)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Text__c": TEXT,
    "Long__c": TEXT,
    "Kind__c": st.sampled_from(["One", "Two"]),
    "Kinds__c": st.sampled_from(["One", "Two", "One;Two"]),
    "Mail__c": st.just("a.b@example.com"),
    "Call__c": st.just("+47 1234"),
    "Web__c": st.just("https://example.com/?a=b&c"),
    "Count__c": WHOLE,
    "Size__c": WHOLE.map(lambda n: n / 16),
    "Price__c": WHOLE.map(lambda n: n / 4),
    "Share__c": WHOLE.map(lambda n: n / 4),
    "Day__c": st.dates(date(1700, 1, 1), date(4000, 12, 31)),
    "Moment__c": MILLISECONDS.map(lambda n: datetime.fromtimestamp(n / 1000, UTC)),
    "Hour__c": st.integers(0, 86_399).map(lambda s: time(s // 3600, s // 60 % 60, s % 60)),
}
"""Of the fields of thing.toml that may be empty."""
THING = st.fixed_dictionaries(
    {"Good__c": st.booleans()} | {name: st.none() | values for name, values in VALUES.items()}
)
FIELDS = ", ".join(["Id", "Name", "Good__c", *VALUES])
PARENT = "Whole__r.Id, Whole__r.Text__c, Whole__r.Moment__c, CreatedBy.Name, CreatedBy.Profile.Name"
SOQL = f"SELECT {FIELDS}, {PARENT}, (SELECT {FIELDS} FROM Parts__r ORDER BY Id) FROM Thing__c"


def by_zeep(sf: Connection, url: str) -> Callable[[str], Any]:
    """query() by zeep alone, in the enterprise dialect."""
    endpoint = f"{url}/services/Soap/c/66.0"
    client = zeep.Client(endpoint + "?wsdl", transport=zeep.Transport(session=sf._soap._http))
    proxy = client.create_service("{urn:enterprise.soap.sforce.com}SoapBinding", endpoint)
    header = {"SessionHeader": {"sessionId": sf.session_id}}
    return lambda soql: proxy.query(soql, _soapheaders=header).body.result


Readers = tuple[Connection, Connection, Callable[[str], Any]]


@pytest.fixture
def readers(service: Service, tmp_path: Path) -> Iterator[Readers]:
    """The client in either dialect and zeep, signed in to an org that has things."""
    folder = tmp_path / "things"
    folder.mkdir()
    shutil.copy(Path(__file__).with_name("thing.toml"), folder / "Thing__c.toml")
    command = ["schema", "--database", service.app.config.database, "import", str(folder)]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    orgs = service.app.orgs
    [org] = orgs.all()
    service.judge.catalog = orgs.models.make(texts_of(orgs, org)).catalog
    load_wsdl.cache_clear()  # another service may have had the address
    admin = "admin@acme.com"
    with sign_in(service, admin) as sf, sign_in(service, admin, dialect="partner") as partner:
        yield sf, partner, by_zeep(sf, service.url)


def same(ours: Any, theirs: Any) -> bool:
    """Whether a value is what zeep reads; of zeep's records only the fields with values count."""
    if isinstance(ours, Record):
        asked = {name: theirs[name] for name in theirs if theirs[name] not in (None, [])}
        return set(ours) == set(asked) and all(same(ours[name], asked[name]) for name in ours)
    if isinstance(ours, QueryResult):
        return ours.size == theirs.size and all(map(same, ours, theirs.records))
    if isinstance(ours, time):
        return bool(theirs.replace(tzinfo=None) == ours)
    return type(ours) is type(theirs) and bool(ours == theirs)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would make calls for minutes
)
@given(rows=st.lists(THING, min_size=1, max_size=6))
def test_records_are_those_that_zeep_reads(readers: Readers, rows: list[dict[str, Any]]) -> None:
    sf, partner, ask = readers
    things = [sf.new("Thing__c", Name=f"Thing {n}", **row) for n, row in enumerate(rows)]
    sf.insert(things)
    for thing in things[1:]:
        thing.Whole__c = things[0].Id
    sf.update(things[1:])

    soql = f"{SOQL} WHERE Id IN {quote([thing.Id for thing in things])} ORDER BY Id"
    found, theirs = sf.query(soql), ask(soql)

    assert found.size == len(rows) == theirs.size
    assert all(map(same, found, theirs.records)), (list(found), theirs.records)
    assert plain(found) == plain(partner.query(soql)) == plain(list(sf.stream(soql)))
    assert found[0].Parts__r.size == len(rows) - 1


def test_a_stream_goes_through_all_batches_and_fetches_them_as_they_are_wanted(sf: Connection) -> None:
    emails = [f"n{n:03}@acme.com" for n in range(401)]
    for start in (0, 200, 400):
        sf.insert([invitation(sf, email) for email in emails[start : start + 200]])
    soql = "SELECT InvitedUserEmail FROM CollaborationInvitation ORDER BY InvitedUserEmail"

    assert [r.InvitedUserEmail for r in sf.stream(soql, batch_size=200)] == emails

    stream = sf.stream(soql, batch_size=200)
    assert next(stream).InvitedUserEmail == emails[0]
    sf.logout()
    assert [next(stream).InvitedUserEmail for _ in range(199)] == emails[1:200]
    with pytest.raises(ApiFault, match="INVALID_SESSION_ID"):
        next(stream)
