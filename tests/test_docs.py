"""The documentation says what the code says."""

import re
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))])
def test_links_between_pages_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)

    missing = [t for t in targets if not ((ROOT / page).parent / t).exists()]

    assert not missing
