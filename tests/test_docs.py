"""The documentation says what the code says."""

import re
import shutil
from pathlib import Path

import pytest

from bench.__main__ import PARTS
from bench.page import write
from bench.tables import Table
from orgbox.config import SETTINGS

ROOT = Path(__file__).parents[1]


def settings_table() -> str:
    rows = ["| flag | variable | default | |", "|---|---|---|---|"]
    for s in SETTINGS:
        shown = f"`{s.default}`" if s.default != "" else ""
        rows.append(f"| `{s.flag}` | `{s.variable}` | {shown} | {s.help} |")
    return "\n".join(rows)


def test_the_settings_table_lists_every_setting() -> None:
    page = (ROOT / "docs/start.md").read_text("utf-8")

    found = re.search(r"<!-- settings:.*?-->\n(.*?)\n<!-- end of settings -->", page, re.DOTALL)

    assert found and found[1] == settings_table()


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_the_measurements_has_its_place_in_a_page(part: str, tmp_path: Path) -> None:
    for page in ("performance.md", "scale.md"):
        shutil.copy(ROOT / "docs" / page, tmp_path)

    write(tmp_path, part, [Table("Measured", ["figure"], [["seventeen"]])])

    assert sum("seventeen" in page.read_text("utf-8") for page in tmp_path.iterdir()) == 1


PAGES = ["README.md", "SECURITY.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)

    missing = [t for t in targets if not ((ROOT / page).parent / t).exists()]

    assert not missing


def test_the_promises_are_held_by_tests_that_are_there() -> None:
    page = (ROOT / "docs/reliability.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "tests/" in line]
    named = [name for row in rows for name in re.findall(r"`(tests/[^`]+)`", row)]

    missing = []
    for name in named:
        file, _, test = name.partition("::")
        path = ROOT / file
        if not path.exists() or f"def {test}" not in path.read_text("utf-8"):
            missing.append(name)

    assert len(rows) > 30
    assert not missing
