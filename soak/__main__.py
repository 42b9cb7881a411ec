"""`python -m soak kill|race [--rounds N] [--seed N] [--postgresql URL]`."""

import argparse
import sys
import time
from collections.abc import Sequence

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
    for part in (killing, racing):
        part.add_argument("--seed", type=int, default=int(time.time()))
        part.add_argument("--postgresql", default="", help="URL of a server; without it SQLite")
    given = parser.parse_args(arguments)
    try:
        if given.part == "kill":
            kill(given.rounds, given.seed, given.postgresql, _tell)
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
