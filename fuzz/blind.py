"""Inputs bent at random, led by nothing: `python -m fuzz.blind TARGET [--runs N] [--seed N]`.

Without instrumentation ten times as many go through as in `guided`, from what that has found: the inputs of
build/fuzz where there are any, else the corpus. What breaks a promise is told with its seed and ends the run.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence

from fuzz import corpus, words
from fuzz.alone import MOST_SECONDS
from fuzz.targets import TARGETS

_TOLD_EVERY = 50_000
_MOST_EDITS = 6
_MOST_BYTES = 4096

Edit = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def _cut(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(data, draw)
    return data[:start] + data[end:]


def _repeat(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(data, draw)
    return data[:end] + data[start:end] * draw.randint(1, 3) + data[end:]


def _insert(data: bytes, draw: random.Random, known: Sequence[bytes]) -> bytes:
    start, _ = _span(data, draw)
    return data[:start] + draw.choice(known) + data[start:]


def _replace(data: bytes, draw: random.Random, known: Sequence[bytes]) -> bytes:
    start, end = _span(data, draw)
    return data[:start] + draw.choice(known) + data[end:]


def _change(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(data, draw)
    rest = data[end:] if draw.random() < 0.3 else data[start + 1 :]
    return data[:start] + draw.randbytes(draw.randint(1, 4)) + rest


def _swap(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(data, draw)
    to = draw.randint(0, len(data))
    return data[:to] + data[start:end] + data[to:]


EDITS: tuple[Edit, ...] = (_cut, _repeat, _insert, _replace, _change, _swap)


def _span(data: bytes, draw: random.Random) -> tuple[int, int]:
    start = draw.randint(0, len(data))
    return start, min(len(data), start + draw.randint(0, 20))


def bent(inputs: Sequence[bytes], known: Sequence[bytes], draw: random.Random) -> bytes:
    """One of the inputs, or the beginning of one and the end of another, with some edits."""
    data = draw.choice(inputs)
    if draw.random() < 0.3:
        other = draw.choice(inputs)
        data = data[: draw.randint(0, len(data))] + other[draw.randint(0, len(other)) :]
    for _ in range(draw.randint(1, _MOST_EDITS)):
        data = draw.choice(EDITS)(data, draw, known)
    return data[:_MOST_BYTES]


def main(arguments: Sequence[str]) -> None:
    """Run; an input that breaks a promise is printed, and what it raised goes through."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.blind", description=__doc__)
    parser.add_argument("target", choices=[*TARGETS])
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args(arguments)
    check, draw, inputs = TARGETS[given.target](), random.Random(given.seed), corpus.grown(given.target)
    known = [*words.every(), *(bytes([n]) for n in range(256))]
    longest = 0.0
    for number in range(1, given.runs + 1):
        data = bent(inputs, known, draw)
        began = time.thread_time()
        try:
            check(data)
        except BaseException:
            print(f"seed {given.seed}, input {number}: {data!r}", flush=True)
            raise
        took = time.thread_time() - began
        longest = max(longest, took)
        if took > MOST_SECONDS:
            print(f"slow, {took:.1f} s of processor time: {data!r}", flush=True)
        if number % _TOLD_EVERY == 0 or number == given.runs:
            print(f"{given.target}, seed {given.seed}: {number} inputs, longest {longest:.2f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
