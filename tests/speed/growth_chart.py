"""A chart of how costs grow, as SVG."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

_WIDTH, _HEIGHT = 860, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 260, 40, 360
_LABEL_HEIGHT = 16
_COLORS = ("#1f6feb", "#1a7f37", "#9a6700", "#cf222e", "#8250df", "#57606a")


def write_chart(path: Path, title: str, lines: Mapping[str, Sequence[float]], steps: Sequence[int]) -> None:
    """Draw milliseconds by numbers of sessions, both on logarithmic scales, one line by name."""
    values = [value for line in lines.values() for value in line]
    lowest, highest = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    first, last = math.log10(steps[0]), math.log10(steps[-1])

    def x(step: float) -> float:
        return _LEFT + (math.log10(step) - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _BOTTOM - (math.log10(value) - lowest) / (highest - lowest) * (_BOTTOM - _TOP)

    chart = _Chart()
    chart.add_text(_LEFT, _TOP - 18, title, size=15)
    for power in range(lowest, highest + 1):
        chart.add_line([(_LEFT, y(10**power)), (_WIDTH - _RIGHT, y(10**power))], "#d0d7de", 1)
        chart.add_text(_LEFT - 8, y(10**power) + 4, f"{10.0**power:g}", anchor="end")
    for step in steps:
        chart.add_text(x(step), _BOTTOM + 20, f"{step:,}", anchor="middle")
    below = math.inf
    # The label of each line stands at its end, or above the label of the line below.
    for number, (name, line) in enumerate(sorted(lines.items(), key=lambda item: item[1][-1])):
        color = _COLORS[number % len(_COLORS)]
        chart.add_line([(x(step), y(value)) for step, value in zip(steps, line, strict=True)], color, 2)
        below = min(y(line[-1]) + 4, below - _LABEL_HEIGHT)
        chart.add_text(_WIDTH - _RIGHT + 8, below, f"{name}: {line[-1]:.1f}", color=color)
    path.write_text(chart.text() + "\n", encoding="utf-8")


class _Chart:
    def __init__(self) -> None:
        size = {"viewBox": f"0 0 {_WIDTH} {_HEIGHT}", "font-family": "sans-serif"}
        self._svg = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})
        # Readable on the dark pages too that show documents.
        ElementTree.SubElement(self._svg, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})

    def add_line(self, points: Sequence[tuple[float, float]], color: str, width: int) -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        style = {"fill": "none", "stroke": color, "stroke-width": str(width)}
        ElementTree.SubElement(self._svg, "polyline", {"points": path, **style})

    def add_text(
        self, x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, color: str = "#24292f"
    ) -> None:
        style = {"text-anchor": anchor, "font-size": str(size), "fill": color}
        ElementTree.SubElement(self._svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", **style}).text = text

    def text(self) -> str:
        return ElementTree.tostring(self._svg, encoding="unicode")
