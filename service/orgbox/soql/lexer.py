"""Query text to tokens, split by one regular expression.

A path such as `Owner.Name` is a single token, as in the service; that is why `Owner . Name` is a
syntax error. There are no comments, no double quotes and no quoted names over the API. Source: the
lexical rules of Salesforce's published SOQL parser, tried token by token.
"""

import re
from itertools import accumulate
from string import ascii_letters
from typing import NamedTuple

NAME = "name"
STRING = "string"
INTEGER = "integer"
DECIMAL = "decimal"
DATE = "date"
MOMENT = "datetime"
TIME = "time"
OPEN_STRING = "open string"
UNKNOWN = "unknown"
END = "end of text"

RESERVED = frozenset(
    "and or true false with for limit where else rollup cube having includes excludes in not by "
    "asc desc nulls select from lookup as using null update first last like bind hierarchical".split()
)
"""Words that are never a name."""

SOFT = frozenset(
    "data category at above below above_or_below offset view reference typeof when then end "
    "distance geolocation group order case fields count scope flat".split()
)
"""Words of the language that can name a field, alias or SObject all the same."""

NAMES = SOFT | {NAME}
"""Kinds of tokens that can be a name."""

_ZONE = r"(?: [Zz] | [+-]\d\d:?\d\d )"
_NUMBERS = {
    MOMENT: rf"\d{{4}}-\d\d-\d\d [Tt] \d\d:\d\d:\d\d (?: \.\d+ )? {_ZONE}",
    DATE: r"\d{4}-\d\d-\d\d",
    TIME: rf"\d\d:\d\d:\d\d (?: \.\d+ )? {_ZONE}",
    DECIMAL: r"\d*\.\d+",
    INTEGER: r"\d+",
}
_CLOSED = r"' [^'\\\n]* (?: \\ [^\n] [^'\\\n]* )* '"
_TOKEN = re.compile(
    rf"""(
    [A-Za-z] [A-Za-z0-9_.\x80-\U0010FFFF]*
  | [=(),:+\-] | != | <> | [<>]
  | {_CLOSED}
  | {" | ".join(_NUMBERS.values())}
  | '.*
  | [^ \t\r\n]
    )""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_NUMBER = re.compile(
    "|".join(f"(?P<{kind}> {pattern} )" for kind, pattern in _NUMBERS.items()), re.VERBOSE | re.ASCII
)
_STRING = re.compile(_CLOSED, re.VERBOSE)

_WORDS = {word: word for word in RESERVED | SOFT}
_KNOWN = (
    _WORDS
    | {word.upper(): word for word in _WORDS}
    | {symbol: symbol for symbol in "= ( ) , : + - != <> < > * . / _ ~".split()}
)
"""The kinds of tokens that need no second look."""
_LETTERS = frozenset(ascii_letters)


class Tokens(NamedTuple):
    """Three lists of one length. A kind is one of the constants, a word of the language or a symbol."""

    kinds: list[str]
    texts: list[str]
    offsets: list[int]


def tokenize(text: str, start: int = 0) -> Tokens:
    """All tokens of a text from an offset on and an END token with the text `<EOF>`; never raises.

    What the lexer does not know becomes a token of kind UNKNOWN, what follows an open quote one of kind
    OPEN_STRING: whether it is an error worth naming is decided where the parser meets it.
    """
    pieces = _TOKEN.split(text[start:] if start else text)
    texts = pieces[1::2]
    offsets = list(accumulate(map(len, pieces), initial=start))[1::2]
    known = _KNOWN.get
    kinds = [known(token) or _kind(token) for token in texts]
    if texts and kinds[-1] == STRING and not _STRING.fullmatch(texts[-1]):
        kinds[-1], texts[-1] = OPEN_STRING, "'"
    kinds.append(END)
    texts.append("<EOF>")
    return Tokens(kinds, texts, offsets)


def _kind(token: str) -> str:
    """The kind of a token that is none of the known; of one that begins with a quote, STRING."""
    first = token[0]
    if first in _LETTERS:
        return _WORDS.get(token.lower(), NAME)
    if first == "'":
        return STRING
    number = _NUMBER.fullmatch(token)
    return str(number.lastgroup) if number else UNKNOWN
