"""The clients in clients/, run against a service, and the table of what they did.

Each folder's `run.sh URL` prints "client DIALECT LIBRARY" and then a line for each step: "ok STEP what it
saw", "FAIL STEP why", or "n/a STEP why the client has no such function". It ends with 0 if no step failed,
or with 69 after "not run: why" if the client cannot be had on the machine.
"""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "clients"
STEPS = (
    "login", "invite", "refused", "query", "queryMore", "retrieve", "describe", "delete", "logout", "expired",
)  # fmt: skip
MARKS = {"ok": "✓", "n/a": "–", "FAIL": "✗"}
NOT_RUN = 69
_COLOUR_OFF = "\x1b[0m"  # Maven writes it even where it is to write no colours


@dataclass(frozen=True)
class Client:
    """A row of clients/clients.toml."""

    folder: str
    name: str
    language: str
    source: str
    dialects: tuple[str, ...]
    debian: tuple[str, ...] = ()
    not_run: str = ""


@dataclass
class SetUp:
    """What one client did in one dialect: by step, the first word of its line and the rest."""

    dialect: str
    library: str
    steps: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def marks(self) -> str:
        return " | ".join(MARKS[self.steps[step][0]] if step in self.steps else "✗" for step in STEPS)


@dataclass
class Outcome:
    """One run of a client."""

    code: int
    output: str
    errors: str

    @property
    def set_ups(self) -> list[SetUp]:
        made: list[SetUp] = []
        for line in self.output.replace(_COLOUR_OFF, "").splitlines():
            word, _, rest = line.partition(" ")
            first, _, rest = rest.partition(" ")
            if word == "client":
                made.append(SetUp(first, rest))
            elif word in MARKS and made:
                made[-1].steps[first] = word, rest
        return made


def load() -> list[Client]:
    rows = tomllib.loads((FOLDER / "clients.toml").read_text("utf-8"))
    return [
        Client(folder, **{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()})
        for folder, row in rows.items()
    ]


def run(client: Client, url: str) -> Outcome:
    """Installs the client if need be, and takes it through its steps against the service at the URL."""
    if client.not_run:
        return Outcome(NOT_RUN, f"not run: {client.not_run}", "")
    made = subprocess.run(
        [str(FOLDER / client.folder / "run.sh"), url],
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
        env=os.environ | {"PYTHON": sys.executable},
    )
    return Outcome(made.returncode, made.stdout, made.stderr)


def row_start(client: Client, dialect: str) -> str:
    """How the row of the table begins that tells of the client in that dialect."""
    return f"| [{client.name}](../clients/{client.folder}/) | {client.language} | {dialect} | "


def not_run(client: Client, outcome: Outcome) -> str:
    """The line about a client that did not run."""
    return f"- {client.name} ({client.language}): {outcome.output.strip()}"


def table(ran: Iterable[tuple[Client, Outcome]]) -> str:
    """The matrix in Markdown, then why steps are missing, and the clients that did not run."""
    rows = [f"| client | language | dialect | {' | '.join(STEPS)} | library |"]
    rows.append("|---" * (len(STEPS) + 4) + "|")
    notes: dict[str, None] = {}
    for client, outcome in ran:
        if outcome.code == NOT_RUN:
            notes[not_run(client, outcome)] = None
        for set_up in outcome.set_ups:
            library = f"{set_up.library} ({client.source})"
            rows.append(f"{row_start(client, set_up.dialect)}{set_up.marks} | {library} |")
            for word, why in set_up.steps.values():
                if word == "n/a":
                    steps = [s for s, told in set_up.steps.items() if told == (word, why)]
                    notes[f"- {client.name}, {', '.join(steps)}: {why}"] = None
    return "\n".join([*rows, "", *notes])


def summary(clients: Iterable[Client]) -> str:
    """The clients by language, for the README."""
    languages: dict[str, list[str]] = {}
    for client in clients:
        if client.not_run:
            continue
        shown = f"[{client.name}](clients/{client.folder}/) ({' and '.join(client.dialects)})"
        languages.setdefault(client.language, []).append(shown)
    rows = [f"| {language} | {', '.join(shown)} |" for language, shown in languages.items()]
    return "\n".join(["| language | clients |", "|---|---|", *rows])
