"""Part `wide`: two service hosts behind HAProxy, one PostgreSQL with a streaming replica, and what happens to
calls when a host, a worker or the database is killed under load.

The hosts are processes on loopback addresses of their own. Clients never repeat a call: what fails, fails.
Every invitation that was acknowledged is looked for at the end.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.contenders import NotRun
from bench.options import Options
from bench.tables import Table
from bench.wide.clients import Clients
from bench.wide.cluster import Cluster

_PHASE_SECONDS = 10.0


def run(options: Options) -> list[Table]:
    """A table for replication that commits wait for, and one for replication they do not."""
    try:
        return [_run(options, synchronous=waits) for waits in (True, False)]
    except NotRun as reason:
        return [Table("Two hosts", ["not run"], [[str(reason)]])]


def _run(options: Options, *, synchronous: bool) -> Table:
    with tempfile.TemporaryDirectory(prefix="bench", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(Path(folder), synchronous=synchronous)
        try:
            clients = Clients(cluster.url, options.connections[-1])
            phases: tuple[tuple[str, Callable[[], object]], ...] = (
                ("nothing happens", lambda: None),
                ("a host is killed", cluster.kill_host),
                ("it is started again", cluster.start_host),
                ("a worker of the other is killed", cluster.kill_worker),
                ("the primary is killed, the replica promoted a second later", cluster.fail_over),
            )
            rows = [_phase(clients, name, event) for name, event in phases]
            clients.stop()
            lost = clients.lost()
        finally:
            cluster.stop()
    kind = "synchronous" if synchronous else "asynchronous"
    note = f"{clients.acknowledged:,} invitations were acknowledged, {lost} of them lost."
    columns = ["what happens", "calls", "failed", "longest call, s", "longest time without an answer, s",
               "failures"]  # fmt: skip
    return Table(f"Two hosts, two workers each; {kind} replication", columns, rows, [note])


def _phase(clients: Clients, name: str, event: Callable[[], object]) -> list[object]:
    clients.begin()
    event()
    time.sleep(_PHASE_SECONDS)
    seen = clients.end()
    reasons = ", ".join(f"{count} {reason}" for reason, count in seen.reasons.most_common()) or "-"
    return [name, seen.calls, seen.failed, seen.longest, seen.pause, reasons]
