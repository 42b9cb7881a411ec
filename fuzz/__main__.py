"""`python -m fuzz [TARGET ...] [--seconds N] [--runs N] [--keep]`: the targets, one process each in turn."""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from fuzz import corpus, words
from fuzz.corpus import WORK
from fuzz.targets import TARGETS

_LONGEST = {"soap": 4096, "schema": 4096, "ids": 64}
_LONG = 1024
"""Bytes of an input at most."""
_KEPT_BYTES = 1500
"""An input of the corpus is not longer."""


def main(arguments: Sequence[str]) -> int:
    """Fuzz; the exit status tells whether anything was found. What was found is in build/fuzz."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", choices=[[], *TARGETS], help="default: all")
    parser.add_argument("--seconds", type=int, default=120, help="in all, shared out among the targets")
    parser.add_argument("--runs", type=int, default=-1, help="inputs of each target at most")
    parser.add_argument("--keep", action="store_true", help="put what covers new ground into the corpus")
    given = parser.parse_args(arguments)
    names = given.target or list(TARGETS)
    flags = [f"-max_total_time={max(1, given.seconds // len(names))}", f"-runs={given.runs}"]
    failed = [name for name in names if _fuzz(name, flags)]
    if given.keep:
        for name in names:
            corpus.pack(name, WORK / name, _KEPT_BYTES)
    print("fuzz: broken promises in " + ", ".join(failed) if failed else "fuzz: nothing found", flush=True)
    return 1 if failed else 0


def _fuzz(name: str, flags: Sequence[str]) -> int:
    grown = WORK / name
    corpus.unpack(name, grown)
    print(f"== {name}", flush=True)
    return _run(
        name, *flags, f"-max_len={_LONGEST.get(name, _LONG)}", "-timeout=300", "-rss_limit_mb=1500",
        "-print_final_stats=1", f"-artifact_prefix={WORK}/{name}-", f"-dict={words.dictionary(WORK)}",
        str(grown),
    )  # fmt: skip


def _run(name: str, *flags: str) -> int:
    return subprocess.run([sys.executable, "-m", "fuzz.guided", name, *flags], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
