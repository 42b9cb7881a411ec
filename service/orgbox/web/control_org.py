"""What the control API shows and changes of one org: settings, clock, faults, users, mails, calls.

`api` is the blueprint of `control`, whole only with these views.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound

from orgbox.clock import Clock, moment_text
from orgbox.org import faults, roster
from orgbox.org import session as sessions
from orgbox.org.calllog import Call
from orgbox.org.faults import Rule
from orgbox.org.lint import lint
from orgbox.org.mailbox import Mail
from orgbox.org.org import Org
from orgbox.web.calls import shown
from orgbox.web.control import api, control, sent, the_org
from orgbox.web.desk import desk, number

__all__ = ["api"]
_NO_CONTENT = ("", 204)
_MOST_MAILS = 500


@api.get("/orgs/<org_id>/settings")
def show_settings(org_id: str) -> Response:
    """The org's settings."""
    org = the_org(org_id)
    with desk().orgs.database.read() as connection:
        return jsonify(asdict(sessions.catch_up(connection, org)))


@api.patch("/orgs/<org_id>/settings")
def change_settings(org_id: str) -> Response:
    """Set those that are sent; they hold from the next call on."""
    org = the_org(org_id)
    with desk().orgs.database.write(org=org.number) as connection:
        return jsonify(asdict(desk().orgs.change_settings(connection, org, sent())))


@api.get("/orgs/<org_id>/clock")
def show_clock(org_id: str) -> Response:
    """The time of the org, and how its clock goes."""
    org = the_org(org_id)
    with desk().orgs.database.read() as connection:
        sessions.catch_up(connection, org)
    return _clock_shown(org)


@api.put("/orgs/<org_id>/clock")
def move_clock(org_id: str) -> Response:
    """One of `freeze` (a moment, or null for now), `set` (a moment), `advance` (seconds), `run` (true)."""
    org, values = the_org(org_id), sent()
    if len(values) != 1 or not values.keys() <= _MOVES.keys():
        raise BadRequest(f"the body must hold one of {', '.join(_MOVES)}")
    ((name, value),) = values.items()
    orgs = desk().orgs
    with orgs.database.write(org=org.number) as connection:
        sessions.catch_up(connection, org)
        clock = Clock(orgs.clock.now)
        clock.follow(org.clock.state)
        try:
            _MOVES[name](clock, value)
        except (OverflowError, TypeError) as error:
            raise BadRequest(f"{name}: {value!r}: {error}") from None
        orgs.change_settings(connection, org, {"clock": clock.state})
        sessions.catch_up(connection, org)
    return _clock_shown(org)


def _moment(value: Any) -> datetime:
    """A moment of ISO 8601 text; without a zone it is in UTC. Raises ValueError, TypeError."""
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_MOVES: dict[str, Callable[[Clock, Any], None]] = {
    "freeze": lambda clock, value: clock.freeze(None if value is None else _moment(value)),
    "set": lambda clock, value: clock.set(_moment(value)),
    "advance": lambda clock, value: clock.advance(timedelta(seconds=value)),
    "run": lambda clock, value: clock.follow(""),
}


def _clock_shown(org: Org) -> Response:
    return jsonify(now=moment_text(org.clock.now()), state=org.clock.state)


@api.get("/orgs/<org_id>/faults")
def list_faults(org_id: str) -> Response:
    """The fault rules, and how many calls matched and met each."""
    org = the_org(org_id)
    with desk().orgs.database.read() as connection:
        rules = faults.rules(connection, org)
        return jsonify(faults=[_rule_shown(rule) | faults.times(connection, org, rule) for rule in rules])


@api.post("/orgs/<org_id>/faults")
def add_fault(org_id: str) -> ResponseReturnValue:
    """Add a rule; its fields are those of `orgbox.org.faults.Rule`."""
    org = the_org(org_id)
    rule = faults.make_rule(sent(), control().words)
    with desk().orgs.database.write(org=org.number) as connection:
        faults.add(connection, org, rule)
    return jsonify(_rule_shown(rule)), 201


@api.delete("/orgs/<org_id>/faults")
def clear_faults(org_id: str) -> ResponseReturnValue:
    """Remove all rules."""
    org = the_org(org_id)
    with desk().orgs.database.write(org=org.number) as connection:
        faults.remove(connection, org)
    return _NO_CONTENT


@api.delete("/orgs/<org_id>/faults/<rule_id>")
def remove_fault(org_id: str, rule_id: str) -> ResponseReturnValue:
    """Remove one rule."""
    org = the_org(org_id)
    with desk().orgs.database.write(org=org.number) as connection:
        if not faults.remove(connection, org, rule_id):
            raise NotFound(f"there is no rule {rule_id}")
    return _NO_CONTENT


def _rule_shown(rule: Rule) -> dict[str, Any]:
    """A rule without what it leaves open."""
    empty = Rule()
    return {name: value for name, value in asdict(rule).items() if value != getattr(empty, name)}


@api.get("/orgs/<org_id>/users")
def list_users(org_id: str) -> Response:
    """The org's users."""
    org = the_org(org_id)
    with desk().orgs.database.read() as connection:
        return jsonify(users=roster.users(connection, org))


@api.get("/orgs/<org_id>/mails")
def list_mails(org_id: str) -> Response:
    """The newest mails first; `recipient`, `about`, `before` and `limit` narrow the list."""
    asked = request.args
    mails = desk().mailbox.page(
        the_org(org_id), before=asked.get("before", type=number),
        limit=min(asked.get("limit", 50, type=number), _MOST_MAILS),
        about=asked.get("about"), recipient=asked.get("recipient"),
    )  # fmt: skip
    return jsonify(mails=[_mail_shown(mail) for mail in mails])


@api.get("/orgs/<org_id>/mails/<int:number>")
def show_mail(org_id: str, number: int) -> Response:
    """One mail, as it is delivered too."""
    mail = desk().mailbox.mail(the_org(org_id), number)
    if mail is None:
        raise NotFound(f"there is no mail {number}")
    return jsonify(_mail_shown(mail) | {"raw": mail.raw.decode("utf-8", "replace")})


def _mail_shown(mail: Mail) -> dict[str, Any]:
    names = ("number", "kind", "about", "recipient", "created", "status", "attempts", "reply",
             "subject", "link", "text", "html")  # fmt: skip
    return {name: getattr(mail, name) for name in names}


@api.get("/orgs/<org_id>/calls")
def list_calls(org_id: str) -> Response:
    """The org's calls that this process has answered, the oldest first, with secrets masked."""
    calls = reversed(desk().calls.last(the_org(org_id).number))
    return jsonify(calls=[_call_shown(call) for call in calls])


@api.delete("/orgs/<org_id>/calls")
def clear_calls(org_id: str) -> ResponseReturnValue:
    """Forget the org's calls."""
    desk().calls.clear(the_org(org_id).number)
    return _NO_CONTENT


@api.get("/orgs/<org_id>/calls/lint")
def lint_calls(org_id: str) -> Response:
    """Bad habits that the calls show."""
    found = lint(desk().calls.last(the_org(org_id).number))
    return jsonify(findings=[asdict(finding) for finding in found])


def _call_shown(call: Call) -> dict[str, Any]:
    names = ("number", "name", "username", "version", "dialect", "client", "milliseconds", "status", "rows")
    return {name: getattr(call, name) for name in names} | {
        "when": moment_text(call.when),
        "request": shown(call.request, call.secrets),
        "response": shown(call.response, call.secrets),
    }
