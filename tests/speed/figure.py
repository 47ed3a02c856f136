"""Measured figures and their table."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Figure(NamedTuple):
    """One line: Reprise beside its limit, where there is one. `ratio` is 1 where the two are equally fast.

    Where only the ratio is told, it may be to something else, which the unit names.
    """

    name: str
    unit: str
    ours: float | None = None
    limit: float | None = None
    ratio: float | None = None


def rate(name: str, unit: str, rounds: Sequence[tuple[float, float]]) -> Figure:
    """Medians over rounds of (ours, limit), both in something a second."""
    ours, limits = zip(*rounds, strict=True)
    return Figure(name, unit, median(ours), median(limits), median(mine / limit for mine, limit in rounds))


def duration(name: str, unit: str, rounds: Sequence[tuple[float, float]]) -> Figure:
    """Medians over rounds of (ours, limit), both times."""
    ours, limits = zip(*rounds, strict=True)
    return Figure(name, unit, median(ours), median(limits), median(limit / mine for mine, limit in rounds))


def table(columns: dict[str, list[Figure]]) -> str:
    """The figures of each database, by its name, as lines of text."""
    lines = [("", "", "", "Reprise", "limit", "ratio")]
    for database, figures in columns.items():
        lines += [
            (figure.name, database, figure.unit, _number(figure.ours), _number(figure.limit), _number(figure.ratio))
            for figure in figures
        ]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < 3 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
