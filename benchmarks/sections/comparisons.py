"""What the numbers of a comparison are worth, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence

from qdiff.comparison.metrics.table_metrics import METRICS
from sections.markdown import Row, head, line, mean

_LOW, _HIGH = 0.93, 0.97


def coverage(content: Row) -> list[str]:
    rows = sorted(content["rows"], key=lambda row: (row["reference"], row["num_bits"]))
    settings = content["settings"]
    entries = [value for row in rows for value in row["coverage"].values()]
    within, above, below = counted(entries)
    lines = [
        "## What the intervals of a comparison are worth",
        "",
        f"{content['question']} Porter-Thomas references; the mean of each estimator over "
        f"{settings['experiments']:,} experiments, and how many of {rows[0]['cases']:,} further "
        f"ones have it in their {100 * settings['confidence']:g} % interval. *Disturbed*: every "
        "probability off by 22 %; *admixture*: a tenth of uniform; *one bit*: flipped with "
        f"probability 0.1. Device: {content['device']}. Repeat: `python benchmarks/coverage.py`.",
        "",
        f"Of {len(entries)} entries {within} are within 93 to 97 %, {below} below and {above} "
        f"above, {sum(value > 0.99 for value in entries)} of these above 99 %: those of a few bits "
        "are made wider by an eighth, on purpose. The least is "
        f"{100 * min(entries):.1f} %, the mean {100 * mean(entries):.1f} %. An entry's standard "
        "error is about 0.7 %. How many are within, above and below, of the metrics of tables and "
        "of those of a few bits:",
        "",
        *head(["cell"], ["tables: within", "above", "below", "few bits: within", "above", "below"]),
        *(line([f"{row['reference']}, {cell(row)}", *kinds(row)]) for row in rows),
        "",
        "The entries in per cent; what is outside is bold.",
    ]
    for reference, title in (("law", "Against a law"), ("shots", "Against as many shots")):
        cells = [row for row in rows if row["reference"] == reference]
        names = list(dict.fromkeys(name for row in cells for name in row["coverage"]))
        lines += [
            "",
            f"{title}:",
            "",
            *head(["metric"], [cell(row) for row in cells]),
            *(line([f"`{name}`", *(percent(row, name) for row in cells)]) for name in names),
        ]
    return lines


def cell(row: Row) -> str:
    return f"{row['num_bits']} bits, {row['shots']:,}, {row['candidate']}"


def kinds(row: Row) -> list[str]:
    """`counted`, of the metrics of tables and of those of a few bits; nothing for none."""
    texts = []
    for tables in (True, False):
        found = [value for name, value in row["coverage"].items() if (name in METRICS) == tables]
        texts += [str(number) for number in counted(found)] if found else [""] * 3
    return texts


def counted(entries: Sequence[float]) -> tuple[int, int, int]:
    """How many are within 93 to 97 %, above and below."""
    above = sum(value > _HIGH for value in entries)
    below = sum(value < _LOW for value in entries)
    return len(entries) - above - below, above, below


def percent(row: Row, name: str) -> str:
    """A coverage in per cent, bold where it is not what it should be."""
    if name not in row["coverage"]:
        return ""
    value = row["coverage"][name]
    text = f"{100 * value:.1f}"
    return text if _LOW <= value <= _HIGH else f"**{text}**"


def wide_comparison(content: Row) -> list[str]:
    return [
        "## Comparing many shots of many bits",
        "",
        f"{content['question']} Chains of correlated bits; floors and intervals included. One "
        "thread. "
        f"Device: {content['device']}. Repeat: `python benchmarks/wide_comparison.py`.",
        "",
        *head(["bits", "shots a side"], ["seconds", "CPU seconds", "peak, GiB", "replicates"]),
        *(
            line(
                [
                    str(row["num_bits"]),
                    f"{row['shots']:,}",
                    f"{row['seconds']:.3g}",
                    f"{row['cpu_seconds']:.3g}",
                    f"{row['peak_gibibytes']:.2g}",
                    str(row["replicates"]),
                ]
            )
            for row in content["rows"]
        ),
    ]
