"""Salesforce's own parser as a judge of ours, over queries good and broken; needs Node and oracle/."""

import json
import os
import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable

import pytest

from orgbox.errors import ApiFault
from orgbox.limits import STRICT
from orgbox.soql import parse
from soql_cases import HERE, load
from soql_grammar import Writer

ORACLE = HERE / "oracle"
MISSING = "needs Node and npm: make test installs the oracle where they are on the PATH"
WORDS = (
    "SELECT FROM WHERE AND OR NOT IN LIKE ( ) , = != <> < > : 'a' 5 -5 1.5 TRUE NULL TODAY x.y Name "
    "COUNT COUNT() GROUP BY ORDER ASC NULLS FIRST LIMIT OFFSET HAVING ROLLUP TYPEOF WHEN THEN ELSE "
    "END USING SCOPE AS WITH DATA CATEGORY AT FOR VIEW UPDATE INCLUDES + 2020-01-01 DISTANCE * / ;"
).split()
OURS = ("Invalid date", "Invalid time", "Invalid string", "Line breaks")
"""Texts of faults that the published parser leaves to a later step, or words for developers."""

WORDED = {
    r"no viable alternative at input '(.*)'": "unexpected token: '{0}'",
    r"(?:mismatched|extraneous) input '(.*)' expecting .*": "unexpected token: '{0}'",
    r"missing .* at '(.*)'": "missing value at '{0}'",
    r"token recognition error at: '(.*)'": "line {1}:{2} unexpected token: '{0}'",
}
"""What the parser reports and how the service words it, as the Summer '24 release notes announced."""

_BROKEN, _WRITTEN = 4_000, 2_000


def _changed(query: str, shuffler: random.Random) -> str:
    words = re.findall(r"'(?:[^'\\\n]|\\.)*'|[A-Za-z_][\w.]*|\d[\w:.+-]*|\s+|.", query, re.DOTALL)
    place = shuffler.randrange(len(words))
    chosen = shuffler.choice([[], [f" {shuffler.choice(WORDS)} "]])
    words[place : place + shuffler.randrange(2)] = chosen
    return "".join(words)


def _queries() -> list[str]:
    """Those of the cases, some written by the grammar, and both with a word lost, added or changed."""
    shuffler = random.Random(20240515)
    known = [re.sub(r"\{id:\w+\}", "005000000000001AAA", case.query) for case in load()]
    written = [Writer(shuffler).query() for _ in range(_WRITTEN)]
    broken = [_changed(shuffler.choice(known + written), shuffler) for _ in range(_BROKEN)]
    return known + written + broken


def _ours(query: str) -> tuple[list[int], str] | None:
    try:
        parse(query, STRICT)
    except ApiFault as fault:
        return [fault.row, fault.column], fault.message.split("\n")[-1]  # type: ignore[attr-defined]
    return None


def _theirs(queries: list[str]) -> list[list[object] | None]:
    """Row, column and text of the first error in each query, or None."""
    if not (shutil.which("node") and (ORACLE / "node_modules").is_dir()):
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    asked = "".join(json.dumps(query) + "\n" for query in queries)
    answer = subprocess.run(
        ["node", "verdict.js"], cwd=ORACLE, input=asked, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in answer.stdout.splitlines()]


def _worded(row: object, column: object, report: object) -> str:
    for pattern, text in WORDED.items():
        if found := re.fullmatch(pattern, str(report), re.DOTALL):
            return text.format(found[1], row, column)
    raise AssertionError(f"a report of a new kind: {report}")


@pytest.mark.needs_node
def test_verdict_place_and_text_are_those_of_the_service_s_own_parser(
    record_property: Callable[[str, object], None],
) -> None:
    queries = _queries()
    judged: Counter[str] = Counter()
    misjudged, misplaced, misworded = [], [], []
    for query, theirs in zip(queries, _theirs(queries), strict=True):
        ours = _ours(query)
        if ours and ours[1].startswith(OURS) or re.search(r"\b(bind|lookup)\b|\$", query, re.I):
            continue
        judged["good" if theirs is None else "broken"] += 1
        if (ours is None) != (theirs is None):
            misjudged.append((query, theirs, ours))
        elif ours and theirs and theirs[:2] != ours[0]:
            misplaced.append((query, theirs, ours))
        elif ours and theirs and _worded(*theirs) != ours[1]:
            misworded.append((query, theirs, ours))
    count = judged.total()
    record_property(
        "figures",
        f"SOQL against Salesforce's parser: {count} queries ({judged['broken']} broken), "
        f"verdict agrees in {100 - 100 * len(misjudged) / count:.2f} %, "
        f"place in {100 - 100 * len(misplaced) / judged['broken']:.2f} %, "
        f"place and text in {100 - 100 * len(misplaced + misworded) / judged['broken']:.2f} %",
    )

    assert count >= 5_000 and min(judged.values()) >= 1_500
    assert misjudged == []
    assert len(misplaced) <= judged["broken"] // 300, misplaced
    assert len(misworded) <= judged["broken"] // 300, misworded
