"""What SQL asks of a record so that a search may find it: that it holds the letters searched for."""

from collections.abc import Iterator
from dataclasses import dataclass

from orgbox.catalog import Field
from orgbox.soql import bound
from orgbox.soql.bound import Given, Test
from orgbox.soql.finding import Either, Phrase, Term, longest_run, phrases
from orgbox.soql.nodes import Literal, Values
from orgbox.soql.operands import Branch
from orgbox.soql.values import converter


@dataclass(slots=True)
class Narrowing:
    """The term as tests that every match meets, their patterns literals from number `first` on."""

    term: Term | None
    first: int
    literals: tuple[Literal | Values, ...] = ()

    def __post_init__(self) -> None:
        letters = [longest_run(word) for phrase in self._phrases() for word in phrase.words]
        self.literals = tuple(
            Literal(0, "string", f"%{text}%", text, self.first + number)
            for number, text in enumerate(letters)
        )

    def _phrases(self) -> Iterator[Phrase]:
        return phrases(self.term) if self.term else iter(())

    def test(self, root: Branch, fields: list[Field]) -> Test:
        """What a record of the root must meet, so that one of the fields can match."""
        if self.term is None or not fields:
            return bound.Any(())
        numbers = iter(range(self.first, self.first + len(self.literals)))
        columns = [root.column(field) for field in fields]

        def word() -> Test:
            number = next(numbers)
            return bound.Any(
                tuple(bound.Like(c, "like~", Given(number, converter(c, "LIKE"))) for c in columns)
            )

        def test(term: Term) -> Test:
            if isinstance(term, Phrase):
                return bound.All(tuple(word() for _ in term.words))
            first, second = test(term.first), test(term.second)
            if isinstance(term, Either):
                return bound.Any((first, second))
            return first if term.negated else bound.All((first, second))

        return test(self.term)
