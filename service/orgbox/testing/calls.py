"""The calls an org has answered, for a test to look at and to judge."""

from collections.abc import Iterator, Sequence
from typing import Any

from orgbox.control import ControlClient
from orgbox.frozen import value


@value
class Call:
    """A call; `request` and `response` are its messages with secrets masked, cut after 32 KiB.

    `rows` counts the records of the answer, `status` is that of HTTP: 500 for a fault, 0 for no answer.
    """

    number: int
    name: str
    username: str
    version: int
    dialect: str
    client: str
    milliseconds: float
    status: int
    rows: int
    when: str
    request: str
    response: str


@value
class Finding:
    """A bad habit: the rule's name, a sentence, the numbers of the calls that show it."""

    rule: str
    message: str
    calls: tuple[int, ...]


class Calls(Sequence[Call]):
    """The org's calls, the oldest first; read anew each time."""

    def __init__(self, control: ControlClient, org_id: str) -> None:
        self._control = control
        self._path = ("orgs", org_id, "calls")

    def __getitem__(self, place: Any) -> Any:
        return self._read()[place]

    def __len__(self) -> int:
        return len(self._read())

    def __iter__(self) -> Iterator[Call]:
        return iter(self._read())

    def named(self, name: str) -> list[Call]:
        """The calls of that name."""
        return [call for call in self._read() if call.name == name]

    def one(self, name: str) -> Call:
        """The only call of that name. Raises AssertionError that lists the calls there were."""
        calls = self._read()
        found = [call for call in calls if call.name == name]
        if len(found) != 1:
            listed = ", ".join(call.name for call in calls) or "none"
            raise AssertionError(f"{len(found)} calls {name}() instead of one; calls: {listed}")
        return found[0]

    def clear(self) -> None:
        """Forget them, so that a test sees only what comes from now on."""
        self._control.delete(*self._path)

    def lint(self) -> list[Finding]:
        """Bad habits that the calls show, as docs/testing.md lists them."""
        found = self._control.get(*self._path, "lint")["findings"]
        return [Finding(f["rule"], f["message"], tuple(f["calls"])) for f in found]

    def _read(self) -> list[Call]:
        return [Call(**call) for call in self._control.get(*self._path)["calls"]]
