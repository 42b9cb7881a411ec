"""The reading head over the tokens of one query: what stands here, take it, or say why not."""

from orgbox.errors import ApiFault
from orgbox.soql import errors
from orgbox.soql.lexer import END, NAME, OPEN_STRING, SOFT, STRING, UNKNOWN, tokenize
from orgbox.soql.nodes import Literal, Name, Values

_FOLLOWING = frozenset({END, "and", "or", "limit", "with", "for", "update", "bind", "from"})
_DEEPEST = 200
"""Brackets within brackets before the service would say the query is too complicated."""


class Cursor:
    """A position in the tokens and the literals met so far.

    `kind` is the kind of the token at the position. `pieces` become the shape: the texts of all
    tokens, with literals replaced by markers. `start` is the offset reading begins at.
    """

    __slots__ = (
        "_at",
        "_kinds",
        "_offsets",
        "_texts",
        "depth",
        "kind",
        "literals",
        "pieces",
        "text",
        "version",
    )

    def __init__(self, text: str, version: int, start: int = 0) -> None:
        self.text = text
        self.version = version
        self._kinds, self._texts, self._offsets = tokenize(text, start)
        self.pieces = list(self._texts)
        self.literals: list[Literal | Values] = []
        self.depth = 0
        self._at = 0
        self.kind = self._kinds[0]

    @property
    def index(self) -> int:
        """Number of the token."""
        return self._at

    @property
    def offset(self) -> int:
        """Where the token begins."""
        return self._offsets[self._at]

    @property
    def token(self) -> str:
        """The token as typed."""
        return self._texts[self._at]

    @property
    def word(self) -> str:
        """The token in lower case if it is a name, else the empty string."""
        return self._texts[self._at].lower() if self.kind == NAME else ""

    @property
    def end_of_last(self) -> int:
        """Where the token before this one ends."""
        return self._offsets[self._at - 1] + len(self._texts[self._at - 1])

    def next_kind(self, distance: int = 1) -> str:
        """The kind of a token further on."""
        at = self._at + distance
        return self._kinds[at] if at < len(self._kinds) else END

    def next_word(self, distance: int = 1) -> str:
        """The text of a token further on, in lower case."""
        at = self._at + distance
        return self._texts[at].lower() if at < len(self._texts) else ""

    def advance(self) -> None:
        """Step to the next token."""
        self._at += 1
        self.kind = self._kinds[self._at]

    def accept(self, kind: str) -> bool:
        """Step over a token of that kind, if it is one."""
        if self.kind != kind:
            return False
        self._at += 1
        self.kind = self._kinds[self._at]
        return True

    def accept_word(self, word: str) -> bool:
        """Step over a name that reads `word`, without regard to case."""
        if self.kind != NAME or self._texts[self._at].lower() != word:
            return False
        self.advance()
        return True

    def expect(self, kind: str, since: int | None = None) -> None:
        """Step over a token of that kind; a fault if it is another."""
        if self.kind != kind:
            raise self.unexpected(since)
        self._at += 1
        self.kind = self._kinds[self._at]

    def close(self) -> None:
        """Step over a closing bracket; a fault that it is missing if what is here can follow."""
        if self.kind == ")":
            self.advance()
            return
        raise self.missing() if self.next_kind() != ")" and self.can_follow else self.unexpected()

    @property
    def can_follow(self) -> bool:
        """Whether the token begins what comes behind a finished construct."""
        return self.kind in _FOLLOWING or (self.word in ("group", "order") and self.next_kind() == "by")

    def expect_from(self) -> None:
        """Step over FROM; a fault that it is missing where a name stands in its place."""
        if self.kind == NAME and self.next_kind() != "from":
            raise self.missing()
        self.expect("from")

    def expect_word(self, word: str) -> None:
        """Step over a name that reads `word`; a fault if it does not."""
        if not self.accept_word(word):
            raise self.unexpected()

    def plain_name(self, since: int | None = None) -> Name:
        """Step over a name that is no word of the language; a fault if the token is none."""
        if self.word in SOFT:
            raise self.unexpected(since)
        return self.name(since)

    def name(self, since: int | None = None) -> Name:
        """Step over a name and return it; a fault if the token is none."""
        if self.kind != NAME:
            raise self.unexpected(since)
        at = self._at
        self._at = at + 1
        self.kind = self._kinds[at + 1]
        return Name(self._offsets[at], self._texts[at])

    def enter(self) -> None:
        """Note a bracket opened; a fault if they are nested too deeply."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise errors.too_complicated()

    def leave(self) -> None:
        """Note a bracket closed."""
        self.depth -= 1

    @property
    def _shown(self) -> str:
        """The token as faults repeat it; of a string that is the quote."""
        return "'" if self.kind in (STRING, OPEN_STRING) else self._texts[self._at]

    def unexpected(self, since: int | None = None) -> ApiFault:
        """The fault for the token here; `since` is the offset at which the undecided construct
        began.
        """
        offset, token = self.offset, self._shown
        row, column = errors.place(self.text, offset)
        if self._at == 0 and self.version < errors.OLD_TEXTS_BEFORE:
            message = f"unexpected token: {token}"
        elif self.kind == UNKNOWN:
            message = errors.unknown_character(token, row, column, self.version)
        else:
            construct = token
            if since is not None and since < offset:
                construct = self.text[since:offset] + ("" if self.kind == END else token)
            message = errors.unexpected_token(token, construct, self.version)
        return errors.syntax_fault(self.text, offset, message)

    def missing(self) -> ApiFault:
        """The fault for a token before which something is missing."""
        if self.version < errors.OLD_TEXTS_BEFORE or self.kind == UNKNOWN:
            return self.unexpected()
        return errors.syntax_fault(self.text, self.offset, f"missing value at '{self._shown}'")

    def keep(self, literal: Literal, marker: str, first: int, end: int | None = None) -> Literal:
        """Give a literal its index and put the marker in the shape in place of its tokens."""
        self.mark(marker, first, end)
        kept = Literal(literal.offset, literal.kind, literal.value, literal.text, len(self.literals))
        self.literals.append(kept)
        return kept

    def mark(self, marker: str, first: int, end: int | None = None) -> None:
        """Put the marker in the shape in place of the tokens from number `first` up to `end`, by default
        the one here.
        """
        end = self._at if end is None else end
        self.pieces[first:end] = [marker] + [""] * (end - first - 1)

    @property
    def shape(self) -> str:
        """The text without its literals and needless blanks."""
        return " ".join(filter(None, self.pieces[:-1]))
