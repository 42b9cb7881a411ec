"""Faults on demand: rules that make chosen calls of an org fail as the service does on a bad day.

The rules of an org are in its row of the register, so that every process sees them; how often each was
met and carried out is counted in `orgbox_counter`. Texts of the codes are those seen from the service,
where any were seen.
"""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from difflib import get_close_matches
from functools import lru_cache
from random import Random
from typing import Any

from sqlalchemy import Connection, select, update

from orgbox.frozen import value
from orgbox.org.org import Org

TEXTS = {
    "API_CURRENTLY_DISABLED": "API is currently disabled for this organization",
    "API_DISABLED_FOR_ORG": "API is not enabled for this Organization or Partner",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "entity type cannot be inserted",
    "DUPLICATE_VALUE": "duplicate value found: <unknown> duplicates value on record with id: {id}",
    "ENTITY_IS_DELETED": "entity is deleted",
    "ENTITY_IS_LOCKED": "the entity is locked for editing",
    "EXCEEDED_ID_LIMIT": "exceeded maximum number of results",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "The record was refused by a validation rule.",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "insufficient access rights on cross-reference id",
    "INSUFFICIENT_ACCESS_OR_READONLY": "insufficient access rights on object id",
    "INVALID_CROSS_REFERENCE_KEY": "invalid cross reference id",
    "INVALID_LOGIN": "Invalid username, password, security token; or user locked out.",
    "INVALID_OPERATION": "SOAP API login() is disabled by default in this org. Contact the org "
                         "administrator to enable SOAP API login().",
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": "The users password has expired, you must call SetPassword "
                                               "before attempting any other API operations",
    "INVALID_QUERY_LOCATOR": "invalid query locator",
    "INVALID_SESSION_ID": "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, "
                          "missing session hash: {hash}\nThis error usually occurs after a session expires "
                          "or a user logs out. ",
    "LICENSE_LIMIT_EXCEEDED": "License Limit Exceeded",
    "PASSWORD_LOCKOUT": "Invalid username, password, security token; or user locked out.",
    "QUERY_TIMEOUT": "Your query request was running for too long.",
    "REQUEST_LIMIT_EXCEEDED": "TotalRequests Limit exceeded.",
    "REQUEST_RUNNING_TOO_LONG": "Your request was running for too long, and has been stopped.",
    "SERVER_UNAVAILABLE": "The server is unavailable; please try again later.",
    "STORAGE_LIMIT_EXCEEDED": "storage limit exceeded",
    "UNABLE_TO_LOCK_ROW": "unable to obtain exclusive access to this record or 1 records: {id}",
    "UNKNOWN_EXCEPTION": "An unexpected error occurred. Please include this ErrorId if you contact support: "
                         "1234567890-12345 (1234567890)",
}  # fmt: skip
"""Text of a code that a rule gives none for; `{id}` is the record's Id, `{hash}` that of the session."""

EDGE_PAGE = (
    "<!DOCTYPE html><html><head><title>Service unavailable</title></head>"
    "<body><h1>We are down for maintenance.</h1><p>Sorry for the inconvenience.</p></body></html>"
)
DROPS = ("before", "during", "after")
_LONGEST_DELAY = 600.0
_MOST_RULES = 100


@value
class Rule:
    """Which calls, then what happens to them. What is left empty sets no condition.

    Of the calls that match, the `nth` one, each `every`-th, or each with a `probability` (drawn from
    `seed`, so that a run can be repeated) meets the rule, in all at most `count` times.
    `rows` are places from 0 on in the call's list of records, or "all", or "every 3".
    """

    id: str = ""
    call: str = ""
    sobject: str = ""
    user: str = ""
    nth: int = 0
    every: int = 0
    probability: float = 1.0
    seed: int = 0
    count: int = 0
    delay: float = 0.0
    code: str = ""
    message: str = ""
    rows: str | tuple[int, ...] = ()
    drop: str = ""
    page: int = 0
    body: str = ""

    def chosen(self, row: int) -> bool:
        """Whether the record in that place is refused."""
        if isinstance(self.rows, tuple):
            return row in self.rows
        return self.rows == "all" or (row + 1) % int(self.rows.removeprefix("every ")) == 0

    def text(self, **known: str) -> str:
        """The message, with what is known of the call put in."""
        text = self.message or TEXTS.get(self.code, self.code.replace("_", " ").capitalize())
        for name, fact in known.items():
            text = text.replace(f"{{{name}}}", fact)
        return text


@value
class Vocabulary:
    """The API's own names: ExceptionCode, StatusCode, calls."""

    exceptions: Collection[str]
    statuses: Collection[str]
    calls: Collection[str]


@value
class CallFacts:
    """What rules ask of a call: its name, the SObjects it is about, who makes it."""

    call: str
    sobjects: frozenset[str]
    username: str


def make_rule(values: Mapping[str, Any], words: Vocabulary) -> Rule:
    """A rule of values as JSON has them. Raises ValueError that says what is wrong with which."""
    known = {f.name: f.default for f in fields(Rule) if f.name != "id"}
    for name, wanted in values.items():
        if name not in known:
            raise ValueError(f"no field {name!r}{_near(name, known)}")
        if name != "rows" and not _fits(wanted, known[name]):
            raise ValueError(f"{name}: {wanted!r} is not of type {type(known[name]).__name__}")
        if name in ("nth", "every", "count") and wanted < 1:
            raise ValueError(f"{name}: counts from 1 on")
    given = dict(values)
    if isinstance(given.get("rows"), list):
        given["rows"] = tuple(given["rows"])
    rule = Rule(secrets.token_hex(4), **given)
    _check_effect(rule, words)
    _check_numbers(rule)
    if rule.call and rule.call not in words.calls:
        raise ValueError(f"call: there is no {rule.call!r}{_near(rule.call, words.calls)}")
    return rule


