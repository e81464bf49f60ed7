"""What is shown and kept of the runs: medians with their spread and ratios as text, tab-separated values, a plot; and the progress meanwhile."""

import dataclasses
import html
import shutil
import statistics
import sys

from bench.measure import FAILED, OTHERS
from bench.pair import NAMES

ABOUT_THE_RUN = (FAILED, OTHERS)  # of which no ratio is of use
TSV_HEADER = ("case", "server", "figure", "median", "min", "max", "runs")


class Progress:
    """A bar on standard error."""

    WIDTH = 24

    def __init__(self, steps):
        self.steps, self.done = steps, 0

    def say(self, what):
        filled = self.WIDTH * self.done // max(self.steps, 1)
        line = f"[{'#' * filled}{'.' * (self.WIDTH - filled)}] {self.done}/{self.steps} {what}"
        print("\r" + line[:self.columns()].ljust(self.columns()), end="", file=sys.stderr, flush=True)

    def step(self):
        self.done += 1

    def clear(self):
        print("\r" + " " * self.columns() + "\r", end="", file=sys.stderr, flush=True)

    @staticmethod
    def columns():
        return shutil.get_terminal_size().columns - 1


@dataclasses.dataclass
class Result:
    """The runs of one case: for each server a list of figures by name."""
    case: str
    runs: dict

    def figures(self):
        """Names, in the order the runs give them."""
        return list(dict.fromkeys(name for runs in self.runs.values() for run in runs for name in run))

    def values(self, server, figure):
        return [run[figure] for run in self.runs.get(server, []) if figure in run]

    def median(self, server, figure):
        values = self.values(server, figure)
        return statistics.median(values) if values else None

    def ratio(self, figure):
        """PhantomDB's median to PostgreSQL's, if both have one."""
        theirs, ours = (self.median(server, figure) for server in NAMES)
        return ours / theirs if ours is not None and theirs else None


def number(value):
    """With about four digits."""
    if value != value:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def text(result):
    width = max(28, *(len(figure) + 4 for figure in result.figures()))
    lines = [f"{result.case:<{width}}{NAMES[0]:<30}{NAMES[1]:<30}ratio"]
    for figure in result.figures():
        line = f"  {figure}".ljust(width)
        for server in NAMES:
            values = result.values(server, figure)
            spread = f" ({number(min(values))} to {number(max(values))})" if len(values) > 1 else ""
            line += f"{number(statistics.median(values)) + spread if values else '':<30}"
        ratio = result.ratio(figure)
        lines.append((line + (f"{ratio:.2f}" if ratio is not None and figure not in ABOUT_THE_RUN else "")).rstrip())
    return "\n".join(lines)


def tsv(results):
    rows = [TSV_HEADER]
    for result in results:
        for figure in result.figures():
            for server in NAMES:
                values = result.values(server, figure)
                if values:
                    rows.append((result.case, server, figure, statistics.median(values), min(values), max(values), len(values)))
    return "\n".join("\t".join(map(str, row)) for row in rows) + "\n"


def svg(results):
    """A bar a server and case: the case's first figure, PostgreSQL's median being 1, with its spread; the number stands beside it."""
    shown = [result for result in results if result.ratio(result.figures()[0]) is not None]
    left, width, bar, gap = 230, 480, 14, 12
    most = max([max(result.values(server, result.figures()[0])) / result.median(NAMES[0], result.figures()[0])
                for result in shown for server in NAMES], default=1)
    unit = width / max(most, 1)
    height = len(shown) * (2 * bar + gap) + 40
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 150}" height="{height}" font-family="sans-serif" font-size="11">',
             '<rect width="100%" height="100%" fill="white"/>']
    for i, result in enumerate(shown):
        figure = result.figures()[0]
        base, top = result.median(NAMES[0], figure), 8 + i * (2 * bar + gap)
        label = html.escape(f"{result.case}, {figure}")
        parts.append(f'<text x="{left - 8}" y="{top + bar + 4}" text-anchor="end">{label}</text>')
        for server, colour in zip(NAMES, ("#9aa5b1", "#2f6f9f")):
            values = [value / base * unit for value in result.values(server, figure)]
            middle = top + bar / 2
            parts.append(f'<rect x="{left}" y="{top}" width="{statistics.median(values):.1f}" height="{bar - 2}" fill="{colour}"/>')
            parts.append(f'<path d="M{left + min(values):.1f} {middle:.1f}H{left + max(values):.1f}" stroke="black"/>')
            parts.append(f'<text x="{left + max(values) + 6:.1f}" y="{top + bar - 4}">{number(result.median(server, figure))}'
                         f'{f" ({result.ratio(figure):.2f}x)" if server == NAMES[1] else ""}</text>')
            top += bar
    one = left + unit
    parts.append(f'<path d="M{one:.1f} 4V{height - 28}" stroke="#888" stroke-dasharray="3 3"/>')
    parts.append(f'<text x="{left}" y="{height - 10}">grey {NAMES[0]}, its median is the dashed line; blue {NAMES[1]}; black: lowest to highest run'
                 '</text></svg>')
    return "\n".join(parts) + "\n"
