"""What Prometheus reads: the calls of all processes, for who may see them."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from inviting import invite
from orgbox.metrics import BUCKETS, Tally
from served import served, workers
from service import Client, Service, start_service


def samples(url: str, **headers: str) -> dict[tuple[str, ...], float]:
    """Values by name and labels."""
    answer = requests.get(f"{url}/metrics", headers=headers, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_calls_faults_and_what_there_is_are_told(service: Service) -> None:
    alice = service.client("alice@acme.com")
    for soql in ("SELECT Id FROM User", "SELECT Nope FROM User", "SELECT"):
        alice.query(soql)
    alice.call("<nothing/>")
    invite(alice, "a@acme.com")

    told = samples(service.url)

    assert told["orgbox_call_seconds_count", "query"] == 3
    assert told["orgbox_call_seconds_bucket", "query", "+Inf"] == 3
    assert 0 < told["orgbox_call_seconds_sum", "query"] < 60
    assert told["orgbox_call_seconds_count", "login"] == told["orgbox_call_seconds_count", "other"] == 1
    assert told["orgbox_faults_total", "INVALID_FIELD"] == told["orgbox_faults_total", "MALFORMED_QUERY"] == 1
    assert told["orgbox_faults_total", "Client"] == 1
    assert told["orgbox_orgs",] == 1 and told["orgbox_sessions",] == 1
    assert told["orgbox_mails", "queued"] == 1


def test_any_worker_tells_of_all_also_of_those_that_died(tmp_path: Path) -> None:
    with served(tmp_path, "--workers", "2") as (process, url):
        alice = Client(url).login("alice@acme.com")
        for _ in range(20):
            alice.http = requests.Session()
            alice.call("<getUserInfo/>")
            alice.http.close()
        for _ in range(8):
            assert samples(url)["orgbox_call_seconds_count", "getUserInfo"] == 20
        for worker in workers(process.pid):
            os.kill(worker, signal.SIGKILL)
        alice.http = requests.Session()
        assert alice.call("<getUserInfo/>").status == 200
        alice.http.close()
        assert samples(url)["orgbox_call_seconds_count", "getUserInfo"] == 21


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a service whose control key is sesame."""
    started = start_service(tmp_path_factory.mktemp("keyed"), control_key="sesame")
    yield started.url
    started.stop()


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 200), ({"X-Forwarded-For": "10.0.0.9"}, 401), ({"Forwarded": "for=10.0.0.9"}, 401),
     ({"X-Real-IP": "10.0.0.9", "Authorization": "Bearer wrong"}, 401),
     ({"X-Forwarded-For": "10.0.0.9", "Authorization": "Bearer sesame"}, 200)],
)  # fmt: skip
def test_a_scraper_here_needs_no_key_and_one_behind_a_proxy_does(
    keyed: str, headers: dict[str, str], status: int
) -> None:
    assert requests.get(f"{keyed}/metrics", headers=headers, timeout=10).status_code == status


def test_durations_fall_into_their_buckets() -> None:
    tally = Tally(["query"], ["FAULT"], slots=2)
    for slot, seconds in ((0, BUCKETS[0]), (1, BUCKETS[0] * 1.01), (1, 99.0)):
        tally.use(slot)
        tally.add("query", "FAULT" if slot else "", seconds)
    tally.add("no such call", "NO_SUCH_FAULT", 0.0)

    query, other = tally.timed()

    assert (query.counts[0], query.counts[1], query.counts[-1], sum(query.counts)) == (1, 1, 1, 3)
    assert query.seconds == pytest.approx(99.00201)
    assert (other.call, other.counts[0]) == ("other", 1)
    assert dict(tally.faults()) == {"FAULT": 2, "other": 1}
