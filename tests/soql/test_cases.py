"""Every case of the *.soql and *.sosl files, executed; and what must hold of any answer."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest

from orgbox import ids
from orgbox.errors import ApiFault, QueryFault
from orgbox.soql import Viewer
from orgbox.soql.shape import Answer, Children, Choice, Compound, Item, Parent, Shape, Value
from soql_bench import NOW, ORG, Bench
from soql_cases import Case, load

Answerer = Callable[[str, Case, Bench], str]


@pytest.mark.parametrize("case", load(), ids=str)
def test_a_query_has_the_outcome_written_below_it(case: Case, bench: Bench) -> None:
    query = _with_ids(case.query, bench)

    assert _outcome(query, case, bench) == _with_ids(case.outcome, bench)


def _with_ids(text: str, bench: Bench) -> str:
    return re.sub(r"\{id:(\w+)\}", lambda m: bench.ids[m[1]], text)


@pytest.mark.parametrize("case", load("sosl"), ids=str)
def test_a_search_has_the_outcome_written_below_it(case: Case, bench: Bench) -> None:
    assert _outcome(case.query, case, bench, _found) == _with_ids(case.outcome, bench)


def _outcome(query: str, case: Case, bench: Bench, answer: Answerer | None = None) -> str:
    try:
        return (answer or _answer)(query, case, bench)
    except ApiFault as fault:
        return _fault(fault, "\n> " in case.outcome)


def _found(query: str, case: Case, bench: Bench) -> str:
    viewer = _viewer(case, bench)
    prepared = bench.plans.prepare_search(query, bench.catalog.as_of(viewer.version), viewer)
    lines: list[str] = []
    for one, first in prepared.queries:
        values = one.values(ORG, NOW)
        rows = bench.run(one.plan.rows, values | {"limit": 1_000, "offset": 0})
        matching = [row for row in rows if prepared.search.matches(row[first:])]
        shown = matching[values["offset"] :][: values["limit"]]
        kind = one.plan.shape.sobject.name
        lines += [f"{kind} {_record(one.plan.shape, row)}" for row in shown]
    return "\n".join(lines[: prepared.search.limit]) or "(none)"


def _fault(fault: ApiFault, with_excerpt: bool) -> str:
    *excerpt, text = fault.message.split("\n")
    place = "-"
    if isinstance(fault, QueryFault) and fault.row >= 0:
        place = f"{fault.row}:{fault.column}"
    elif excerpt:
        row, column = re.findall(r"\d+", excerpt.pop())
        place = f"({row}:{column})"
    lines = [f"> {line}" for line in excerpt[1:3]] if with_excerpt else []
    return "\n".join([f"{fault.code} {place} {text}", *lines])


def _viewer(case: Case, bench: Bench) -> Viewer:
    options = case.options
    return bench.viewer(
        user_id=bench.ids[options.get("viewer", "ada")],
        version=int(options.get("version", 62)),
        time_zone=options.get("zone", "GMT"),
        locale=options.get("locale", "en_US"),
        sees_all=options.get("sees_all", "yes") == "yes",
        fiscal_month=int(options.get("fiscal", 1)),
    )


def _answer(query: str, case: Case, bench: Bench) -> str:
    options, viewer = case.options, _viewer(case, bench)
    now = datetime.fromisoformat(options["now"]) if "now" in options else NOW
    prepared = bench.prepare(query, viewer, all_rows="all_rows" in options)
    plan, values = prepared.plan, prepared.values(ORG, now)
    size = bench.run(plan.count, values)[0][0]
    if plan.counts:
        return f"size {size}"
    rows = bench.run(plan.rows, values)
    assert len(rows) == size
    if not plan.grouped:
        _check_page(bench, prepared, values, rows)
    rows = plan.complete(rows, values, bench.run)
    return "\n".join(_record(plan.shape, row) for row in rows) or "(none)"


def _check_page(bench: Bench, prepared: object, values: dict, rows: list) -> None:
    """The Ids come in the order of the rows, and the page for them has the same rows."""
    plan = prepared.plan
    joined = str(bench.run(plan.ids, values)[0][0] or "")
    found = [joined[at : at + ids.LENGTH] for at in range(0, len(joined), ids.LENGTH)]
    assert found == [row[plan.root_id] for row in rows]
    page = bench.run(plan.page, values | {"ids": found})
    assert sorted(page, key=lambda row: found.index(row[plan.root_id])) == rows


def _record(shape: Shape, row: tuple) -> str:
    return " | ".join(_item(item, row) for item in shape.items)


def _item(item: Item, row: tuple) -> str:
    if isinstance(item, Value):
        return _value(item, row)
    if isinstance(item, Compound):
        shown = ", ".join(f"{p.name}={_value(p, row)}" for p in item.parts if row[p.index] is not None)
        return f"<{shown}>"
    if isinstance(item, Parent):
        return "~" if row[item.present] is None else f"({_record(item.shape, row)})"
    value = row[item.index]
    if value is None:
        return "~"
    if isinstance(item, Children):
        return _children(value)
    assert isinstance(item, Choice)
    shape, inner = value
    return f"{shape.sobject.name}({_record(shape, inner)})"


def _children(answer: Answer) -> str:
    return "[" + "; ".join(_record(answer.shape, row) for row in answer.rows) + "]"


def _value(item: Value, row: tuple) -> str:
    value = row[item.index]
    return "~" if value is None else item.type.encode(value)
