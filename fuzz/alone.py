"""One input in a process of its own, with nothing in its way: `python -m fuzz.alone TARGET < input`.

Prints the seconds of processor time it took. Under instrumentation, in a process that has met a million
inputs, an input may seem slow that is not.
"""

import subprocess
import sys
import time

from fuzz.targets import TARGETS

MOST_SECONDS = 1.0
"""Of processor time, for one input."""


def seconds(target: str, data: bytes) -> float:
    """What an input costs a process that has met no other. Raises CalledProcessError when it is broken."""
    command = [sys.executable, "-m", "fuzz.alone", target]
    return float(subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout)


def main() -> None:
    """Take the input, after one that loads what the first needs."""
    check = TARGETS[sys.argv[1]]()
    check(b"")
    data = sys.stdin.buffer.read()
    began = time.thread_time()
    check(data)
    print(time.thread_time() - began)


if __name__ == "__main__":
    main()
