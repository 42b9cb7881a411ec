"""Corpora as files of one input a line, because thousands of small files are nobody's to read."""

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
WORK = Path("build/fuzz")
"""Where inputs grow."""


def read(target: str) -> list[bytes]:
    """The inputs of a target."""
    lines = (FOLDER / f"{target}.txt").read_text("ascii").splitlines()
    return [ast.literal_eval(line) for line in lines if line]


def grown(target: str) -> list[bytes]:
    """What has grown of a target on this machine, and the corpus."""
    folder = WORK / target
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return [*read(target), *(file.read_bytes() for file in files)]


def write(target: str, inputs: Iterable[bytes]) -> None:
    """Keep these inputs, the short ones first, each once."""
    kept = sorted(set(inputs), key=lambda data: (len(data), data))
    (FOLDER / f"{target}.txt").write_text("".join(f"{data!r}\n" for data in kept), "ascii")


def unpack(target: str, folder: Path) -> None:
    """Put each input into a file, as libFuzzer wants them."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in read(target):
        (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def pack(target: str, folder: Path, most_bytes: int) -> None:
    """Keep the files of a folder that are not too long."""
    write(target, (data for file in folder.iterdir() if len(data := file.read_bytes()) <= most_bytes))
