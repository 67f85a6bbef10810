"""One model for a family of circuits."""

from __future__ import annotations

from collections.abc import Sequence

from sections.markdown import Row, head, line, measured_at

_COLUMNS = {
    "kl_median": "median KL",
    "kl_mean": "mean",
    "kl_worst": "worst",
    "fresh_median": "fresh histogram",
    "nearest_median": "nearest point",
    "kernel_median": "kernel",
    "factor_median": "fresh over model, median",
    "shot_multiplier_median": "shot multiplier",
    "worse_than_fresh": "worse than fresh, points",
    "doubt_rank_correlation": "rank correlation with doubt",
}


def family(content: Row) -> list[str]:
    settings, rows = content["settings"], content["rows"]
    first, more = settings["points"]
    return [
        "## One model for a family",
        "",
        f"{content['question']} {settings['qubits']} qubits; {first} random points of "
        f"{settings['shots']:,} shots and {more} more, placed as said; noise of strength "
        f"{settings['strengths'][0]} to {settings['strengths'][1]} times `{settings['noise']}`; "
        "exact KL divergence (nats) on 40 points that gave no shot, a value a seed. The kernel has "
        f"the best width in hindsight. Device: {content['device']}. Repeat: `python "
        f"benchmarks/family.py`. {measured_at(rows)}",
        "",
        *head(["family", "last points"], list(_COLUMNS.values())),
        *(_family(name, placed, own) for (name, placed), own in _cells(rows, first).items()),
    ]


def _cells(rows: Sequence[Row], first: int) -> dict[tuple[str, str], list[Row]]:
    """Rows by family and by how the last points were placed, a row a seed."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row["family"], row["points"], row["seed"])):
        placed = "none" if row["points"] == first else row["placement"]
        same = found.setdefault((row["family"], placed), [])
        if row["seed"] not in {other["seed"] for other in same}:
            same.append(row)
    return found


def _family(name: str, placed: str, rows: Sequence[Row]) -> str:
    values = [", ".join(f"{row[key]:.3g}" for row in rows) for key in _COLUMNS]
    return line([name, placed, *values])
