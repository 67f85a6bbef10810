"""What a known circuit is worth, and readout undone."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from record import mean_interval

from sections.markdown import Row, Section, head, interval, line, mean


def circuit_laws(title: str, part: str) -> Section:
    def section(content: Row) -> list[str]:
        keys = dict.fromkeys((r["noise"], r["shots"], r["circuit"]) for r in content["rows"])
        groups = {
            key: [r for r in content["rows"] if (r["noise"], r["shots"], r["circuit"]) == key]
            for key in sorted(keys)
        }
        return [
            f"## {title}",
            "",
            f"{content['question']} The circuit's law alone, its noise unknown to the fit; exact "
            "KL divergence in nats from the law that the shots were drawn from; mean and 95 % "
            "interval over seeds (Student's t). *Ideal law and readout* is the fit without errors "
            f"of gates. Device: {content['device']}. Repeat: `python benchmarks/circuit_prior.py "
            f"{part}`.",
            "",
            *head(
                ["circuit", "noise", "shots", "seeds"],
                ["histogram + 1/2", "ideal law and readout", "**circuit**", "shot multiplier",
                 "CPU, s"],
            ),
            *(circuit_line(*item) for item in groups.items()),
            "",
            *circuit_summary(groups),
        ]  # fmt: skip

    return section


def circuit_line(key: tuple[str, int, str], rows: Sequence[Row]) -> str:
    noise, shots, circuit = key
    names = ("histogram", "ideal_and_readout", "circuit")
    return line(
        [
            f"`{circuit}`",
            f"`{noise}`",
            f"{shots:,}",
            str(len(rows)),
            *(interval(mean_interval([row["kl"][name] for row in rows])) for name in names),
            interval(mean_interval([row["shot_multiplier"] for row in rows])),
            f"{max(row['cpu_seconds'] for row in rows):.0f}",
        ]
    )


def circuit_summary(groups: dict[tuple[str, int, str], list[Row]]) -> list[str]:
    lines = []
    for bits, shots in sorted({(size(circuit), shots) for _, shots, circuit in groups}):
        found = [
            mean([row["shot_multiplier"] for row in rows])
            for (_, own, circuit), rows in groups.items()
            if (size(circuit), own) == (bits, shots)
        ]
        lines.append(
            f"Shot multiplier at {bits} qubits and {shots:,} shots: median {median(found):.3g}, "
            f"least {min(found):.3g}, over {len(found)} cells."
        )
    return lines


def size(circuit: str) -> int:
    """The number in ``family:number,options``."""
    return int(circuit.split(":")[1].split(",")[0])


def circuit_verdicts(content: Row) -> list[str]:
    return [
        "## A circuit that is right, and circuits that are wrong",
        "",
        "The whole fit, told the circuit or one that is wrong on purpose, beside the fit without "
        "it. Rejected circuits leave the fit as it was, bit for bit. Difference: held-out nats a "
        f"shot of the circuit's law over the fit without it. Device: {content['device']}. Repeat: "
        "`python benchmarks/circuit_prior.py verdicts`.",
        "",
        *head(
            ["circuit", "told", "seed", "verdict"],
            ["difference", "KL, told", "KL, without", "shot multiplier", "without"],
        ),
        *(
            line(
                [
                    f"`{row['circuit']}`",
                    row["told"].replace("_", " "),
                    str(row["seed"]),
                    "accepted" if row["accepted"] else "rejected",
                    f"{row['difference']:.3g} +- {row['standard_error']:.2g}",
                    f"{row['kl']['told']:.3g}",
                    f"{row['kl']['without']:.3g}",
                    f"{row['shot_multiplier']:.3g}",
                    f"{row['shot_multiplier_without']:.3g}",
                ]
            )
            for row in content["rows"]
        ),
    ]


def mitigation(content: Row) -> list[str]:
    rows = content["rows"]
    methods = list(dict.fromkeys(name for row in rows for name in row["total_variation"]))
    tables = [row["total_variation"] for row in rows]
    found = {m: [table[m] for table in tables if m in table] for m in methods}
    return [
        "## Readout errors undone",
        "",
        f"{content['question']} 10,000 shots, readout errors of 1 to 8 %, known to all methods. "
        "Total variation to the law without readout error, and below it the root mean square "
        "error of all one- and two-bit Z strings. HAMMER-style clean-up knows nothing of the "
        f"readout. Device: {content['device']}. Repeat: `python benchmarks/mitigation.py`.",
        "",
        *head(["circuit", "readout", "seed"], methods),
        *(
            line(
                [
                    f"`{row['circuit']}`",
                    row["readout"],
                    str(row["seed"]),
                    *(
                        f"{row['total_variation'][m]:.3g} ({row['z_error'][m]:.2g})"
                        if m in row["total_variation"]
                        else ""
                        for m in methods
                    ),
                ]
            )
            for row in rows
        ),
        "",
        line(
            [
                "**median**",
                "",
                "",
                *(f"{median(found[m]):.3g}" for m in methods),
            ]
        ),
    ]
