"""Write docs/benchmarks.md from the committed JSON, or check that it matches.

python benchmarks/tables.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from record import RESULTS, mean_interval, read

PAGE = RESULTS.parent.parent / "docs" / "benchmarks.md"
Row = dict[str, Any]

STRUCTURED = ("ising", "heisenberg", "qaoa", "ansatz", "iqp", "ghz", "phase")
"""Families whose outcomes have structure to learn; brickwork circuits are random."""

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
LAWS = {
    "surrogate": "**surrogate**",
    "without_shots": "without shots",
    "histogram": "histogram + 1/2",
    "independent_bits": "independent bits",
    "chow_liu": "Chow-Liu",
    "made": "MADE",
    "lstm": "LSTM",
    "matrix_product": "matrix product",
}
PARTS = {
    "part_diffusion": "diffusion",
    "part_interactions": "interactions",
    "part_matrix_product": "matrix product",
    "part_recurrent": "recurrent",
}
BASELINES = ("histogram", "independent_bits", "chow_liu", "made", "lstm", "matrix_product")


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


def quality(suite: str) -> Callable[[Row], list[str]]:
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
            f"fit, two at a time. Repeat: `python benchmarks/quality.py {suite}`.",
            "",
            "Trained baselines chose their size by the same held-out shots as the surrogate. "
            "*Against the best* is the surrogate's KL over that of the best baseline of the same "
            "shots, its interval over seeds: at or below 1, or an interval that reaches 1, is what "
            "we ask of every cell.",
            "",
            *head(
                ["circuit", "shots", "seeds"],
                [*LAWS.values(), "against the best", "shot multiplier", "fit, CPU s"],
            ),
            *(quality_line(*item) for item in groups.items()),
            "",
            *summary(groups),
            "",
            "Each part of the surrogate alone, and its weight in the mixture (means over seeds):",
            "",
            *head(["circuit", "shots"], [*PARTS.values(), "uniform"]),
            *(parts_line(*item) for item in groups.items()),
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


def parts_line(key: tuple[str, int], rows: Sequence[Row]) -> str:
    circuit, shots = key
    cells = []
    for name in PARTS:
        kl = [row["kl"][name] for row in rows if name in row["kl"]]
        weight = [row["weights"].get(name.removeprefix("part_"), 0.0) for row in rows]
        cells.append(f"{mean(kl):.3g} ({mean(weight):.2f})" if kl else "")
    uniform = mean([row["kl"]["uniform"] for row in rows])
    return line([f"`{circuit}`", f"{shots:,}", *cells, f"{uniform:.3g}"])


def niu(content: Row) -> list[str]:
    rows = content["rows"]
    names = ["surrogate", "without_shots", "histogram", "lstm", *PARTS]
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


def steps(content: Row) -> list[str]:
    return [
        "## Bit flips against masking, by number of steps",
        "",
        f"{content['question']} {content['settings']['shots']:,} shots of 10 qubits, "
        f"{content['settings']['seeds']} seeds; exact KL in nats of the exact law of each process "
        "reversed in K steps; mean and 95 % interval. *Placed*: steps where each process's own "
        "measured cost is least. Masking at K = 10 is its exact end; its increase over that "
        "stands beside the factorisation penalty that was predicted from the model alone, an upper "
        "bound since mixing over blocks gives some of it back. Device: "
        f"{content['device']}. Repeat: `python benchmarks/steps.py`.",
        "",
        *head(["circuit", "process", "K"], ["KL", "KL, placed", "increase", "predicted penalty"]),
        *(
            line(
                [
                    f"`{row['circuit']}`",
                    row["process"],
                    str(row["steps"]),
                    interval(row["kl"]),
                    interval(row["kl_placed"]),
                    interval(row["increase"]) if "increase" in row else "",
                    interval(row["predicted_penalty"]) if "predicted_penalty" in row else "",
                ]
            )
            for row in content["rows"]
        ),
    ]


def simulation_time(content: Row) -> list[str]:
    return [
        "## The rival that needs the circuit: averaging trajectories",
        "",
        f"{content['question']} 16 qubits, {content['rows'][0]['shots']:,} shots, noise "
        f"`{content['settings']['noise']}`. KL in nats; the surrogate's is the mean over the seeds "
        "of the quality benchmark. The table of trajectories wins wherever the circuit and its "
        f"noise are known and simulated that easily. Device: {content['device']}. Repeat: "
        "`python benchmarks/simulation_time.py`.",
        "",
        *head(
            ["circuit"],
            ["ms a shot", "ms a trajectory", "trajectories in that time", "their KL", "surrogate"],
        ),
        *(
            line(
                [
                    f"`{row['circuit']}`",
                    f"{row['seconds_a_shot'] * 1e3:.3g}",
                    f"{row['seconds_a_trajectory'] * 1e3:.3g}",
                    f"{row['trajectories_in_that_time']:,.0f}",
                    f"{row['kl_of_their_table']:.2g}",
                    f"{mean(row['surrogate']):.3g}" if row["surrogate"] else "",
                ]
            )
            for row in content["rows"]
        ),
    ]


def sampling_speed(content: Row) -> list[str]:
    rows = content["rows"]
    lines = [
        "## Sampling speed",
        "",
        f"{content['question']} Surrogates of `ising:n` fitted to few shots of Aer's matrix "
        f"product states. Device: {content['device']}. Repeat: "
        "`python benchmarks/sampling_speed.py`.",
        "",
    ]
    for row in rows:
        lines += [*speed_line(row), ""]
    return lines[:-1]


def speed_line(row: Row) -> list[str]:
    if row["what"] == "table":
        return [
            f"- **{row['num_bits']} bits from a table, {row['shots']:,} shots.** Cold, table built "
            f"too: {row['cold_seconds']:.3g} s. Warm: {row['warm_seconds'] * 1e3:.3g} ms, "
            f"{row['warm_over_numpy']:.2g} times the faster of numpy's `multinomial` "
            f"({row['numpy_multinomial_seconds'] * 1e3:.3g} ms) and search "
            f"({row['numpy_search_seconds'] * 1e3:.3g} ms) on the same table. Aer's statevector "
            f"takes {row['aer_statevector_seconds_a_shot'] * 1e3:.3g} ms a shot, its matrix "
            f"product state {row['aer_mps_seconds_a_shot'] * 1e3:.3g} ms. "
            f"Fit: {row['fit_seconds']:.3g} s."
        ]
    if row["what"] == "memory":
        return [
            f"- **Memory, {row['num_bits']} bits, {row['shots']:,} shots** ({row['distinct']:,} "
            f"distinct): peak {row['peak_gibibytes']:.2g} GiB in {row['seconds']:.3g} s."
        ]
    penalty = f"; penalty {row['penalty_nats'][0]:.3g} nats" if row["penalty_nats"][0] else ""
    return [
        f"- **{row['num_bits']} bits, {row['what']}, {row['shots']:,} shots**: "
        f"{row['shots_a_second']:,.0f} shots a second{penalty}; "
        f"{row['times_faster_than_aer_mps']:,.0f} times Aer's matrix product state "
        f"({row['aer_mps_seconds_a_shot'] * 1e3:.3g} ms a shot); fit {row['fit_seconds']:.3g} s, "
        f"break-even at {row['break_even_shots']:,.0f} shots, those to train on included."
    ]


def head(texts: Sequence[str], numbers: Sequence[str]) -> list[str]:
    return [line([*texts, *numbers]), "|" + "---|" * len(texts) + "--:|" * len(numbers)]


def circuit_laws(title: str, part: str) -> Callable[[Row], list[str]]:
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


def measured_at(rows: Sequence[Row]) -> str:
    """Which revisions measured how many rows."""
    counts = Counter(row["revision"] for row in rows)
    told = ", ".join(f"{revision} ({number} rows)" for revision, number in sorted(counts.items()))
    return f"Measured at {told}."


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


def mitigation_wide(content: Row) -> list[str]:
    rows = content["rows"]
    methods = list(dict.fromkeys(name for row in rows for name in row["z_error"]))
    methods.sort(key=lambda name: name == "perfect sampler")
    lines = [
        "## Readout errors undone beyond tables",
        "",
        f"{content['question']} {content['settings']['shots']:,} shots, readout errors "
        "independent from bit to bit. Total variation to the law without "
        "readout error, over 20,000 strings drawn from it, and in brackets the root mean square "
        "error of all one- and two-bit Z strings. Inversion string by string is no law, so it has "
        "the latter only. The circuit that is told knows nothing of the flips and defects on the "
        "way; where both columns agree, the shots contradicted it and it was left out. "
        f"Device: {content['device']}. Repeat: `python benchmarks/mitigation_wide.py`.",
        "",
        *head(["state", "readout", "seed"], methods),
    ]
    for row in rows:
        cells = [
            f"{row['total_variation'][m]:.3g} ({row['z_error'][m]:.2g})"
            if m in row["total_variation"]
            else f"({row['z_error'][m]:.2g})"
            if m in row["z_error"]
            else ""
            for m in methods
        ]
        lines.append(line([row["state"], row["readout"], str(row["seed"]), *cells]))
    medians = [
        f"{median(tv):.3g} ({median(z):.2g})" if tv else f"({median(z):.2g})"
        for m in methods
        for tv in [[r["total_variation"][m] for r in rows if m in r["total_variation"]]]
        for z in [[r["z_error"][m] for r in rows if m in r["z_error"]]]
    ]
    kl = [row["kl"]["**qdiff**"] for row in rows]
    endless = [m for m in methods if all(m in r["total_variation"] for r in rows)
               and not any(m in row["kl"] for row in rows)]  # fmt: skip
    return [
        *lines,
        line(["**median**", "", "", *medians]),
        "",
        f"The KL divergence from the law without readout error is {min(kl):.2g} to {max(kl):.2g} "
        f"nats for qdiff and infinite for {', '.join(endless)}, which give strings that were not "
        "seen no probability.",
    ]


def line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def interval(entry: Row) -> str:
    low, high = entry["interval"]
    if len(entry["values"]) == 1:  # one seed has no interval
        return f"{entry['mean']:.3g}"
    return f"{entry['mean']:.3g} [{low:.3g}, {high:.3g}]"


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


SECTIONS: dict[str, Callable[[Row], list[str]]] = {
    "quality_q12": quality("q12"),
    "quality_q16": quality("q16"),
    "quality_q20": quality("q20"),
    "circuit_prior_laws": circuit_laws("The circuit known, its noise not", "laws"),
    "circuit_prior_wide": circuit_laws("The same at 16 and 20 qubits", "wide"),
    "circuit_prior_plain": circuit_plain,
    "circuit_prior_verdicts": circuit_verdicts,
    "mitigation": mitigation,
    "mitigation_wide": mitigation_wide,
    "simulation_time": simulation_time,
    "niu": niu,
    "steps": steps,
    "sampling_speed": sampling_speed,
    "main_job": main_job,
}


def page() -> str:
    lines = [
        "# Benchmarks",
        "",
        "Made by `python benchmarks/tables.py` from `benchmarks/results/`.",
    ]
    for name, section in SECTIONS.items():
        content = read(name)
        if content:
            lines += ["", *section(content)]
    return "\n".join(lines) + "\n"


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
