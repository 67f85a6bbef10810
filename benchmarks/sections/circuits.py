"""What a known circuit is worth."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from record import mean_interval

from sections.markdown import Row, Section, head, interval, line, mean, measured_at


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
            f"{part}`. {measured_at(content['rows'])}",
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
        "",
        *verdict_summary(content["rows"]),
    ]


def verdict_summary(rows: Sequence[Row]) -> list[str]:
    """What the table says, counted."""
    right = [row for row in rows if row["told"] == "right"]
    wrong = [row for row in rows if row["told"] != "right"]
    kept = [row for row in wrong if row["accepted"]]
    lines = [
        f"The right circuit is accepted in {sum(row['accepted'] for row in right)} of {len(right)} "
        f"fits, a wrong one rejected in {len(wrong) - len(kept)} of {len(wrong)}."
    ]
    for row in kept:
        ratio = row["kl"]["told"] / row["kl"]["without"]
        lines.append(
            f"Accepted though wrong: `{row['circuit']}`, {row['told'].replace('_', ' ')}, seed "
            f"{row['seed']}; the KL is then {ratio:.3g} times that without the circuit, and the "
            f"held-out shots could not tell ({row['difference']:.2g} +- "
            f"{row['standard_error']:.2g} nats a shot)."
        )
    return lines


def circuit_plain(content: Row) -> list[str]:
    groups = {
        circuit: [row for row in content["rows"] if row["circuit"] == circuit]
        for circuit in dict.fromkeys(row["circuit"] for row in content["rows"])
    }
    ratios = [row["kl"]["told"] / row["kl"]["without"] for row in content["rows"]]
    return [
        "## The same shots with and without the circuit",
        "",
        "The default fit, told the circuit, and what the same shots give without it; 10,000 shots, "
        f"noise `superconducting`. Exact KL divergence in nats. Device: {content['device']}. "
        "Repeat: `python benchmarks/circuit_prior.py plain`.",
        "",
        *head(
            ["circuit", "seeds", "accepted"],
            ["KL, told", "KL, without", "told / without", "shot multiplier", "without"],
        ),
        *(plain_line(circuit, rows) for circuit, rows in groups.items()),
        "",
        f"Told the circuit, the fit is worse in {sum(ratio > 1 for ratio in ratios)} of "
        f"{len(ratios)} fits; in the median its KL is {median(ratios):.2g} times that without.",
    ]


def plain_line(circuit: str, rows: Sequence[Row]) -> str:
    told, without = ([row["kl"][name] for row in rows] for name in ("told", "without"))
    ratios = [a / b for a, b in zip(told, without, strict=True)]
    multipliers = ([row[f"shot_multiplier{end}"] for row in rows] for end in ("", "_without"))
    return line(
        [
            f"`{circuit}`",
            str(len(rows)),
            f"{sum(row['accepted'] for row in rows)}",
            *(interval(mean_interval(each)) for each in (told, without, ratios, *multipliers)),
        ]
    )
