"""What the numbers of a comparison are worth, and what they cost."""

from __future__ import annotations

from sections.markdown import Row, head, line, mean

_LOW, _HIGH = 0.93, 0.97


def coverage(content: Row) -> list[str]:
    rows, settings = content["rows"], content["settings"]
    entries = [value for row in rows for value in row["coverage"].values()]
    stated = sum(_LOW <= value <= _HIGH for value in entries)
    below = sum(value < _LOW for value in entries)
    lines = [
        "## What the intervals of a comparison are worth",
        "",
        f"{content['question']} Porter-Thomas references; the mean of each estimator over "
        f"{settings['experiments']:,} experiments, and how many of {rows[0]['cases']:,} further "
        f"ones have it in their {100 * settings['confidence']:g} % interval. *Disturbed*: every "
        "probability off by 22 %; *admixture*: a tenth of uniform; *one bit*: flipped with "
        f"probability 0.1. Device: {content['device']}. Repeat: `python benchmarks/coverage.py`.",
        "",
        f"Of {len(entries)} entries {stated} are within 93 to 97 %, {below} below and "
        f"{len(entries) - stated - below} above; the mean is {100 * mean(entries):.1f} %. What is "
        "outside is bold. An entry's standard error is about 0.7 %.",
    ]
    for reference, title in (("law", "Against a law"), ("shots", "Against as many shots")):
        cells = [row for row in rows if row["reference"] == reference]
        cells.sort(key=lambda row: row["num_bits"])
        names = list(dict.fromkeys(name for row in cells for name in row["coverage"]))
        titles = [f"{row['num_bits']} bits, {row['shots']:,}, {row['candidate']}" for row in cells]
        lines += [
            "",
            f"{title}:",
            "",
            *head(["metric"], titles),
            *(line([f"`{name}`", *(percent(row, name) for row in cells)]) for name in names),
        ]
    return lines


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
