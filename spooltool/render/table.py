"""Small tables: a few lines with columns as wide as what stands in them."""

from __future__ import annotations

from collections.abc import Sequence

from spooltool.render.text import columns, cut, fit, fit_right


def table(
    lines: Sequence[Sequence[str]], width: int, *, right: str = "", gap: int = 2, indent: int = 0
) -> list[str]:
    """Rows of visible cells, aligned; the last column is cut at `width`.

    `right` has a letter a column: `>` for those aligned at their right.
    """
    if not lines:
        return []
    widths = [
        max((columns(line[at]) for line in lines if at < len(line)), default=0)
        for at in range(max(len(line) for line in lines))
    ]
    out = []
    for line in lines:
        cells = []
        for at, cell in enumerate(line):
            last = at == len(line) - 1
            if at < len(right) and right[at] == ">":
                cells.append(fit_right(cell, widths[at]))
            else:
                cells.append(cell if last else fit(cell, widths[at]))
        out.append(cut((" " * indent + (" " * gap).join(cells)).rstrip(), width))
    return out


def labelled(label: str, lines: Sequence[str], label_width: int = 10, indent: int = 2) -> list[str]:
    """A label before the first of several lines, the others below it."""
    first = " " * indent + label.ljust(label_width)
    rest = " " * (indent + label_width)
    return [(first if at == 0 else rest) + line for at, line in enumerate(lines)]
