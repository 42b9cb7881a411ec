"""docs/soql.md shows what the code executes and refuses."""

from soql_table import PAGE, written


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    assert PAGE.read_text("utf-8") == written(), "run `make soql-table`"
