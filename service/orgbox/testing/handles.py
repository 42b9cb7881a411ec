"""What a test changes in an org and reads from it: settings, clock, faults, mails."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from orgbox.clock import moment_text, parse_moment
from orgbox.control import ControlClient
from orgbox.frozen import value


class Settings:
    """The org's settings as attributes: assigning one changes it at once.

    org.settings.allowed_domains = ["acme.com", "acme.org"]
    """

    def __init__(self, control: ControlClient, org_id: str) -> None:
        object.__setattr__(self, "_patch", lambda values: control.patch(*_of(org_id), **values))
        object.__setattr__(self, "_read", lambda: control.get(*_of(org_id)))

    def __getattr__(self, name: str) -> Any:
        try:
            return self._read()[name]
        except KeyError:
            raise AttributeError(f"no setting {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._patch({name: list(value) if isinstance(value, tuple | set) else value})

    def change(self, **values: Any) -> None:
        """Set several at once. Raises ControlError for what does not fit."""
        self._patch(values)


def _of(org_id: str) -> tuple[str, str, str]:
    return ("orgs", org_id, "settings")


class OrgClock:
    """The time of the org: sessions, CreatedDate, date words in SOQL and invitations go by it."""

    def __init__(self, control: ControlClient, org_id: str) -> None:
        self._control = control
        self._path = ("orgs", org_id, "clock")

    @property
    def now(self) -> datetime:
        """The moment it is in the org, in UTC."""
        return _now(self._control.get(*self._path))

    def freeze(self, moment: datetime | None = None) -> datetime:
        """Stand still, at `moment` or now; returns the moment. Without a zone it is in UTC."""
        return self._move("freeze", None if moment is None else _text(moment))

    def set(self, moment: datetime) -> datetime:
        """Run on from `moment`."""
        return self._move("set", _text(moment))

    def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        """Move on by a duration or by the parts of one: `advance(days=3, hours=1)`."""
        return self._move("advance", (by or timedelta(**parts)).total_seconds())

    def run(self) -> datetime:
        """Go with the system's time again."""
        return self._move("run", True)

    def _move(self, how: str, value: object) -> datetime:
        return _now(self._control.put(*self._path, **{how: value}))


def _text(moment: datetime) -> str:
    return moment_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _now(answer: dict[str, str]) -> datetime:
    return parse_moment(answer["now"])


@value
class Mail:
    """A mail the org wrote. `link` is where its button leads, `about` the Id of what it tells of."""

    number: int
    kind: str
    about: str
    recipient: str
    created: str
    status: str
    attempts: int
    reply: str
    subject: str
    link: str
    text: str
    html: str


class Mailbox(Sequence[Mail]):
    """The mails of the org, the oldest first; read anew each time. At most the newest 500."""

    def __init__(self, control: ControlClient, org_id: str) -> None:
        self._control = control
        self._path = ("orgs", org_id, "mails")

    def __getitem__(self, place: Any) -> Any:
        return self._read()[place]

    def __len__(self) -> int:
        return len(self._read())

    def __iter__(self) -> Iterator[Mail]:
        return iter(self._read())

    def to(self, recipient: str) -> list[Mail]:
        """Mails to an address, the oldest first."""
        return self._read(recipient)

    def _read(self, recipient: str | None = None) -> list[Mail]:
        found = self._control.get(*self._path, recipient=recipient, limit=500)["mails"]
        return [Mail(**mail) for mail in reversed(found)]


class Faults:
    """Rules that make calls of the org fail; docs/testing.md lists their fields."""

    def __init__(self, control: ControlClient, org_id: str) -> None:
        self._control = control
        self._path = ("orgs", org_id, "faults")

    def add(self, code: str = "", **rule: Any) -> str:
        """Add a rule: which calls, what happens to them; returns its Id. Raises ControlError.

        org.faults.add("UNABLE_TO_LOCK_ROW", call="create", rows=[0, 3], count=1)
        """
        given = {name: list(value) if isinstance(value, tuple) else value for name, value in rule.items()}
        return str(self._control.post(*self._path, **({"code": code} if code else {}), **given)["id"])

    def list(self) -> list[dict[str, Any]]:
        """The rules with how many calls `matched`, and how many were `met`."""
        found: list[dict[str, Any]] = self._control.get(*self._path)["faults"]
        return found

    def remove(self, rule_id: str) -> None:
        """Remove a rule. Raises ControlError if there is none of that Id."""
        self._control.delete(*self._path, rule_id)

    def clear(self) -> None:
        """Remove all rules."""
        self._control.delete(*self._path)
