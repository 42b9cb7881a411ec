"""What holds for every text, and the excerpts of faults as the service was seen to write them."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgbox.errors import ApiFault, QueryFault
from orgbox.limits import STRICT, Limits
from orgbox.soql import parse
from orgbox.soql.errors import block
from soql_cases import load

WORDS = (
    "SELECT Id Name FROM User WHERE AND OR NOT IN LIKE ( ) , = != <> < > : 'a' '%' '\\' 5 -5 .5 TRUE "
    "NULL TODAY LAST_N_DAYS:3 COUNT() GROUP BY ROLLUP ORDER ASC NULLS FIRST LIMIT OFFSET HAVING "
    "TYPEOF WHEN THEN ELSE END USING SCOPE AS WITH DATA CATEGORY AT FOR VIEW UPDATE INCLUDES + "
    "2020-01-01 2020-13-01T00:00:00Z 10:00:00Z DISTANCE GEOLOCATION * ; \n \t é \u2028 \x00"
).split(" ")


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join) | st.text(max_size=200))
def test_a_text_is_parsed_or_refused_with_a_place_in_it(text: str) -> None:
    try:
        parse(text, STRICT)
    except QueryFault as fault:
        rows = text.split("\n")
        assert 1 <= fault.row <= len(rows)
        assert 0 <= fault.column <= len(rows[fault.row - 1])


@pytest.mark.parametrize("case", load(), ids=str)
def test_no_query_breaks_the_parser_when_a_word_of_it_is_lost_or_moved(case) -> None:
    words = re.split(r"(\W)", case.query)
    shuffler = random.Random(case.query)
    for _ in range(10):
        wrong = words[:]
        moved = wrong.pop(shuffler.randrange(len(wrong)))
        if shuffler.random() < 0.5:
            wrong.insert(shuffler.randrange(len(wrong) + 1), moved)
        try:
            parse("".join(wrong), STRICT)
        except ApiFault as fault:
            assert fault.code == "MALFORMED_QUERY"


def test_brackets_nest_deeply_but_not_without_end() -> None:
    parse("SELECT Id FROM User WHERE " + "(" * 150 + "Id = null" + ")" * 150, STRICT)

    with pytest.raises(ApiFault) as caught:
        parse("SELECT Id FROM User WHERE " + "(" * 5_000 + "Id = null" + ")" * 5_000, STRICT)

    assert caught.value.code == "QUERY_TOO_COMPLICATED"


def test_a_statement_has_a_greatest_length() -> None:
    with pytest.raises(QueryFault) as caught:
        parse("SELECT Id FROM User", Limits(query_characters=18))

    assert caught.value.message == "SOQL statements can not be longer than 18 characters."
    assert (caught.value.row, caught.value.column) == (-1, -1)


def test_a_string_has_a_greatest_length() -> None:
    query = "SELECT Id FROM User WHERE Name IN ('a', '{}')"

    parse(query.format("x" * 4_000), STRICT)

    with pytest.raises(QueryFault):
        parse(query.format("x" * 4_001), STRICT)


def test_queries_that_differ_in_their_values_have_one_shape() -> None:
    first = parse("SELECT Id FROM User WHERE Name = 'a' AND City IN ('b') LIMIT 1", STRICT)
    second = parse("SELECT Id FROM User  WHERE Name='x y' AND City IN ('b','c') LIMIT 20", STRICT)

    assert first.shape == second.shape


@pytest.mark.parametrize(
    "other",
    [
        "SELECT Id FROM User WHERE Name = ''",
        "SELECT Id FROM User WHERE Name = null",
        "SELECT Id FROM User WHERE Name = 5",
        "SELECT Id FROM User WHERE Name = TODAY",
        "SELECT Id FROM User WHERE Name LIKE 'a'",
        "SELECT Id FROM User WHERE Name != 'a'",
        "SELECT id FROM User WHERE Name = 'a'",
    ],
)
def test_queries_that_need_another_statement_have_another_shape(other: str) -> None:
    assert parse(other, STRICT).shape != parse("SELECT Id FROM User WHERE Name = 'a'", STRICT).shape


SEEN_EXCERPTS = [
    # excerpt, blanks before the caret, column: answers recorded from the service
    ("OPTIONS (honorEmptyStrings = true) LIMIT 1", 34, 62),
    ("Priority__c FROM Action__c where id in (a080n000001epq1AAA)", 39, 194),
    ("a.Id, a.Name FROM Account a WHERE Idd='00111000002zYnu'", 34, 42),
    ("select adfId, Name, Account.Name from Contact", 7, 8),
    ("CreatedById,OCE__ActualCap__c,TPI_Product__c,Name,OCE__JobId__c", 30, 114),
]


@pytest.mark.parametrize(("excerpt", "caret", "column"), SEEN_EXCERPTS)
def test_excerpt_and_caret_are_as_the_service_was_seen_to_write_them(
    excerpt: str, caret: int, column: int
) -> None:
    line = ("x" * (column - caret - 2) + " " * (column > caret + 1) + excerpt + ", more").removesuffix(
        "" if excerpt.startswith("Created") else ", more"
    )

    lines = block("SELECT\n\n" + line, 3, column, "text").split("\n")

    assert lines == ["", excerpt, " " * caret + "^", f"ERROR at Row:3:Column:{column}", "text"]
