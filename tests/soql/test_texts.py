"""Texts that differ in their strings alone: what is kept of one must serve the other exactly."""

from dataclasses import replace

import pytest

from orgbox.errors import QueryFault
from orgbox.limits import STRICT
from orgbox.soql.nodes import Literal, Query, Values
from orgbox.soql.parser import parse
from orgbox.soql.texts import Texts

VERSION = 66
START = "SELECT Id FROM User WHERE "
PAIRS = {
    "one string": ("Name = 'a'", "Name = 'bcd'", True),
    "two strings and a number": ("Name = 'a' AND City = 'b' LIMIT 3",
                                 "Name = 'cc' AND City = 'd' LIMIT 3", True),
    "a string in a subquery": ("Id IN (SELECT Id FROM User WHERE Name = 'a')",
                               "Id IN (SELECT Id FROM User WHERE Name = 'b')", True),
    "another number": ("Name = 'a' LIMIT 3", "Name = 'a' LIMIT 4", False),
    "another field": ("Name = 'a'", "City = 'a'", False),
    "an empty string": ("Name = 'a'", "Name = ''", False),
    "an escape": ("Name = 'a'", r"Name = 'it\'s'", False),
    "a pattern, which may need another plan": ("Name LIKE 'a%'", "Name LIKE '%a'", False),
    "a list": ("Name IN ('a')", "Name IN ('b')", False),
    "a unit": ("DISTANCE(Place__c, GEOLOCATION(1, 2), 'mi') < 1",
               "DISTANCE(Place__c, GEOLOCATION(1, 2), 'km') < 1", False),
    "a string with what looks like code": ("Name = 'a'", "Name = '\x00? AND \"'", True),
}  # fmt: skip


@pytest.mark.parametrize("first, second, alike", PAIRS.values(), ids=PAIRS)
def test_a_text_like_another_has_its_own_literals(first: str, second: str, alike: bool) -> None:
    texts = Texts(STRICT, 10)
    texts.query(START + first, VERSION)

    found, exact = texts.query(START + second, VERSION)

    wanted = parse(START + second, STRICT, version=VERSION)
    assert exact is not alike
    assert (found.text, found.shape) == (wanted.text, wanted.shape)
    assert _told(found) == _told(wanted)


def _told(query: Query) -> list[Literal | Values]:
    """The literals without their places, of which an inexact query knows nothing."""
    return [replace(literal, offset=0) for literal in query.literals]


@pytest.mark.parametrize("wrong", ["Name = 'b", "Name = 'b\n'", "Name = b'", "Name = 'b' 'c'", "Name = \x00"])
def test_a_wrong_text_is_refused_though_one_like_it_is_kept(wrong: str) -> None:
    texts = Texts(STRICT, 10)
    texts.query(START + "Name = 'a'", VERSION)

    with pytest.raises(QueryFault):
        texts.query(START + wrong, VERSION)


def test_a_string_that_is_too_long_is_refused_though_a_text_like_it_is_kept() -> None:
    texts = Texts(STRICT, 10)
    texts.query(START + "Name = 'a'", VERSION)

    with pytest.raises(QueryFault, match="longer than"):
        texts.query(START + f"Name = '{'x' * (STRICT.query_string_characters + 1)}'", VERSION)


def test_a_text_asked_again_is_parsed_once() -> None:
    texts = Texts(STRICT, 10)

    first, _ = texts.query(START + "Name = 'a'", VERSION)

    again, exact = texts.query(START + "Name = 'a'", VERSION)
    assert again is first and exact


def test_a_text_is_no_longer_kept_once_it_is_forgotten() -> None:
    texts = Texts(STRICT, 10)
    first, _ = texts.query("SELECT Nothing FROM User", VERSION)

    texts.forget("SELECT Nothing FROM User")

    again, _ = texts.query("SELECT Nothing FROM User", VERSION)
    assert again is not first
