"""Record ids: three characters of key prefix, twelve of number, three of checksum.

The first 15 characters are case-sensitive; the checksum makes the 18-character form safe where case is
lost. Rule: each group of five gives a number whose bit i says that character i is an upper-case letter;
the number picks one of `ABCDEFGHIJKLMNOPQRSTUVWXYZ012345` (checked against recorded ids).
"""

from itertools import product

EMPTY_ID = "000000000000000AAA"
LENGTH = 18
"""Characters of an id as it is stored."""
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE = {character: number for number, character in enumerate(_DIGITS)}
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_CASES = str.maketrans({digit: "1" if digit.isupper() else "0" for digit in _DIGITS})
_SUFFIX_OF = {
    "".join(cases): _SUFFIX[int("".join(reversed(cases)), 2)] for cases in product("01", repeat=5)
}
"""The character for a group, by the cases of its five: 1 for each upper-case letter."""
_NUMBER_LENGTH = 12
_CAPITAL = [character.isupper() for character in _DIGITS]


def checksum(id15: str) -> str:
    """The three characters that make 15 into 18. Raises KeyError for what is no letter and no digit."""
    cases = id15.translate(_CASES)
    return _SUFFIX_OF[cases[:5]] + _SUFFIX_OF[cases[5:10]] + _SUFFIX_OF[cases[10:15]]


def _group_checksum(group: str) -> str:
    return _SUFFIX_OF[group.translate(_CASES)]


def _capitals(group: str) -> int:
    """The number whose bit i says that character i is an upper-case letter."""
    return sum(1 << i for i, character in enumerate(group) if "A" <= character <= "Z")


def normalize(text: str) -> str | None:
    """The 18-character form of an id of 15 or 18 characters, or None if it is not an id.

    An 18-character id with a wrong checksum is not an id.
    """
    if len(text) not in (15, 18):
        return None
    try:
        whole = text[:15] + checksum(text[:15])
    except KeyError:
        return None
    return whole if whole.startswith(text) else None


def make(prefix: str, number: int) -> str:
    """The 18-character id of a key prefix and a number from 0 to 62**12 - 1."""
    digits = []
    for _ in range(_NUMBER_LENGTH):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    id15 = prefix + "".join(reversed(digits))
    return id15 + checksum(id15)


def sequence(prefix: str, first: int, count: int) -> list[str]:
    """The ids of `count` numbers from `first` on: as `make`, with what they share worked out once."""
    made: list[str] = []
    block = -1
    for n in range(first, first + count):
        high, low = divmod(n, _BLOCK)
        if high != block:
            block = high
            head = make(prefix, n)[:13]
            shared = _group_checksum(head[:5]) + _group_checksum(head[5:10])
            capitals = _capitals(head[10:])
        i, j = divmod(low, 62)
        last = _SUFFIX[capitals + (_CAPITAL[i] << 3) + (_CAPITAL[j] << 4)]
        made.append(f"{head}{_DIGITS[i]}{_DIGITS[j]}{shared}{last}")
    return made


_BLOCK = 62 * 62
"""Numbers whose ids differ in the last two digits only."""


def number(id_: str) -> int:
    """The number inside an id, the inverse of `make`."""
    result = 0
    for character in id_[3:15]:
        result = result * 62 + _VALUE[character]
    return result
