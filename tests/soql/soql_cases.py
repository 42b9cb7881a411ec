"""Files of cases: a query and what comes of it.

    == A sentence about behaviour
    @ version=50 viewer=bob            (optional)
    SELECT Name FROM User
    --
    Ada Admin                          a row; values separated by " | ", null is ~

The outcome of a refused query is `CODE row:column text`, or `CODE - text` for a fault without a place;
lines behind it that begin with "> " are the excerpt and the caret. `(none)` is an empty answer,
`size n` that of COUNT(). In a search each row begins with its SObject. `{id:key}` in a query or an
outcome is the Id of a seeded record.
"""

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    file: str
    title: str
    query: str
    outcome: str
    options: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.file}: {self.title}"


def load(kind: str = "soql") -> list[Case]:
    """All cases of all files of a kind. Raises ValueError for a block that is not one."""
    cases = [case for path in sorted(HERE.glob(f"*.{kind}")) for case in _read(path)]
    titles = [str(case) for case in cases]
    if len(set(titles)) < len(titles):
        raise ValueError(f"titles used twice: {sorted({t for t in titles if titles.count(t) > 1})}")
    return cases


def _read(path: Path) -> list[Case]:
    blocks = ("\n" + path.read_text("utf-8")).split("\n== ")[1:]
    return [_case(path.stem, block) for block in blocks]


def _case(file: str, block: str) -> Case:
    title, _, rest = block.partition("\n")
    options: dict[str, str] = {}
    if rest.startswith("@ "):
        first, _, rest = rest.partition("\n")
        options = dict(word.split("=", 1) for word in first[2:].split())
    query, separator, outcome = rest.partition("\n--\n")
    if not separator:
        raise ValueError(f"{file}: no outcome in {title!r}")
    return Case(file, title, query, outcome.strip("\n"), options)
