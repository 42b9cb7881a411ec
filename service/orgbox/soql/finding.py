"""What stands in the braces of FIND: words, phrases, wildcards, AND, OR, AND NOT; and what it matches.

Text is a row of words, divided by blanks and punctuation, without regard to case. A word finds equal
words, a phrase words that follow one another; `acme.com` is a phrase of two words. `*` stands for any
characters within a word, `?` for one. Source: SOSL reference, FIND {SearchQuery}.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from orgbox.catalog.fieldtypes import fold
from orgbox.errors import ApiFault
from orgbox.frozen import value
from orgbox.soql.errors import too_complicated

_PIECE = re.compile(
    r"""
    (?P<blank> \s+ )
  | (?P<bracket> [()] )
  | " (?P<phrase> (?: [^"\\] | \\. )* ) "
  | (?P<word> (?: [^\s()"\\] | \\. )+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"[^\W_]+")
_WANTED_WORD = re.compile(r"(?:[^\W_]|[*?])+")
_LETTERS = re.compile(r"[^*?]+")
_DEEPEST = 50
_MOST_WORDS = 100
"""Words in a term; each is looked for in every field."""
_ESCAPED = re.compile(r"\\(.)", re.S)


@value
class Phrase:
    """Words that follow one another, folded, perhaps with wildcards."""

    words: tuple[str, ...]

    @property
    def letters(self) -> int:
        """How many characters it has that are no wildcards."""
        return sum(len(run) for word in self.words for run in _LETTERS.findall(word))

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds the phrase in a text made by `divided`."""
        return re.compile(" " + " ".join(map(_wild, self.words)) + "(?= )")


@value
class Both:
    """Both sides are found, or with `negated` the first and not the second."""

    first: "Term"
    second: "Term"
    negated: bool = False


@value
class Either:
    """One side is found, or both."""

    first: "Term"
    second: "Term"


Term = Phrase | Both | Either
Matches = Callable[[Sequence[object]], bool]


def divided(text: str) -> str:
    """The words of a text, each between blanks."""
    return f" {' '.join(_WORD.findall(fold(text)))} "


def matcher(term: Term) -> Matches:
    """Whether the term is found in the texts of a record; a term may be spread over several."""
    if isinstance(term, Phrase):
        found = term.pattern.search
        return lambda texts: any(found(divided(text)) for text in texts if isinstance(text, str))
    first, second = matcher(term.first), matcher(term.second)
    if isinstance(term, Either):
        return lambda texts: first(texts) or second(texts)
    if term.negated:
        return lambda texts: first(texts) and not second(texts)
    return lambda texts: first(texts) and second(texts)


def longest_run(word: str) -> str:
    """The most characters of a word that stand together without a wildcard."""
    return max(_LETTERS.findall(word), key=len, default="")


def _wild(word: str) -> str:
    """A word as a regular expression that takes no more than linear time."""
    first, *rest = [re.escape(part).replace(r"\?", "[^ ]") for part in re.split(r"\*+", word)]
    if not rest:
        return first
    middle = "".join(f"(?>[^ ]*?{part})" for part in rest[:-1])
    return f"{first}{middle}[^ ]*{rest[-1]}"


def parse_term(text: str, offset: int, refuse: Callable[[str, int], ApiFault]) -> Term | None:
    """The term in the braces, which begin before `offset`; None where there is no word in it.

    `refuse` makes the fault for a text of a fault and an offset.
    """
    return _Reader(text, offset, refuse).term()


class _Reader:
    """Reads a term piece by piece: words and operators in upper case, brackets, phrases in quotes."""

    def __init__(self, text: str, offset: int, refuse: Callable[[str, int], ApiFault]) -> None:
        self._refuse = refuse
        self._pieces = [*self._split(text, offset), ("end", "}", offset + len(text))]
        self._at = 0
        self._depth = 0
        self._words = 0

    def _split(self, text: str, offset: int) -> Iterator[tuple[str, str, int]]:
        at = 0
        while at < len(text):
            match = _PIECE.match(text, at)
            if match is None:
                raise self._unexpected(text[at], offset + at)
            kind = str(match.lastgroup)
            piece = match[kind]
            if kind == "word" and piece.upper() in ("AND", "OR", "NOT"):
                yield piece.upper(), piece, offset + at
            elif kind == "bracket":
                yield piece, piece, offset + at
            elif kind != "blank":
                yield kind, piece, offset + at
            at = match.end()

    def _unexpected(self, piece: str, offset: int) -> ApiFault:
        return self._refuse(f"unexpected token: '{piece}'", offset)

    @property
    def _kind(self) -> str:
        return self._pieces[self._at][0]

    def _wrong(self) -> ApiFault:
        _, piece, offset = self._pieces[self._at]
        return self._unexpected(piece, offset)

    def _accept(self, kind: str) -> bool:
        if self._kind != kind:
            return False
        self._at += 1
        return True

    def term(self) -> Term | None:
        """The whole term."""
        if self._kind == "end":
            return None
        found = self._either()
        if self._kind != "end":
            raise self._wrong()
        return found

    def _either(self) -> Term | None:
        found = self._both()
        while self._accept("OR"):
            found = _combined(Either, found, self._both())
        return found

    def _both(self) -> Term | None:
        """Terms joined by AND, AND NOT, or nothing, which means AND; from left to right."""
        found = self._single()
        while self._kind not in ("end", "OR", ")"):
            negated = self._accept("AND") and self._accept("NOT")
            second = self._single()
            if negated and found and second:
                found = Both(found, second, negated=True)
            elif not negated:
                found = _combined(Both, found, second)
        return found

    def _single(self) -> Term | None:
        if self._accept("("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self._wrong()
            found = self._either()
            if not self._accept(")"):
                raise self._wrong()
            self._depth -= 1
            return found
        kind, piece, _ = self._pieces[self._at]
        if kind not in ("word", "phrase"):
            raise self._wrong()
        self._at += 1
        words = tuple(_WANTED_WORD.findall(fold(_unescaped(piece))))
        self._words += len(words)
        if self._words > _MOST_WORDS:
            raise too_complicated()
        return Phrase(words) if words else None


def _combined(kind: type[Both] | type[Either], first: Term | None, second: Term | None) -> Term | None:
    """Both terms, or the one there is: punctuation alone is no term."""
    return kind(first, second) if first and second else first or second


def _unescaped(piece: str) -> str:
    """The piece without its backslashes; a wildcard behind one is punctuation."""
    return _ESCAPED.sub(lambda m: " " if m[1] in "*?" else m[1], piece)


def phrases(term: Term) -> Iterator[Phrase]:
    """Every phrase of a term."""
    if isinstance(term, Phrase):
        yield term
    else:
        yield from phrases(term.first)
        yield from phrases(term.second)
