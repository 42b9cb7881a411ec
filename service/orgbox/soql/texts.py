"""Query texts and what was parsed of them, kept.

Programs ask the same query again with other strings. Such texts are alike: their strings are put into
the literals of the one that was parsed, for a twentieth of the cost of parsing.
"""

import re

from orgbox.limits import Limits
from orgbox.soql.kept import Kept
from orgbox.soql.nodes import Literal, Query
from orgbox.soql.parser import parse

_LONGEST = 10_000
"""Characters of a text that is kept; longer ones would fill the memory before they come again."""
_STRING = re.compile(r"'((?:[^'\\\n]|\\[^\n])*)'")
_MARK = "?s"
"""What stands in a shape for a string whose characters make no difference to the plan."""


class Texts:
    """The `most` texts parsed last, and as many that others are like."""

    def __init__(self, limits: Limits, most: int) -> None:
        self._limits = limits
        self._parsed: Kept[Query] = Kept(most)
        self._models: Kept[Query] = Kept(most)

    def query(self, text: str, version: int) -> tuple[Query, bool]:
        """The query of a text, and whether it is exact.

        If not, its shape and literals are those of the text and the rest is of another text of that
        shape: enough to execute a plan, not to make one. Raises as `parse`.
        """
        if len(text) > _LONGEST:
            return parse(text, self._limits, version=version), True
        found = self._parsed.find(text)
        if found is not None:
            return found, True
        pieces = _STRING.split(text)
        if model := self._models.find(tuple(pieces[::2])):
            if made := self._like(model, text, pieces[1::2]):
                return made, False
        query = parse(text, self._limits, version=version)
        self._parsed.put(text, query)
        if len(pieces) > 1 and query.shape.split(" ").count(_MARK) == len(pieces) // 2:
            self._models.put(tuple(pieces[::2]), query)
        return query, True

    def forget(self, text: str) -> None:
        """Keep a text no longer, as one that is refused: the next mistake is another."""
        self._parsed.drop(text)

    def _like(self, model: Query, text: str, strings: list[str]) -> Query | None:
        """The query of a text that differs from the model's in its strings alone; None if one is unusual."""
        most = self._limits.query_string_characters
        if not all(strings) or any("\\" in string or len(string) > most for string in strings):
            return None
        values = iter(strings)
        literals = [
            Literal(literal.offset, "string", value := next(values), f"'{value}'", literal.index)
            if isinstance(literal, Literal) and literal.kind == "string"
            else literal
            for literal in model.literals
        ]
        return Query(text, model.select, model.shape, tuple(literals), model.limits)


def exactly(query: Query, version: int) -> Query:
    """The query of the text of one that is not exact. Raises as `parse`."""
    return parse(query.text, query.limits, version=version)
