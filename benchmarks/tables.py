"""Write docs/benchmarks.md from the committed JSON, or check that it matches.

python benchmarks/tables.py [--check]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from record import RESULTS

PAGE = RESULTS.parent.parent / "docs" / "benchmarks.md"
COLUMNS = {
    "surrogate": "surrogate",
    "without_shots": "without the shots part",
    "diffusion": "diffusion alone",
    "interactions": "interactions alone",
    "histogram": "histogram + 1/2",
    "independent_bits": "independent bits",
    "uniform": "uniform",
    "ratio_to_histogram": "surrogate / histogram",
    "shot_multiplier": "shot multiplier",
    "fit_seconds": "fit, s",
}


def cell(entry: dict[str, Any]) -> str:
    low, high = entry["interval"]
    return f"{entry['mean']:.3g} [{low:.3g}, {high:.3g}]"


def main_job(content: dict[str, Any]) -> str:
    settings = content["settings"]
    lines = [
        "## The main job",
        "",
        f"{content['question']} Exact KL divergence in nats from the exact noisy law; "
        f"{settings['shots']:,} shots, {settings['seeds']} seeds, mean and 95 % interval over "
        f"seeds (Student's t). Device: {content['device']}. Repeat: "
        f"`python benchmarks/main_job.py --seeds {settings['seeds']}`.",
        "",
        "A floor for comparison: a perfect sampler's histogram at the same shots is the histogram "
        "column itself. A shot multiplier of 10 means that a histogram needs 10 times the shots.",
        "",
        "| circuit | noise | " + " | ".join(COLUMNS.values()) + " |",
        "|---|---|" + "--:|" * len(COLUMNS),
    ]
    for row in content["rows"]:
        name = Path(row["circuit"]).stem
        cells = " | ".join(cell(row[key]) for key in COLUMNS)
        lines.append(f"| {name} | `{row['noise']}` | {cells} |")
    return "\n".join(lines)


def page() -> str:
    content = json.loads((RESULTS / "main_job.json").read_text())
    head = "# Benchmarks\n\nMade by `python benchmarks/tables.py` from `benchmarks/results/`.\n\n"
    return head + main_job(content) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        if PAGE.read_text() != page():
            sys.exit(f"{PAGE.name} does not match the JSON; run python benchmarks/tables.py")
        return
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
