"""The Python side of SOQL: parsing, and what a query of a known shape costs outside the database.

Belongs to the part `growth`.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.options import Options
from bench.seeding import orgbox_config, seed_orgbox, user_of
from bench.tables import Table
from bench.workloads import FIELDS, address
from orgbox.app import open_orgs
from orgbox.limits import STRICT
from orgbox.org import query
from orgbox.org import session as sessions
from orgbox.soql import Viewer, parse

VERSION = 66
_IDS = ", ".join(f"'0H1000100000{n:03d}'" for n in range(50))
QUERIES = (
    "SELECT Id, InvitedUserEmail, Status, CreatedDate FROM CollaborationInvitation"
    " WHERE InvitedUserEmail = 'bob@acme.com'",
    "SELECT Id, InvitedUserEmail, Status, CreatedBy.Name, CreatedBy.Email, OptionalMessage"
    " FROM CollaborationInvitation WHERE (Status = 'Sent' OR Status = 'Accepted') AND CreatedDate ="
    " LAST_N_DAYS:30 AND InvitedUserEmail LIKE '%@acme.com' ORDER BY CreatedDate DESC NULLS LAST, Id"
    " LIMIT 200 OFFSET 100",
    "SELECT Status, COUNT(Id) total, MAX(CreatedDate) newest, COUNT_DISTINCT(InvitedUserEmail) people"
    " FROM CollaborationInvitation WHERE CreatedDate >= 2025-01-01T00:00:00Z AND CreatedDate <"
    " 2026-01-01T00:00:00Z GROUP BY Status HAVING COUNT(Id) > 10 ORDER BY COUNT(Id) DESC LIMIT 50",
    "SELECT Id, Name, CollaborationType, Owner.Name, (SELECT Id, MemberId, CollaborationRole, Member.Name"
    " FROM GroupMembers WHERE CollaborationRole = 'Admin' ORDER BY CreatedDate LIMIT 5) FROM"
    " CollaborationGroup WHERE CanHaveGuests = TRUE AND IsArchived = FALSE AND (NOT Name LIKE 'Old%')"
    " AND MemberCount >= 10 ORDER BY Name ASC NULLS FIRST",
    "SELECT Id, TYPEOF SharedEntity WHEN User THEN Username, Email, ProfileId WHEN CollaborationGroup"
    " THEN Name, CollaborationType, OwnerId ELSE Name END FROM CollaborationInvitation WHERE Status IN"
    " ('Sent', 'Accepted', 'Canceled') AND InviterId IN (SELECT Id FROM User WHERE IsActive = TRUE AND"
    " Profile.Name != 'Chatter Free User' AND Email LIKE '%@acme.com') AND CreatedDate >"
    f" 2025-06-30T12:00:00.000+02:00 AND Id IN ({_IDS}) AND OptionalMessage != null AND"
    " InvitedUserEmail NOT IN ('a@acme.com', 'b@acme.com', 'c@acme.com', 'd\\'e@acme.com') ORDER BY"
    " CreatedDate DESC NULLS LAST LIMIT 2000 FOR REFERENCE",
)
_ROUNDS = 500
"""Rounds of a measurement, of which the quickest counts: what else runs here makes a round slower."""
_LOOP = 10_000


def run(options: Options) -> list[Table]:
    """Parse times, and the cost of a repeated shape."""
    return [_parse_times(), _repeated_shape()]


def _best(work: Callable[[], object], times: int) -> float:
    """Microseconds of CPU of one call: the least of many rounds."""
    rounds = []
    for _ in range(_ROUNDS):
        before = time.process_time_ns()
        for _ in range(times):
            work()
        rounds.append((time.process_time_ns() - before) / times / 1000)
    return min(rounds)


def _additions() -> int:
    """What the machine is measured by."""
    total = 0
    for number in range(_LOOP):
        total += number
    return total


def _parse_times() -> Table:
    rows: list[list[object]] = [
        [f"{q[:40]}…", len(q), _best(lambda q=q: parse(q, STRICT, version=VERSION), 5)]  # type: ignore[misc]
        for q in QUERIES
    ]
    average = sum(float(str(row[2])) for row in rows) / len(rows)
    rows += [["average", None, average], [f"for comparison: {_LOOP:,} additions", None, _best(_additions, 1)]]
    return Table("Parsing SOQL", ["query", "characters", "microseconds"], rows)


def _repeated_shape() -> Table:
    """A look-up by e-mail, again and again: as a whole, its parts, and the bare driver."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        path, data = seed_orgbox(Path(folder), 10_000)
        orgs = open_orgs(orgbox_config(f"sqlite:///{path}"))
        org = orgs.all()[0]
        with org.store.database.write() as connection:
            session_id = sessions.start(connection, org, user_of(org))
        with org.store.database.read() as connection:
            session = sessions.resume(connection, org, session_id, VERSION)
            catalog, turn = session.catalog, iter(range(10**9))
            viewer = Viewer(session.user.id, session.user.time_zone, session.user.locale,
                            sees_all=False, version=VERSION)  # fmt: skip

            def soql() -> str:
                which = address(next(turn) % len(data.ids))
                return f"SELECT {', '.join(FIELDS)} FROM CollaborationInvitation" \
                       f" WHERE InvitedUserEmail = '{which}'"  # fmt: skip

            def prepare(text: str) -> tuple[str, Any]:
                prepared = org.plans.prepare(text, catalog, viewer)
                values = prepared.values(org.number, org.clock.now()) | {"limit": 2_001}
                return prepared.plan.rows.on("sqlite", values)

            same = soql()
            statement, parameters = prepare(same)
            cursor = connection.connection.cursor()
            rows = [
                ["orgbox.org.query.run, in all",
                 _best(lambda: query.run(session, catalog, soql(), 2_000), 5)],
                ["plan and parameters, new literals", _best(lambda: prepare(soql()), 5)],
                ["plan and parameters, the same text", _best(lambda: prepare(same), 5)],
                ["the bare driver with that SQL",
                 _best(lambda: cursor.execute(statement, parameters).fetchall(), 5)],
            ]  # fmt: skip
            cursor.close()
        orgs.database.close()
    return Table("A repeated shape of query", ["step", "microseconds"], rows)
