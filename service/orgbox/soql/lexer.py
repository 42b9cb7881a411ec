"""Query text to tokens, in one pass of one regular expression.

A path such as `Owner.Name` is a single token, as in the service; that is why `Owner . Name` is a
syntax error. There are no comments, no double quotes and no quoted names over the API. Source: the
lexical rules of Salesforce's published SOQL parser, tried token by token.
"""

import re
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
END = "end"

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

_TOKEN = re.compile(
    r"""
    (?P<name> [A-Za-z] [A-Za-z0-9_.\x80-\U0010FFFF]* )
  | (?P<symbol> != | <> | [=<>(),:+\-] )
  | (?P<blank> [ \t\r\n]+ )
  | (?P<string> ' (?: [^'\\\n] | \\ [^\n] )* ' )
  | (?P<datetime> \d{4}-\d\d-\d\d [Tt] \d\d:\d\d:\d\d (?: \.\d+ )? (?: [Zz] | [+-]\d\d:?\d\d ) )
  | (?P<date> \d{4}-\d\d-\d\d )
  | (?P<time> \d\d:\d\d:\d\d (?: \.\d+ )? (?: [Zz] | [+-]\d\d:?\d\d ) )
  | (?P<decimal> \d*\.\d+ )
  | (?P<integer> \d+ )
  | (?P<open_string> ' )
  | (?P<useless> [*./_~] )
  | (?P<unknown> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS = {number: name.replace("_", " ") for name, number in _TOKEN.groupindex.items()}
_NAME = _TOKEN.groupindex["name"]
_SYMBOL = _TOKEN.groupindex["symbol"]
_BLANK = _TOKEN.groupindex["blank"]


class Tokens(NamedTuple):
    """Three lists of one length. A kind is one of the constants, a reserved word or a symbol."""

    kinds: list[str]
    texts: list[str]
    offsets: list[int]


def tokenize(text: str, start: int = 0) -> Tokens:
    """All tokens of a text from an offset on and an END token with the text `<EOF>`; never raises.

    What the lexer does not know becomes a token of kind UNKNOWN or OPEN_STRING: whether it is an
    error worth naming is decided where the parser meets it.
    """
    kinds: list[str] = []
    texts: list[str] = []
    offsets: list[int] = []
    for match in _TOKEN.finditer(text, start):
        group = match.lastindex
        if group == _BLANK:
            continue
        word = match.group()
        if group == _NAME:
            lower = word.lower()
            kinds.append(lower if lower in RESERVED else NAME)
        else:
            kinds.append(word if group == _SYMBOL else _KINDS[group or 0])
        texts.append(word)
        offsets.append(match.start())
        if group is not None and _KINDS[group] == OPEN_STRING:
            break
    kinds.append(END)
    texts.append("<EOF>")
    offsets.append(len(text))
    return Tokens(kinds, texts, offsets)
