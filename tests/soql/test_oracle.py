"""Salesforce's own parser as a judge of ours, where Node and `npm install` in oracle/ allow."""

import json
import random
import re
import shutil
import subprocess

import pytest

from orgbox.errors import ApiFault
from orgbox.limits import STRICT
from orgbox.soql import parse
from soql_cases import HERE, load

ORACLE = HERE / "oracle"
HAS_NODE = bool(shutil.which("node")) and (ORACLE / "node_modules").is_dir()
WORDS = (
    "SELECT FROM WHERE AND OR NOT IN LIKE ( ) , = != <> < > : 'a' 5 -5 1.5 TRUE NULL TODAY x.y Name "
    "COUNT COUNT() GROUP BY ORDER ASC NULLS FIRST LIMIT OFFSET HAVING ROLLUP TYPEOF WHEN THEN ELSE "
    "END USING SCOPE AS WITH DATA CATEGORY AT FOR VIEW UPDATE INCLUDES + 2020-01-01 DISTANCE * / ;"
).split()
OURS = ("Invalid date", "Invalid time", "Invalid string", "Line breaks")
"""Texts of faults that the published parser leaves to a later step, or words for developers."""


def _changed(query: str, shuffler: random.Random) -> str:
    words = re.findall(r"'(?:[^'\\\n]|\\.)*'|[A-Za-z_][\w.]*|\d[\w:.+-]*|\s+|.", query, re.DOTALL)
    place = shuffler.randrange(len(words))
    chosen = shuffler.choice([[], [f" {shuffler.choice(WORDS)} "]])
    words[place : place + shuffler.randrange(2)] = chosen
    return "".join(words)


def _ours(query: str) -> tuple[list[int], str] | None:
    try:
        parse(query, STRICT)
    except ApiFault as fault:
        return [fault.row, fault.column], fault.message.split("\n")[-1]  # type: ignore[attr-defined]
    return None


@pytest.mark.needs_node
@pytest.mark.skipif(not HAS_NODE, reason="needs Node and npm install in tests/soql/oracle")
def test_verdict_and_place_are_those_of_the_service_s_own_parser() -> None:
    shuffler = random.Random(20240515)
    written = [re.sub(r"\{id:\w+\}", "005000000000001AAA", case.query) for case in load()]
    queries = written + [_changed(shuffler.choice(written), shuffler) for _ in range(3_000)]
    asked = "".join(json.dumps(query) + "\n" for query in queries)
    answer = subprocess.run(
        ["node", "verdict.js"], cwd=ORACLE, input=asked, capture_output=True, text=True, check=True
    )
    verdicts = [json.loads(line) for line in answer.stdout.splitlines()]
    misjudged, misplaced = [], []
    for query, theirs in zip(queries, verdicts, strict=True):
        ours = _ours(query)
        if ours and ours[1].startswith(OURS) or re.search(r"\b(bind|lookup)\b|\$", query, re.I):
            continue
        if (ours is None) != (theirs is None):
            misjudged.append(query)
        elif ours and theirs[:2] != ours[0]:
            misplaced.append((query, theirs, ours))

    assert misjudged == []
    assert len(misplaced) <= len(queries) // 200, misplaced
