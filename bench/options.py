"""How much to measure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`rounds` alternations of all contenders; `seconds` is what one contender gets at a time."""

    rows: int = 100_000
    rounds: int = 5
    seconds: float = 0.4
    sizes: tuple[int, ...] = (1_000, 100_000, 1_000_000)
    connections: tuple[int, ...] = (1, 4, 16)
    postgresql: bool = True
    orgs: tuple[int, ...] = (1_000, 10_000)
    only: tuple[str, ...] = ()


QUICK = Options(rows=10_000, rounds=3, seconds=0.1, sizes=(1_000, 20_000), connections=(1, 4),
                orgs=(200, 1_000))  # fmt: skip
