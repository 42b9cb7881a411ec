"""`/metrics` for Prometheus: calls, faults and durations of all processes, and how much there is of things.

Open to a scraper on this machine; from elsewhere and through a proxy it takes the control key
(`authorization` in a scrape configuration).
"""

from collections.abc import Iterator

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from orgbox.metrics import BUCKETS
from orgbox.org.census import census
from orgbox.web.control import control, has_key, is_here
from orgbox.web.desk import desk

api = Blueprint("metrics", __name__)
_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")


@api.get("/metrics")
def show() -> Response:
    """The metrics as text."""
    local = is_here(request.remote_addr) and not any(name in request.headers for name in _FORWARDED)
    if not (local or has_key()):
        return Response("unauthorized\n", 401, {"WWW-Authenticate": "Bearer"}, content_type="text/plain")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Service())
    return Response(generate_latest(registry), content_type=_TYPE)


class _Service(Collector):
    """What the service has counted and keeps."""

    def collect(self) -> Iterator[Metric]:
        """The metrics."""
        yield _durations()
        faults = CounterMetricFamily("orgbox_faults", "SOAP faults given, by their code.", labels=["code"])
        for code, count in control().tally.faults():
            faults.add_metric([code], count)
        yield faults
        found = census(desk().orgs)
        yield GaugeMetricFamily("orgbox_orgs", "Orgs there are.", found.orgs)
        yield GaugeMetricFamily("orgbox_sessions", "API sessions that have not been ended.", found.sessions)
        mails = GaugeMetricFamily("orgbox_mails", "Mails kept, by their status.", labels=["status"])
        for status, count in sorted(found.mails.items()):
            mails.add_metric([status.lower()], count)
        yield mails


def _durations() -> Metric:
    """A histogram of each call, its buckets cumulative as Prometheus has them."""
    text = "Seconds that SOAP calls took, as the service sees them."
    metric = HistogramMetricFamily("orgbox_call_seconds", text, labels=["call"])
    for timed in control().tally.timed():
        so_far, buckets = 0, []
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), timed.counts, strict=True):
            so_far += count
            buckets.append((bound, so_far))
        metric.add_metric([timed.call], buckets, timed.seconds)
    return metric
