"""Part `console`: what the service spends on a page of the console, in one process.

The org has as many invitations and mails as the run has rows. A page's time is the wall clock of the WSGI
call, so it holds the database's too; the goal is 50 ms.
"""

import re
import tempfile
import time
from pathlib import Path
from statistics import median
from urllib.parse import quote

from werkzeug.test import Client, TestResponse

from bench.options import Options
from bench.seeding import orgbox_config, seed_orgbox, user_of
from bench.tables import Table
from bench.workloads import PASSWORD, Data, address
from orgbox.app import App, build
from orgbox.org import outbox
from orgbox.org.outbox import NewLetter, NewMail

_TURNS = 7
_ADMINISTRATOR = "admin@acme.com"
_QUERY = (
    "SELECT Id, InvitedUserEmail, Status, CreatedDate FROM CollaborationInvitation{where}"
    " ORDER BY CreatedDate DESC"
)
_SOQL = "/soql?q="


def run(options: Options) -> list[Table]:
    """The table of this part."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        database, data = seed_orgbox(Path(folder), options.rows)
        app = build(orgbox_config(f"sqlite:///{database}"))
        _queue(app, data)
        browser = Client(app.wsgi)
        _sign_in(browser)
        rows = [[name, *_times(browser, path)] for name, path in _pages(browser, options.rows).items()]
        app.close()
    title = f"Pages of the console, {options.rows:,} invitations and mails"
    return [Table(title, ["page", "median, ms", "longest, ms"], rows)]


def _queue(app: App, data: Data) -> None:
    """A mail for each invitation, as create() would have queued it."""
    org = app.orgs.all()[0]
    facts = {"inviter": "Alice", "org": "Acme", "group": "", "expires": "2027-01-01"}
    letter = NewLetter("invitation", facts)
    mails = [NewMail(letter, id_, address(n)) for n, id_ in enumerate(data.ids)]
    with org.store.database.write() as connection:
        if user_of(org) != data.user_id:
            raise ValueError("the database holds another org")
        outbox.queue(connection, org, mails)


def _pages(browser: Client, rows: int) -> dict[str, str]:
    """Paths by what they show; the second page of a list is the one that the first leads to."""
    following = re.search(r'href="(/invitations\?[^"]*)"', browser.get("/invitations").text)
    if not following:
        raise ValueError("the list of invitations has one page only")
    return {
        "home": "/home",
        "invitations, the newest": "/invitations",
        "invitations, the next page": following[1].replace("&amp;", "&"),
        "invitations that are accepted": "/invitations?status=Accepted",
        "mailbox, the newest": "/mail",
        "mailbox, far back": f"/mail?before={rows // 2}",
        "mailbox of one recipient": f"/mail?to={quote(address(rows // 3))}",
        "people": "/people",
        "groups": "/groups",
        "users": "/setup/users",
        "settings": "/setup/chatter",
        "SOQL, ordered": _SOQL + quote(_QUERY.format(where="")),
        "SOQL, one status, ordered": _SOQL + quote(_QUERY.format(where=" WHERE Status = 'Accepted'")),
    }


def _sign_in(browser: Client) -> None:
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', browser.get("/signin").text)
    if not token:
        raise ValueError("no token on the page for signing in")
    form = {"csrf_token": token[1], "username": _ADMINISTRATOR, "password": PASSWORD}
    _check(browser.post("/signin", data=form), 303)


def _times(browser: Client, path: str) -> tuple[float, float]:
    """Median and longest time of a page in ms, after a first look."""
    _check(browser.get(path), 200)
    times = []
    for _ in range(_TURNS):
        before = time.perf_counter()
        answer = browser.get(path)
        times.append((time.perf_counter() - before) * 1e3)
        _check(answer, 200)
    return median(times), max(times)


def _check(answer: TestResponse, status: int) -> None:
    if answer.status_code != status:
        raise ValueError(f"{answer.request.path} answered {answer.status}")
