"""Noise that was learned from a few circuits."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from sections.markdown import Row, Section, head, line, measured_at

_CIRCUITS = {
    "qubits": "learned from three circuits",
    "off": "the same, from a calibration off by up to two",
    "one": "learned from the first circuit alone",
}


def learned_noise(part: str) -> Section:
    """The section of one part of ``benchmarks/learned_noise.py``."""
    title, table = _PARTS[part]

    def section(content: Row) -> list[str]:
        rows = content["rows"]
        return [
            f"## {title}",
            "",
            f"{content['question']} {content['settings']['shots']:,} shots each of "
            f"{', '.join(f'`{text}`' for text in content['settings']['taught'])} teach unless "
            "said otherwise; exact KL divergence in nats of circuits that gave no shot. Device: "
            f"{content['device']}. Repeat: `python benchmarks/learned_noise.py {part}`. "
            f"{measured_at(rows)}",
            "",
            *table(rows),
        ]

    return section


def by_noise(rows: Sequence[Row]) -> list[str]:
    """A line a noise: medians and worst cells over circuits and seeds."""
    lines = []
    for start, about in _CIRCUITS.items():
        chosen = [row for row in rows if row["start"] == start]
        if chosen:
            lines += ["", f"**{about[0].upper()}{about[1:]}**", "", *_noises(chosen)]
    cells = [row for row in rows if row["start"] == "qubits"]
    counts = ", ".join(
        f"{number} of {len(cells)} at or below a histogram of {float(shots):,.0f} shots"
        for shots in ("1e+06", "1e+05", "1e+04")
        for number in [sum(row["kl"] <= row["kl_of_histograms"][shots] for row in cells)]
    )
    return [*lines[1:], "", f"Of the cells learned from three circuits: {counts}."]


def _noises(rows: Sequence[Row]) -> list[str]:
    titles = ["median KL", "worst", "expected, median", "histogram 1e6, median", "1e5, median",
              "calibration off, median", "ideal, median", "learning, CPU s"]  # fmt: skip
    return [*head(["noise", "cells"], titles), *(_noise(*each) for each in _groups(rows, "noise"))]


def _noise(name: str, rows: Sequence[Row]) -> str:
    ideal = [row["kl_of_the_ideal_law"] or float("inf") for row in rows]
    off = [row["kl_of_a_calibration"] or float("inf") for row in rows]
    histograms = [[row["kl_of_histograms"][n] for row in rows] for n in ("1e+06", "1e+05")]
    worst = max(rows, key=lambda row: row["kl"])
    return line(
        [
            f"`{name}`",
            str(len(rows)),
            f"{median(row['kl'] for row in rows):.2g}",
            f"{worst['kl']:.2g} (`{worst['circuit']}`)",
            f"{median(row['expected_kl'] for row in rows):.2g}",
            *(f"{median(each):.2g}" for each in histograms),
            f"{median(off):.2g}",
            f"{median(ideal):.2g}",
            f"{max(row['learning_cpu_seconds'] for row in rows):.0f}",
        ]
    )


def by_circuit(rows: Sequence[Row]) -> list[str]:
    """A line a circuit, mean over seeds."""
    titles = ["qubits or depth", "KL", "expected", "histogram 1e6", "1e5", "ideal", "worth, shots"]
    keys = [(row.get("bits") or row.get("depth"), row.get("circuit", "brickwork")) for row in rows]
    lines = head(["circuit"], titles)
    for key in dict.fromkeys(keys):
        own = [row for row, other in zip(rows, keys, strict=True) if other == key]
        numbers = [
            *(_mean(own, name) for name in ("kl", "expected_kl")),
            *(_mean([row["kl_of_histograms"] for row in own], n) for n in ("1e+06", "1e+05")),
            *(_mean(own, name) for name in ("kl_of_the_ideal_law", "worth_shots")),
        ]
        lines.append(line([f"`{key[1]}`", str(key[0]), *numbers]))
    return lines


def by_device(rows: Sequence[Row]) -> list[str]:
    """What a device outside the model does to predictions, and whether it is said."""
    titles = ["median KL", "worst", "ideal, median", "circuits of three doubted"]
    lines = head(["what the model has not"], titles)
    for name, own in _groups(rows, "device"):
        doubted = sorted({(row["seed"], row["doubted"]) for row in own})
        lines.append(
            line(
                [
                    name,
                    f"{median(row['kl'] for row in own):.2g}",
                    f"{max(row['kl'] for row in own):.2g}",
                    f"{median(row['kl_of_the_ideal_law'] or float('inf') for row in own):.2g}",
                    ", ".join(str(number) for _, number in doubted) + " (a seed each)",
                ]
            )
        )
    return lines


def by_shots(rows: Sequence[Row]) -> list[str]:
    """A line for each number of shots of the circuit itself; mean over seeds."""
    names = {
        "noise_learned": "told circuit and noise",
        "noise_unknown": "told the circuit",
        "predicted": "no shots, noise learned",
        "histogram": "histogram + 1/2",
    }
    lines = head(["circuit", "shots"], list(names.values()))
    for circuit, own in _groups(rows, "circuit"):
        for shots, group in _groups(own, "shots"):
            means = [_mean([row["kl"] for row in group], name) for name in names]
            lines.append(line([f"`{circuit}`", f"{int(shots):,}", *means]))
    return lines


def _mean(rows: Sequence[Row], name: str) -> str:
    found = [row[name] for row in rows if row.get(name) is not None]
    return f"{sum(found) / len(found):.2g}" if found else "-"


def _groups(rows: Sequence[Row], key: str) -> list[tuple[str, list[Row]]]:
    values = dict.fromkeys(row[key] for row in rows)
    return [(str(value), [row for row in rows if row[key] == value]) for value in values]


_PARTS = {
    "circuits": ("Circuits that were never run", by_noise),
    "wide": ("The same at 16 and 20 qubits", by_circuit),
    "depth": ("The same, ever deeper", by_circuit),
    "outside": ("Devices that the model does not describe", by_device),
    "shots": ("What learned noise saves in shots", by_shots),
}
