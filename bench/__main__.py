"""`python -m bench [PART ...]`: run parts, print their tables, write them into docs/performance.md."""

import argparse
import compileall
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bench import clients, compare, console, databases, growth, inside, page, rules, scale, start, wide
from bench.options import QUICK, Options
from bench.tables import Table
from orgbox import __file__ as package

PARTS: dict[str, Callable[[Options], list[Table]]] = {
    "peers": compare.run,
    "inside": inside.run,
    "databases": databases.run,
    "growth": growth.run,
    "rules": rules.run,
    "console": console.run,
    "start": start.run,
    "scale": scale.run,
    "wide": wide.run,
    "clients": clients.run,
}
FULL_SIZES = (1_000, 100_000, 1_000_000, 10_000_000)
FULL_ORGS = (1_000, 10_000, 100_000)


def main(arguments: Sequence[str]) -> None:
    """Run the parts asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="*", help=f"parts to run (default: all): {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="fewer rows, shorter slices")
    most = "growth up to ten million rows, scale to 100,000 orgs"
    parser.add_argument("--full", action="store_true", help=most)
    parser.add_argument("--only", action="append", default=[], help="only contenders of that name")
    parser.add_argument("--no-postgresql", action="store_true", help="growth on SQLite alone")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into the page")
    given = parser.parse_args(arguments)
    for name in given.part:
        if name not in PARTS:
            parser.error(f"no part {name!r}")
    options = QUICK if given.quick else Options()
    if given.full:
        options = replace(options, sizes=FULL_SIZES, orgs=FULL_ORGS)
    only = tuple(word.lower() for word in given.only)
    options = replace(options, only=only, postgresql=not given.no_postgresql)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    compileall.compile_dir(Path(package).parent, quiet=1)  # as pip does when it installs
    for name in given.part or PARTS:
        tables = _timed(name, options)
        if given.write_docs:
            page.write(Path(__file__).parents[1] / "docs", name, tables)


def _timed(name: str, options: Options) -> list[Table]:
    began = time.perf_counter()
    tables = PARTS[name](options)
    for table in tables:
        print(table.text(), flush=True)
    print(f"({name}: {time.perf_counter() - began:.0f} s)\n", flush=True)
    return tables


if __name__ == "__main__":
    main(sys.argv[1:])
