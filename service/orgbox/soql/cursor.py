"""The reading head over the tokens of one query: what stands here, take it, or say why not."""

from collections.abc import Set

from orgbox.errors import ApiFault
from orgbox.soql import errors
from orgbox.soql.lexer import END, NAME, NAMES, OPEN_STRING, STRING, UNKNOWN, tokenize
from orgbox.soql.nodes import Literal, Name, Values

NOTHING: Set[str] = frozenset()
_LATER = {END, ")", "order", "limit", "offset", "for", "update", "bind"}
AFTER_ITEM = NAMES | {",", "from"}
"""Kinds of tokens that can stand behind an item of a SELECT list."""
AFTER_TEST = frozenset({*_LATER, "and", "or", "with", "group"})
"""Those behind a test, or its value."""
AFTER_KEY = frozenset({*_LATER, ","})
"""Those behind an entry of ORDER BY."""
AFTER_GROUP = AFTER_KEY | {"having"}
"""Those behind an entry of GROUP BY."""
_DEEPEST = 200
"""Brackets within brackets before the service would say the query is too complicated."""


class Cursor:
    """A position in the tokens and the literals met so far.

    `kind` is the kind of the token at the position. `start` is the offset reading begins at.
    """

    __slots__ = (
        "_at",
        "_kinds",
        "_offsets",
        "_pieces",
        "_texts",
        "depth",
        "kind",
        "literals",
        "text",
        "version",
    )

    def __init__(self, text: str, version: int, start: int = 0) -> None:
        self.text = text
        self.version = version
        self._kinds, self._texts, self._offsets = tokenize(text, start)
        self._pieces = self._texts[:]
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
        """The token in lower case if it can be a name, else the empty string."""
        return self._texts[self._at].lower() if self.kind in NAMES else ""

    @property
    def end_of_last(self) -> int:
        """Where the token before this one ends."""
        return self._offsets[self._at - 1] + len(self._texts[self._at - 1])

    def next_kind(self, distance: int = 1) -> str:
        """The kind of a token further on."""
        at = self._at + distance
        return self._kinds[at] if at < len(self._kinds) else END

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

    def expect(self, kind: str, *, before: Set[str] = NOTHING, since: int | None = None) -> None:
        """Step over a token of that kind; a fault if it is another, namely that something is missing
        where what is here can stand behind it.
        """
        if self.kind != kind:
            raise self.wrong({kind}, before=before, since=since)
        self._at += 1
        self.kind = self._kinds[self._at]

    def wrong(
        self, kinds: Set[str], *, before: Set[str] = NOTHING, since: int | None = None
    ) -> ApiFault:
        """The fault for a token that is none of those kinds: unexpected, as always if the next one is,
        or before it one of them is missing. To the service a string is more than one token.
        """
        missing = self.kind in before and (self.kind == STRING or self.next_kind() not in kinds)
        return self.missing() if missing else self.unexpected(since)

    def plain_name(self, since: int | None = None) -> Name:
        """Step over a name that is no word of the language; a fault if the token is none."""
        if self.kind != NAME:
            raise self.unexpected(since)
        return self.name(since)

    def name(self, since: int | None = None) -> Name:
        """Step over a name and return it; a fault if the token is none."""
        if self.kind not in NAMES:
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
        """The token as faults repeat it; of a string that is the quote, and `!` is read for half of `!=`."""
        if self.kind in (STRING, OPEN_STRING):
            return "'"
        token = self._texts[self._at]
        return self.text[self.offset : self.offset + 2] if token == "!" else token

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

    def run(self, kind: str) -> list[tuple[int, str]]:
        """Step over a list up to its closing bracket if all of it is of that kind; offsets and texts,
        nothing where it is not so.
        """
        kinds, first = self._kinds, self._at
        last = first
        while kinds[last] == kind and kinds[last + 1] == ",":
            last += 2
        if kinds[last] != kind or kinds[last + 1] != ")":
            return []
        self.go_to(last + 1)
        listed = slice(first, last + 1, 2)
        return list(zip(self._offsets[listed], self._texts[listed], strict=True))

    def take(self) -> tuple[int, str]:
        """Step over the token here; its offset and text."""
        at = self._at
        self._at = at + 1
        self.kind = self._kinds[at + 1]
        return self._offsets[at], self._texts[at]

    def go_to(self, index: int) -> None:
        """Go to a token by its number."""
        self._at = index
        self.kind = self._kinds[index]

    def keep(self, literal: Literal | Values, marker: str, first: int) -> None:
        """Keep what has the next free index, and put the marker in the shape in place of the tokens
        from number `first` up to here.
        """
        self.literals.append(literal)
        self._pieces[first] = marker
        if more := self._at - first - 1:
            self._pieces[first + 1 : self._at] = [""] * more

    @property
    def shape(self) -> str:
        """The text without its literals and needless blanks."""
        return " ".join(filter(None, self._pieces[:-1]))
