"""A CSV file into an org, batch by batch. After each batch the results are on disk, then the state file says
how far it went; a run that was interrupted goes on from there.
"""

import csv
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO, Any

from orgbox.tools.partner import Options, Partner, Saved, unsendable

CALLS = {"insert": "create", "update": "update", "upsert": "upsert", "delete": "delete"}
_COLUMN = re.compile(r"[A-Za-z]\w*(\.\w+)?", re.ASCII)
_DONE = {"insert": "Item Created", "update": "Item Updated", "delete": "Item Deleted"}
Line = dict[str, str]


class LoadError(Exception):
    """The file, or the state file, does not fit."""


@dataclass(frozen=True)
class Job:
    """What to do with which file. `nulls` says that an empty cell empties the field."""

    file: Path
    sobject: str
    operation: str
    key: str = ""
    batch: int = 200
    nulls: bool = False

    @property
    def state(self) -> Path:
        """Where it is noted how far the job went."""
        return self.file.with_name(self.file.name + ".state.json")

    @cached_property
    def identity(self) -> dict[str, str]:
        """What must be the same for a job to go on: the file is read once for it."""
        digest = hashlib.sha256(self.file.read_bytes()).hexdigest()
        return {"file": digest, "object": self.sobject, "operation": self.operation, "key": self.key}

    def result(self, kind: str) -> Path:
        """The file of successes or errors."""
        return self.file.with_name(f"{self.file.stem}.{kind}.csv")


@dataclass
class Progress:
    """Rows done, and how; the sizes of the result files after the last whole batch."""

    rows: int = 0
    successes: int = 0
    errors: int = 0
    success_bytes: int = 0
    error_bytes: int = 0


def count(job: Job) -> int:
    """Rows of the file. Raises LoadError for one that does not suit the operation."""
    try:
        with job.file.open(encoding="utf-8-sig", newline="") as source:
            reader = csv.reader(source)
            header = next(reader, [])
            rows = sum(1 for row in reader if row)
    except (csv.Error, UnicodeDecodeError) as error:
        raise LoadError(f"{job.file.name}: {error}") from None
    if not header:
        raise LoadError(f"{job.file.name}: line 1 must have the names of the columns")
    names = {name.lower() for name in header}
    if len(names) < len(header):
        raise LoadError(f"{job.file.name}: line 1: two columns of one name")
    for name in header:
        if not _COLUMN.fullmatch(name):
            raise LoadError(f"{job.file.name}: line 1: {name!r} is no name of a field")
    needed = {"update": "Id", "delete": "Id", "upsert": job.key}.get(job.operation)
    if job.operation == "upsert" and not job.key:
        raise LoadError("upsert needs a key field (--key)")
    if needed and needed.lower() not in names:
        raise LoadError(f"{job.file.name}: line 1: {job.operation} needs a column {needed}")
    return rows


def resume(job: Job, *, fresh: bool = False) -> Progress:
    """How far an earlier run went. Raises LoadError when that was another job."""
    if fresh or not job.state.exists():
        return Progress()
    kept: dict[str, Any] = json.loads(job.state.read_text("utf-8"))
    if kept.pop("job") != job.identity:
        raise LoadError(f"{job.state.name} is of another file or operation; --fresh begins again")
    return Progress(**kept)


def load(job: Job, partner: Partner, progress: Progress, told: Callable[[int], object]) -> Progress:
    """Save the rows that are left; `told` hears how many after each batch. Raises CallFailed, LoadError."""
    with ExitStack() as stack:
        source = stack.enter_context(job.file.open(encoding="utf-8-sig", newline=""))
        reader = csv.DictReader(source, strict=True)
        header = list(reader.fieldnames or ())
        results = _Results(stack, job, header, progress)
        related = any("." in name for name in header)
        options = Options(job.key, partner.targets(job.sobject) if related else None)
        lines = islice(_lines(reader, job), progress.rows, None)
        while batch := list(islice(lines, job.batch)):
            results.add(batch, _save(job, partner, batch, options))
            progress.rows += len(batch)
            note(job, progress)
            told(len(batch))
    job.state.unlink(missing_ok=True)
    return progress


def _lines(reader: "csv.DictReader[str]", job: Job) -> Iterator[Line]:
    try:
        for line in reader:
            if None in line or None in line.values():
                raise LoadError(f"{job.file.name}: line {reader.line_num}: not as many cells as columns")
            yield line
    except csv.Error as error:
        raise LoadError(f"{job.file.name}: line {reader.line_num}: {error}") from None


def _save(job: Job, partner: Partner, batch: list[Line], options: Options) -> list[Saved]:
    """A result for each row; what cannot be sent is refused here."""
    sendable = [line for line in batch if not unsendable(line)]
    if job.operation == "delete":
        answers = iter(partner.delete([_value(line, "Id") for line in sendable]) if sendable else ())
    else:
        rows = [_values(line, job) for line in sendable]
        call = CALLS[job.operation]
        answers = iter(partner.save(call, job.sobject, rows, options) if rows else ())
    return [
        Saved("", False, False, f"{name}: a character that cannot be sent") if (name := unsendable(line))
        else next(answers)
        for line in batch
    ]  # fmt: skip


def _values(line: Line, job: Job) -> Mapping[str, str | None]:
    if job.nulls:
        return {name: value or None for name, value in line.items()}
    return {name: value for name, value in line.items() if value}


def _value(line: Line, name: str) -> str:
    return next(value for key, value in line.items() if key.lower() == name.lower())


def note(job: Job, progress: Progress) -> None:
    """Write the state beside the old one, then in its place: it is always whole."""
    beside = job.state.with_suffix(".new")
    beside.write_text(json.dumps({"job": job.identity, **asdict(progress)}), "utf-8")
    os.replace(beside, job.state)


class _Results:
    """The files of successes and errors, in the form of Data Loader's."""

    def __init__(self, stack: ExitStack, job: Job, header: list[str], progress: Progress) -> None:
        self._job, self._header, self._progress = job, header, progress
        self._successes = _reopened(stack, job.result("success"), progress.success_bytes)
        self._errors = _reopened(stack, job.result("error"), progress.error_bytes)
        plain = [name for name in header if name.lower() != "id"]
        self._success = csv.DictWriter(self._successes, ["ID", *plain, "STATUS"], extrasaction="ignore")
        self._error = csv.DictWriter(self._errors, [*header, "ERROR"], extrasaction="ignore")
        if not progress.rows:
            self._success.writeheader()
            self._error.writeheader()

    def add(self, batch: list[Line], saved: list[Saved]) -> None:
        """Write the results of a batch down, on the disk itself."""
        for line, result in zip(batch, saved, strict=True):
            if result.success:
                created = "Item Created" if result.created else "Item Updated"
                status = _DONE.get(self._job.operation, created)
                self._success.writerow({**line, "ID": result.id, "STATUS": status})
                self._progress.successes += 1
            else:
                self._error.writerow({**line, "ERROR": result.error})
                self._progress.errors += 1
        self._progress.success_bytes = _flush(self._successes)
        self._progress.error_bytes = _flush(self._errors)


def _reopened(stack: ExitStack, path: Path, size: int) -> IO[str]:
    """The file, cut to what is known to be whole."""
    path.touch()
    os.truncate(path, size)
    return stack.enter_context(path.open("a", encoding="utf-8", newline=""))


def _flush(file: IO[str]) -> int:
    file.flush()
    os.fsync(file.fileno())
    return os.fstat(file.fileno()).st_size
