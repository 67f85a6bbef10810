"""How close fits come to the truth, beside everything else one could fit."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from record import mean_interval

from sections.markdown import Row, Section, head, interval, line, mean, measured_at

STRUCTURED = ("ising", "heisenberg", "qaoa", "ansatz", "iqp", "ghz", "phase")
"""Families whose outcomes have structure to learn; brickwork circuits are random."""

BASELINES = {
    "histogram": "histogram + 1/2",
    "independent_bits": "independent bits",
    "chow_liu": "Chow-Liu",
    "made": "MADE",
    "lstm": "LSTM",
    "matrix_product": "matrix product",
}
LAWS = {"surrogate": "**surrogate**", "without_shots": "without shots", **BASELINES}
PARTS = {
    "part_diffusion": "diffusion",
    "part_interactions": "interactions",
    "part_matrix_product": "matrix product",
    "part_recurrent": "recurrent",
}


Groups = dict[tuple[str, int], list[Row]]
"""The rows of all seeds, by circuit and shots."""


def quality(suite: str) -> Section:
    def section(content: Row) -> list[str]:
        groups = grouped(content["rows"])
        bits = suite.removeprefix("q")
        trajectories = content["rows"][0]["trajectories"]
        target = (
            "the exact noisy law"
            if trajectories is None
            else f"the average over {trajectories:,} noise trajectories, which the shots were "
            "drawn from"
        )
        return [
            f"## Quality at {bits} qubits",
            "",
            f"{content['question']} Exact KL divergence in nats from {target}; noise "
            f"`{content['settings']['noise']}`. Mean and 95 % interval over seeds (Student's t; "
            f"the seeds are counted in the table). Device: {content['device']} a "
            f"fit, two at a time. Repeat: `python benchmarks/quality.py {suite}`. "
            f"{measured_at(content['rows'])}",
            "",
            "Trained baselines chose their size by the same held-out shots as the surrogate. "
            "*Against the best* is the surrogate's KL over that of the best baseline of the same "
            "shots, its interval over seeds: at or below 1, or an interval that reaches 1, is what "
            "we ask of every cell.",
            "",
            f"![KL against training shots at {bits} qubits, a panel for each circuit: the numbers "
            f"of the table below](figures/quality_{suite}.svg)",
            "",
            *head(
                ["circuit", "shots", "seeds"],
                [*LAWS.values(), "against the best", "shot multiplier", "fit, CPU s"],
            ),
            *(quality_line(*item) for item in groups.items()),
            "",
            *summary(groups),
            "",
            "Each part of the surrogate alone, and its weight in the mixture (means over seeds). "
            f"{diffusion_alone(groups)}",
            "",
            *head(["circuit", "shots"], [*(PARTS[name] for name in parts_in(groups)), "uniform"]),
            *(parts_line(*item, parts_in(groups)) for item in groups.items()),
        ]

    return section


def grouped(rows: Sequence[Row]) -> dict[tuple[str, int], list[Row]]:
    """Rows of all seeds by circuit and shots, in that order of first appearance."""
    keys = sorted({(row["shots"], row["circuit"]) for row in rows})
    return {
        (circuit, shots): [r for r in rows if (r["circuit"], r["shots"]) == (circuit, shots)]
        for shots, circuit in keys
    }


def against_best(rows: Sequence[Row]) -> Row:
    return mean_interval(
        [row["kl"]["surrogate"] / min(row["kl"][name] for name in BASELINES) for row in rows]
    )


def quality_line(key: tuple[str, int], rows: Sequence[Row]) -> str:
    circuit, shots = key
    return line(
        [
            f"`{circuit}`",
            f"{shots:,}",
            str(len(rows)),
            *(interval(mean_interval([row["kl"][name] for row in rows])) for name in LAWS),
            interval(against_best(rows)),
            interval(mean_interval([row["shot_multiplier"] for row in rows])),
            f"{max(row['cpu_seconds']['surrogate'] for row in rows):.0f}",
        ]
    )


def summary(groups: dict[tuple[str, int], list[Row]]) -> list[str]:
    """What the table says, counted."""
    ratios = {key: against_best(rows) for key, rows in groups.items()}
    below = sum(ratio["mean"] <= 1 for ratio in ratios.values())
    reach = sum(ratio["interval"][0] <= 1 for ratio in ratios.values())
    lines = [
        f"Of {len(ratios)} cells, the surrogate is at or below the best baseline in {below}, and "
        f"within the interval of it in {reach}."
    ]
    for shots in sorted({shots for _, shots in groups}):
        each = {
            circuit: mean_interval([row["shot_multiplier"] for row in rows])["mean"]
            for (circuit, own), rows in groups.items()
            if own == shots
        }
        structured = [v for circuit, v in each.items() if circuit.split(":")[0] in STRUCTURED]
        least = min(each, key=lambda circuit: each[circuit])
        lines.append(
            f"Shot multiplier at {shots:,} shots: median {median(each.values()):.3g} over all "
            f"circuits, {median(structured):.3g} over the structured ones; least {each[least]:.3g} "
            f"(`{least}`)."
        )
    return lines


def parts_in(groups: Groups) -> list[str]:
    """The parts that some surrogate has; those of earlier revisions have a recurrent one."""
    return [
        name for name in PARTS if any(name in r["kl"] for rows in groups.values() for r in rows)
    ]


def diffusion_alone(groups: Groups) -> str:
    """In how many cells the diffusion part alone is as close as the others, by means over seeds."""
    if "part_recurrent" in parts_in(groups):
        return "The diffusion part is that of an earlier revision, an MLP over random orders."
    names = [name for name in parts_in(groups) if name != "part_diffusion"]
    networks = others = 0
    for rows in groups.values():
        kl = {name: mean([row["kl"][name] for row in rows]) for name in rows[0]["kl"]}
        networks += kl["part_diffusion"] <= min(kl["lstm"], kl["made"])
        others += kl["part_diffusion"] <= min(kl[name] for name in names)
    return (
        f"Of {len(groups)} cells, the diffusion part alone is at or below both LSTM and MADE in "
        f"{networks}, and at or below every other part in {others}."
    )


def parts_line(key: tuple[str, int], rows: Sequence[Row], names: Sequence[str]) -> str:
    circuit, shots = key
    cells = []
    for name in names:
        kl = [row["kl"][name] for row in rows if name in row["kl"]]
        weight = [row["weights"].get(name.removeprefix("part_"), 0.0) for row in rows]
        cells.append(f"{mean(kl):.3g} ({mean(weight):.2f})" if kl else "")
    uniform = mean([row["kl"]["uniform"] for row in rows])
    return line([f"`{circuit}`", f"{shots:,}", *cells, f"{uniform:.3g}"])


def niu(content: Row) -> list[str]:
    rows = content["rows"]
    laws = ["surrogate", "without_shots", "histogram", "lstm", *PARTS]
    names = [name for name in laws if name in rows[0]["kl"]]
    shown = {"surrogate": "**surrogate**", "histogram": "histogram + 1/2", "lstm": "their LSTM"}
    return [
        "## A random circuit from many ideal shots (arXiv:2010.11983)",
        "",
        f"{content['question']} `{rows[0]['circuit']}`, {rows[0]['shots']:,} ideal shots, "
        f"{len(rows)} seeds; exact KL in nats, mean and 95 % interval. Their LSTM has 256 units "
        "and is trained on the same shots; they report 0.0220. Device: "
        f"{content['device']}. Repeat: `python benchmarks/niu.py`.",
        "",
        *head(["law"], ["KL"]),
        *(
            line(
                [
                    shown.get(name, PARTS.get(name, name.replace("_", " "))),
                    interval(mean_interval([row["kl"][name] for row in rows])),
                ]
            )
            for name in names
        ),
    ]
