"""`python -m soak kill|race|calls [--rounds N | --calls N] [--seed N] ...`."""

import argparse
import sys
import time
from collections.abc import Sequence

from soak.calls import calls
from soak.kill import Broken, kill
from soak.race import race


def main(arguments: Sequence[str]) -> int:
    """Run a part; the exit code is 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    killing = parts.add_parser("kill", help="kill -9 under load")
    killing.add_argument("--rounds", type=int, default=1000)
    racing = parts.add_parser("race", help="calls in each other's way")
    racing.add_argument("--rounds", type=int, default=200)
    racing.add_argument("--workers", type=int, default=3)
    calling = parts.add_parser("calls", help="calls of every kind, and what memory does")
    calling.add_argument("--calls", type=int, default=100_000)
    calling.add_argument("--clients", type=int, default=16)
    for part in (killing, racing, calling):
        part.add_argument("--seed", type=int, default=int(time.time()))
    for part in (killing, racing):
        part.add_argument("--postgresql", default="", help="URL of a server; without it SQLite")
    given = parser.parse_args(arguments)
    try:
        if given.part == "kill":
            kill(given.rounds, given.seed, given.postgresql, _tell)
        elif given.part == "calls":
            calls(given.calls, given.clients, given.seed, _tell)
        else:
            race(given.rounds, given.seed, given.postgresql, _tell, given.workers)
    except Broken as broken:
        _tell(f"BROKEN {broken}")
        return 1
    return 0


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
