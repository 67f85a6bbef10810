"""The main job: one command from a circuit to a report."""

from __future__ import annotations

from pathlib import Path

from sections.markdown import Row, head, interval, line

MAIN_JOB = {
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


def main_job(content: Row) -> list[str]:
    settings = content["settings"]
    lines = [
        "## The main job",
        "",
        f"{content['question']} Exact KL divergence in nats from the exact noisy law; "
        f"{settings['shots']:,} shots, {settings['seeds']} seeds, mean and 95 % interval over "
        f"seeds (Student's t). Device: {content['device']}. Repeat: "
        f"`python benchmarks/main_job.py --seeds {settings['seeds']}`. Measured with the surrogate "
        "of an earlier revision, before the matrix-product and recurrent parts.",
        "",
        "A floor for comparison: a perfect sampler's histogram at the same shots is the histogram "
        "column itself. A shot multiplier of 10 means that a histogram needs 10 times the shots.",
        "",
        *head(["circuit", "noise"], list(MAIN_JOB.values())),
    ]
    for row in content["rows"]:
        cells = [interval(row[key]) for key in MAIN_JOB]
        lines.append(line([Path(row["circuit"]).stem, f"`{row['noise']}`", *cells]))
    return lines
