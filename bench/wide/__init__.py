"""Part `wide`: two service hosts behind HAProxy, one PostgreSQL with a streaming replica, and what happens to
calls when a host, a worker or the database is killed under load.

Clients never repeat a call: what fails, fails. Every invitation that was acknowledged is looked for at the
end.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.contenders import NotRun
from bench.network import Machines, Namespaces, network
from bench.options import Options
from bench.tables import Table
from bench.wide.clients import Clients
from bench.wide.cluster import MACHINES, Cluster

_SECONDS = 10.0
_PATIENT_SECONDS = 40.0
"""Who hears nothing takes his time to notice."""


@dataclass(frozen=True)
class _Phase:
    """Something that happens, and how long it is looked at."""

    name: str
    event: Callable[[], object]
    seconds: float = _SECONDS


def run(options: Options) -> list[Table]:
    """A table for replication that commits wait for, and one for replication they do not."""
    try:
        return [_run(options, synchronous=waits) for waits in (True, False)]
    except NotRun as reason:
        return [Table("Two hosts", ["not run"], [[str(reason)]])]


def _run(options: Options, *, synchronous: bool) -> Table:
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="bench", ignore_cleanup_errors=True))
        machines = stack.enter_context(closing(network(MACHINES)))
        cluster = stack.enter_context(closing(Cluster(Path(folder), machines, synchronous=synchronous)))
        clients = Clients(cluster.url, options.connections[-1])
        stack.callback(clients.stop)
        rows = [_row(clients, phase) for phase in _phases(cluster, machines)]
        clients.stop()
        lost = clients.lost()
    kind = "synchronous" if synchronous else "asynchronous"
    note = f"{clients.acknowledged:,} invitations were acknowledged, {lost} of them lost."
    columns = ["what happens", "calls", "failed", "longest call, s", "longest time without an answer, s",
               "failures"]  # fmt: skip
    return Table(f"Two hosts {machines.kind}, two workers each; {kind} replication", columns, rows, [note])


def _phases(cluster: Cluster, machines: Machines) -> Iterator[_Phase]:
    yield _Phase("nothing happens", lambda: None)
    yield _Phase("a host is killed", cluster.kill_host)
    yield _Phase("it is started again", cluster.start_host)
    yield _Phase("a worker of the other is killed", cluster.kill_worker)
    if not isinstance(machines, Namespaces):
        yield _Phase("the primary is killed, the replica promoted a second later", cluster.fail_over)
        return
    yield _Phase("the cable of a host is pulled", partial(machines.pull, "a"), _PATIENT_SECONDS)
    yield _Phase("it is plugged in again", partial(machines.plug, "a"))
    name = "the primary loses power, the replica is promoted a second later"
    yield _Phase(name, cluster.fail_over, _PATIENT_SECONDS)


def _row(clients: Clients, phase: _Phase) -> list[object]:
    clients.begin()
    phase.event()
    time.sleep(phase.seconds)
    seen = clients.end()
    reasons = ", ".join(f"{count} {reason}" for reason, count in seen.reasons.most_common()) or "-"
    return [phase.name, seen.calls, seen.failed, seen.longest, seen.pause, reasons]
