"""The door by which rules come in. `org` runs them, `app` hands them over; it knows none by name.

A rule is a function of one record and the batch it came in. It refuses with RecordError. What a rule
needs to know of other rows is loaded once for the batch by `facts`, never by the rule itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from orgbox.catalog.sobject import SObject
from orgbox.errors import RecordError
from orgbox.frozen import value

if TYPE_CHECKING:
    from orgbox.org.session import Session


@dataclass(slots=True)
class Record:
    """One record of a call. `values` maps field names of the catalogue to stored values, None for null.

    Ids and references hold the text as sent until `dml` has checked them. `before` holds the stored
    values on update and delete. A record with `errors` is refused.
    """

    sobject: SObject
    values: dict[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)
    errors: list[RecordError] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        """The value the record will have: the one sent, else the stored one, else None."""
        try:
            return self.values[name]
        except KeyError:
            return self.before.get(name)

    @property
    def id(self) -> str | None:
        """The record's Id, if it has one."""
        return self["Id"]  # type: ignore[no-any-return]

    def changes(self, name: str) -> bool:
        """Whether an update gives the field another value."""
        return name in self.values and self.values[name] != self.before.get(name)


@dataclass(slots=True)
class Batch:
    """The records of one SObject in one call, who sent them, and the facts its rules asked for.

    `others` holds the same batch with other facts, where rules of two authors each have their own.
    """

    session: "Session"
    sobject: SObject
    records: list[Record]
    facts: Any = None
    others: "dict[Callable[[Batch], Any], Batch]" = field(default_factory=dict)


@value
class Unique:
    """A value that only one record may have: `value` gives it (None claims nothing), `error` the refusal.

    `everywhere` means over all orgs of the service, not only this one; `optional` that an org may be set
    to ask for it, so that older records may have the value without holding it.
    """

    kind: str
    value: Callable[[Record, "Session"], str | None]
    error: Callable[[Record, str], RecordError]
    everywhere: bool = False
    optional: bool = False


RecordRule = Callable[[Record, Batch], None]
BatchRule = Callable[[list[Record], Batch], None]


@value
class Rules:
    """What happens to records of one SObject, in the order written.

    `fill` sets values the platform sets; `before_*` refuse; `after_*` have effects, in the same
    transaction; `instead_of_delete` takes the place of removing the rows.
    """

    facts: Callable[[Batch], Any] | None = None
    fill: tuple[RecordRule, ...] = ()
    unique: tuple[Unique, ...] = ()
    before_create: tuple[RecordRule, ...] = ()
    after_create: tuple[BatchRule, ...] = ()
    before_update: tuple[RecordRule, ...] = ()
    after_update: tuple[BatchRule, ...] = ()
    before_delete: tuple[RecordRule, ...] = ()
    after_delete: tuple[BatchRule, ...] = ()
    instead_of_delete: BatchRule | None = None


NO_RULES = Rules()
_TUPLES = (
    "fill", "unique", "before_create", "after_create", "before_update", "after_update", "before_delete",
    "after_delete",
)  # fmt: skip


def joined(first: Rules, second: Rules) -> Rules:
    """The rules of both, the second ones after the first. Raises ValueError where only one can be."""
    if first.instead_of_delete and second.instead_of_delete:
        raise ValueError("rules: instead_of_delete is taken")
    if first.facts and second.facts:
        second = _apart(second, second.facts)
    return Rules(
        facts=first.facts or second.facts,
        instead_of_delete=first.instead_of_delete or second.instead_of_delete,
        **{name: getattr(first, name) + getattr(second, name) for name in _TUPLES},
    )


def _apart(rules: Rules, facts: Callable[[Batch], Any]) -> Rules:
    """The same rules, with facts that others do not see."""

    def own(batch: Batch) -> Batch:
        if facts not in batch.others:
            made = batch.others[facts] = Batch(batch.session, batch.sobject, batch.records)
            made.facts = facts(made)
        return batch.others[facts]

    def bound(rule: Any) -> Any:
        return lambda subject, batch: rule(subject, own(batch))

    events = {n: tuple(map(bound, getattr(rules, n))) for n in _TUPLES if n != "unique"}
    instead = bound(rules.instead_of_delete) if rules.instead_of_delete else None
    return replace(rules, facts=None, instead_of_delete=instead, **events)


def refuse(records: Iterable[Record], code: str, message: str, fields: Sequence[str] = ()) -> None:
    """Give every record the same error."""
    for record in records:
        record.errors.append(RecordError(code, message, fields))


def good_ones(records: Iterable[Record]) -> list[Record]:
    """The records without an error, in order."""
    return [record for record in records if not record.errors]
