"""The tables of a run, written into their page between their markers, and the plot beside it."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from bench.plot import ratios_svg
from bench.tables import Table

_OF_MANY = ("scale", "wide")
"""Parts about many orgs and many hosts."""


def write(docs: Path, part: str, tables: list[Table]) -> None:
    """Replace what stands between the markers of a part. Raises ValueError if there are none."""
    page = docs / ("scale.md" if part in _OF_MANY else "performance.md")
    start, end = f"<!-- bench: {part} -->\n", f"<!-- end of bench: {part} -->"
    before, found, rest = page.read_text("utf-8").partition(start)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{page.name} has no markers for {part}")
    body = "\n".join([_stamp(), "", *(table.markdown() for table in tables)])
    page.write_text(f"{before}{start}{body}{end}{after}", "utf-8")
    for table in tables:
        if table.title.startswith("CPU a call as a multiple"):
            (docs / "performance.svg").write_text(ratios_svg(table), "utf-8")


def _stamp() -> str:
    cores = os.cpu_count()
    return (
        f"Run of {datetime.now(UTC):%d %B %Y}: Python {platform.python_version()}, {_processor()},"
        f" {cores} cores shared with other work."
    )


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()
