"""Part `rules`: what the rules and the mails of an invitation cost, in one process.

The same 200 invitations are created by `orgbox.org.dml` in three services that differ in their rules
only; they take turns.
"""

import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench.options import Options
from bench.seeding import SOBJECT, orgbox_config, seed_orgbox, user_of
from bench.tables import Table
from bench.workloads import MANY
from orgbox.app import open_orgs
from orgbox.org import dml
from orgbox.org import session as sessions
from orgbox.org.dml import SaveOptions
from orgbox.org.org import Org
from orgbox.org.rulebook import Record, Rules
from orgbox.rules import RULES

VERSION = 66
_CREATES = 5
_ONLY_FILLED = Rules(fill=RULES[SOBJECT].fill)
"""What the platform sets is not a rule: without it the rows would not be the same."""
_VARIANTS: dict[str, Mapping[str, Rules]] = {
    "without rules and mails": {**RULES, SOBJECT: _ONLY_FILLED},
    "with rules, without mails": {**RULES, SOBJECT: replace(RULES[SOBJECT], after_create=())},
    "with all rules and mails": RULES,
}


@dataclass(slots=True)
class Service:
    """An org under some of the rules, and who is signed in to it."""

    name: str
    org: Org
    user_id: str
    session_id: str
    turn: int = 0


def run(options: Options) -> list[Table]:
    """The table of this part."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        seeded, _ = seed_orgbox(Path(folder), options.rows)
        services = [_open(name, seeded) for name in _VARIANTS]
        times: dict[str, list[float]] = {service.name: [] for service in services}
        for turn in range(4 * options.rounds + 1):
            for service in services:
                spent = _create(service)
                if turn:
                    times[service.name].append(spent)
        for service in services:
            service.org.store.database.close()
    bare = median(times[services[0].name])
    rows = [[name, median(spent) * 1e3, median(spent) / bare] for name, spent in times.items()]
    columns = ["create of 200 invitations", "CPU, ms", "ratio"]
    return [Table("The cost of rules and mails", columns, rows)]


def _open(name: str, seeded: Path) -> Service:
    copy = seeded.with_name(name.replace(" ", "") + ".db")
    shutil.copy(seeded, copy)
    org = open_orgs(orgbox_config(f"sqlite:///{copy}"), rules=_VARIANTS[name]).all()[0]
    user_id = user_of(org)
    with org.store.database.write() as connection:
        return Service(name, org, user_id, sessions.start(connection, org, user_id))


def _create(service: Service) -> float:
    """Seconds of CPU of one create, the median of a few; the transaction's end counts."""
    return median(_create_once(service) for _ in range(_CREATES))


def _create_once(service: Service) -> float:
    service.turn += 1
    sobject = service.org.catalog[SOBJECT]
    records = [
        Record(sobject, {
            "InvitedUserEmail": f"rule{service.turn}.{n}@acme.com",
            "OptionalMessage": f"Welcome, number {n}.", "SharedEntityId": service.user_id,
        })
        for n in range(MANY)
    ]  # fmt: skip
    before = time.process_time()
    with service.org.store.database.write() as connection:
        session = sessions.resume(connection, service.org, service.session_id, VERSION)
        results = dml.create(session, records, SaveOptions())
    spent = time.process_time() - before
    refused = next((result for result in results if not result.success), None)
    if refused:
        raise ValueError(f"{service.name}: {refused.errors}")
    return spent
