"""The Python on the pages runs as it stands and prints what stands below it."""

import re
from pathlib import Path
from typing import Any

import pytest

from orgbox_client import Connection
from service import Service

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/clients.md", "docs/signing-in.md", "docs/tls.md")
ADDRESS = "http://127.0.0.1:8080"
_BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n^```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_the_python_on_a_page_prints_what_it_says(
    page: str, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = _BLOCK.findall((ROOT / page).read_text("utf-8"))
    names: dict[str, Any] = {}
    assert blocks

    for code, printed in blocks:
        exec(compile(code.replace(ADDRESS, service.url), page, "exec"), names)
        assert capsys.readouterr().out == printed

    for value in names.values():
        if isinstance(value, Connection):
            value.close()
