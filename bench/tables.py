"""Tables as plain text and as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are texts or numbers; None is shown as a dash. The first column is to the left."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    notes: Sequence[str] = field(default=())

    def text(self) -> str:
        """For the terminal."""
        cells = [list(self.columns), *([shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[n]) for row in cells) for n in range(len(self.columns))]
        lines = [_line(row, widths) for row in cells]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([self.title, "", *lines, *self.notes, ""])

    def markdown(self) -> str:
        """For a page."""
        head = "| " + " | ".join(self.columns) + " |"
        rule = "|---|" + "--:|" * (len(self.columns) - 1)
        lines = ["| " + " | ".join(shown(cell) for cell in row) + " |" for row in self.rows]
        notes = [f"\n{note}" for note in self.notes]
        return "\n".join([f"### {self.title}", "", head, rule, *lines, *notes, ""])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])


def shown(cell: object) -> str:
    """A cell as text: numbers with three figures that count."""
    if cell is None:
        return "-"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        for limit, digits in ((100, 0), (10, 1), (1, 2), (0.1, 3)):
            if abs(cell) >= limit:
                return f"{cell:,.{digits}f}"
        return f"{cell:.4f}"
    return str(cell)