def _fits(value: object, default: object) -> bool:
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)


def _near(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name.upper() if name.isupper() else name, known, n=5, cutoff=0.5)
    return f"; near: {', '.join(near)}" if near else ""


def _check_effect(rule: Rule, words: Vocabulary) -> None:
    effects = [name for name in ("code", "drop", "page") if getattr(rule, name)]
    if len(effects) > 1 or not (effects or rule.delay):
        raise ValueError("a rule has a delay, or one of code, drop and page, or both")
    names = words.statuses if rule.rows else words.exceptions
    if rule.code and rule.code not in names:
        kind = "StatusCode" if rule.rows else "ExceptionCode"
        raise ValueError(f"code: {rule.code!r} is no {kind}{_near(rule.code, names)}")
    if rule.rows and not rule.code:
        raise ValueError("rows: which error they get is said by code")
    if rule.drop and rule.drop not in DROPS:
        raise ValueError(f"drop: {rule.drop!r} is none of {', '.join(DROPS)}")


def _check_numbers(rule: Rule) -> None:
    if not 0 <= rule.probability <= 1:
        raise ValueError(f"probability: {rule.probability!r} is not between 0 and 1")
    if not 0 <= rule.delay <= _LONGEST_DELAY:
        raise ValueError(f"delay: {rule.delay!r} is not between 0 and {_LONGEST_DELAY:.0f} seconds")
    if rule.page and not 200 <= rule.page <= 599:
        raise ValueError(f"page: {rule.page!r} is no HTTP status from 200 on")
    _check_rows(rule.rows)


def _check_rows(rows: object) -> None:
    if isinstance(rows, tuple):
        right = all(type(row) is int and row >= 0 for row in rows)
    else:
        number = rows.removeprefix("every ") if isinstance(rows, str) else ""
        right = rows == "all" or (number != rows and number.isdecimal() and int(number) > 0)
    if not right:
        raise ValueError(f"rows: {rows!r} is neither a list of places nor 'all' nor 'every N'")


@lru_cache(maxsize=256)
def rules_from_text(text: str) -> tuple[Rule, ...]:
    """The rules of a text that `add` wrote."""
    rows = json.loads(text) if text else []
    return tuple(
        Rule(**row | {"rows": tuple(row["rows"]) if isinstance(row["rows"], list) else row["rows"]})
        for row in rows
    )


def rules(connection: Connection, org: Org, *, to_change: bool = False) -> tuple[Rule, ...]:
    """The rules of an org, in the order they are tried; `to_change` keeps others from changing them."""
    table = org.store.schema.system["orgbox_org"]
    statement = select(table.c.faults).where(table.c.org == org.number)
    text = connection.scalar(statement.with_for_update() if to_change else statement)
    return rules_from_text(text or "")


def add(connection: Connection, org: Org, rule: Rule) -> None:
    """Add a rule after those there are. Raises ValueError when there are too many."""
    found = rules(connection, org, to_change=True)
    if len(found) >= _MOST_RULES:
        raise ValueError(f"an org has {_MOST_RULES} rules at most")
    _keep(connection, org, (*found, rule))


def remove(connection: Connection, org: Org, rule_id: str = "") -> bool:
    """Remove a rule, or all without an Id; tells whether there was any."""
    found = rules(connection, org, to_change=True)
    left = [rule for rule in found if rule_id and rule.id != rule_id]
    _keep(connection, org, left)
    return len(left) < len(found)


def _keep(connection: Connection, org: Org, kept: Sequence[Rule]) -> None:
    table = org.store.schema.system["orgbox_org"]
    text = json.dumps([asdict(rule) for rule in kept]) if kept else None
    connection.execute(update(table).where(table.c.org == org.number).values(faults=text))


def choose(connection: Connection, org: Org, call: CallFacts) -> Rule | None:
    """The first rule that a call meets. Each rule counts the calls that match it, met or not."""
    chosen = None
    for rule in rules(connection, org):
        if not _matches(rule, call):
            continue
        n = org.store.count_up(connection, org.number, _counter(rule, "matched"))
        if chosen is None and _meets(rule, n):
            times = org.store.count_up(connection, org.number, _counter(rule, "met"))
            if not rule.count or times <= rule.count:
                chosen = rule
    return chosen


def _matches(rule: Rule, call: CallFacts) -> bool:
    return (
        rule.call in ("", call.call)
        and (not rule.user or rule.user.lower() == call.username.lower())
        and (not rule.sobject or rule.sobject.lower() in {name.lower() for name in call.sobjects})
    )


def _meets(rule: Rule, n: int) -> bool:
    if rule.nth and n != rule.nth:
        return False
    if rule.every and n % rule.every:
        return False
    return rule.probability >= 1 or Random(f"{rule.seed} {n}").random() < rule.probability


def _counter(rule: Rule, what: str) -> str:
    return f"fault {rule.id} {what}"


def times(connection: Connection, org: Org, rule: Rule) -> dict[str, int]:
    """How many calls matched a rule, and how many were met by it."""
    table = org.store.schema.system["orgbox_counter"]
    names = {what: _counter(rule, what) for what in ("matched", "met")}
    found = select(table.c.name, table.c.value).where(
        table.c.org == org.number, table.c.name.in_(names.values())
    )
    counted = {name: value for name, value in connection.execute(found)}
    met = counted.get(names["met"], 0)
    return {
        "matched": counted.get(names["matched"], 0),
        "met": min(met, rule.count) if rule.count else met,
    }
