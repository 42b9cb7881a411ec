"""Records as text: many at once must read as one by one does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgbox.soap.template import ESCAPED, PLAIN, Element, Template, Whole, encoded
from orgbox.soap.text import escape, escape_all

TEXTS = st.text(alphabet=st.sampled_from("ab&<>\r\n\t\x1f\x00é\ufffe\ud800\U0001f600"), max_size=4)
ROWS = st.lists(
    st.tuples(st.none() | TEXTS, st.none() | st.booleans(), st.none() | st.just("001")), max_size=60
)


def template() -> Template:
    return Template(
        "<r a=\"{'}\">",
        [
            Element("<t>", "</t>", "<t nil/>", 0, ESCAPED),
            Whole(lambda row: f"<w>{row[1]!s:.1}</w>"),
            Element("<b>", "</b>", "", 1, encoded(lambda value: "true" if value else "false")),
            Element("<i>", "</i>", "<i nil/>", 2, PLAIN),
        ],
        "</r>",
    )


@given(ROWS)
def test_many_records_read_as_one_by_one(rows: list[tuple[object, ...]]) -> None:
    made = template()

    assert "".join(made.many(rows)) == "".join(made.one(row) for row in rows)


def test_a_record_is_written_with_its_nulls() -> None:
    assert template().one(("a & b", None, None)) == (
        "<r a=\"{'}\"><t>a &amp; b</t><w>N</w><i nil/></r>"
    )


@given(st.lists(TEXTS, max_size=40))
def test_texts_are_escaped_together_as_alone(texts: list[str]) -> None:
    assert list(escape_all(texts)) == [escape(text) for text in texts]


@pytest.mark.parametrize("text", ["\x1f", "\ud800", "\ufffe", "\uffff", "\r", "\x00"])
def test_one_rare_character_among_many_texts_is_met(text: str) -> None:
    texts = ["plain"] * 100 + [text] + ["a < b"] * 100

    assert list(escape_all(texts)) == [escape(each) for each in texts]
