"""Habits that work in a test and hurt in production, found in a log of calls.

Sources: the guide's advice (records in batches, query locators, versions to be retired) and what people
report of integrations that broke.
"""

import html
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from orgbox.frozen import value
from orgbox.org.calllog import Call

_SAVING = ("create", "update", "upsert", "delete", "undelete")
_QUERIES = ("query", "queryAll")
_MOST_SINGLES = 5
"""So many calls in a row with one record each are no accident."""
_MOST_LOGINS = 5
_LAST_RETIRED = 30
"""Versions 21.0 to 30.0 are retired since Summer '25 (release notes, "API versions 21.0 to 30.0")."""
_LOGIN_GONE = 65
_LOCATOR = re.compile(rb"<done>false</done>\s*<queryLocator>([^<]+)<")
_QUERY = re.compile(rb"queryString[^>]*>([^<]*)<")
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'")
_TYPE = re.compile(rb"""<(?:\w+:)?type[^>]*>\s*(\w+)\s*<|xsi:type="(?:\w+:)?(\w+)\"""")


@value
class Finding:
    """A habit: the name of the rule, a sentence, the numbers of the calls that show it."""

    rule: str
    message: str
    calls: tuple[int, ...]


def lint(calls: Iterable[Call]) -> list[Finding]:
    """What there is to say about calls, in any order, of one org."""
    ordered = sorted(calls, key=lambda call: call.number)
    return [finding for rule in _RULES for finding in rule(ordered)]


def one_row_per_call(calls: Sequence[Call]) -> Iterator[Finding]:
    """Records saved one by one: each call counts against the day's limit, and takes a round trip."""
    runs: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for call in calls:
        if call.name in _SAVING and call.rows == 1 and call.status == 200:
            runs[call.username, call.name, _sobject(call)].append(call.number)
    for (username, name, sobject), numbers in runs.items():
        if len(numbers) >= _MOST_SINGLES:
            what = f"{name}() of {sobject}" if sobject else f"{name}()"
            text = f"{len(numbers)} calls {what} by {username} with one record each; a call takes 200"
            yield Finding("one_row_per_call", text, tuple(numbers))


def missing_query_more(calls: Sequence[Call]) -> Iterator[Finding]:
    """A result that goes on, never fetched to its end."""
    open_ones: dict[bytes, Call] = {}
    for call in calls:
        if call.name == "queryMore":
            for locator in [known for known in open_ones if known in call.request]:
                del open_ones[locator]
        if found := _LOCATOR.search(call.response):
            open_ones[found[1].strip()] = call
    for call in open_ones.values():
        text = f"{call.name}() by {call.username} answered done=false, and queryMore() never came"
        yield Finding("missing_query_more", text, (call.number,))


def retired_version(calls: Sequence[Call]) -> Iterator[Finding]:
    """API versions the service no longer answers."""
    versions: dict[int, list[int]] = defaultdict(list)
    for call in calls:
        if 0 < call.version <= _LAST_RETIRED:
            versions[call.version].append(call.number)
    for version, numbers in sorted(versions.items()):
        text = f"{len(numbers)} calls of version {version}.0; 21.0 to 30.0 are retired"
        yield Finding("retired_version", text, tuple(numbers))


def login_going_away(calls: Sequence[Call]) -> Iterator[Finding]:
    """login() in versions whose real service has none."""
    numbers = [c.number for c in calls if c.name == "login" and c.version >= _LOGIN_GONE]
    if numbers:
        text = "login() is not available from version 65.0 on, and ends for older ones in Summer '27"
        yield Finding("login_going_away", text, tuple(numbers))


def login_each_time(calls: Sequence[Call]) -> Iterator[Finding]:
    """Signing in again and again where one session would do."""
    by_user: dict[str, list[int]] = defaultdict(list)
    for call in calls:
        if call.name == "login" and call.status == 200:
            by_user[call.username].append(call.number)
    for username, numbers in by_user.items():
        if len(numbers) >= _MOST_LOGINS:
            text = f"{len(numbers)} logins of {username}; a session id can be kept and shared"
            yield Finding("login_each_time", text, tuple(numbers))


def unescaped_quote(calls: Sequence[Call]) -> Iterator[Finding]:
    """A query refused because a value with a quote was glued into it."""
    for call in calls:
        text = soql_of(call)
        if call.name in _QUERIES and call.status != 200 and _has_loose_quote(text):
            said = f"a quote in a value ends the text early, escape it as \\': {text[:200]}"
            yield Finding("unescaped_quote", said, (call.number,))


def soql_of(call: Call) -> str:
    """The query of a call, empty if it has none."""
    found = _QUERY.search(call.request)
    return html.unescape(found[1].decode("utf-8", "replace")) if found else ""


def _has_loose_quote(text: str) -> bool:
    rest = _TEXT.sub("\0", text)
    return "'" in rest or re.search("\0[\\w\0]", rest) is not None


def _sobject(call: Call) -> str:
    found = _TYPE.search(call.request)
    return (found[1] or found[2]).decode() if found else ""


_RULES: tuple[Callable[[Sequence[Call]], Iterator[Finding]], ...] = (
    one_row_per_call,
    missing_query_more,
    retired_version,
    login_going_away,
    login_each_time,
    unescaped_quote,
)
