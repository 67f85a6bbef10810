"""How fast, what decoding in fewer steps costs, and what files cost."""

from __future__ import annotations

from sections.markdown import Row, head, interval, line, mean


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
        f"break-even at {row['break_even_shots']:,.0f} shots, those to train on included"
        f"{'; ' + row['note'] if 'note' in row else ''}."
    ]


def files(content: Row) -> list[str]:
    settings, asked = content["settings"], content["settings"]["asked_seconds"]
    rows = sorted(content["rows"], key=lambda row: row["out"]["seconds"] + row["in"]["seconds"])
    return [
        "## Files of a million shots",
        "",
        f"{content['question']} {settings['shots']:,} shots of {settings['bits']} random bits, all "
        "distinct, to a synced file on disk and back to the same shots; least of "
        f"{settings['repeats']}, one thread. We ask Stim b8 and npz for less than {asked:g} s each "
        f"way. Device: {content['device']}. Repeat: `python benchmarks/files.py`.",
        "",
        *head(["format"], ["MiB", "out, s", "in, s", "out, CPU s", "in, CPU s"]),
        *(
            line(
                [
                    f"`{row['format']}`",
                    f"{row['mebibytes']:.0f}",
                    *(
                        f"{row[way][kind]:.2g}"
                        for kind in ("seconds", "cpu_seconds")
                        for way in ("out", "in")
                    ),
                ]
            )
            for row in rows
        ),
    ]


def executors(content: Row) -> list[str]:
    job = content["settings"]["job"]
    return [
        "## Two workers and one",
        "",
        f"{content['question']} {job['shots']:,} shots of `{job['circuit']}` in batches of "
        f"{job['batch']:,}, starting the workers included; means of "
        f"{content['settings']['repeats']} runs with 95 % intervals. Device: {content['device']}. "
        "Repeat: `python benchmarks/executors.py`.",
        "",
        *head(["executor", "identical shots"], ["one worker, s", "two, s", "times faster"]),
        *(
            line([row["executor"], "yes" if row["identical"] else "**no**", *map(interval, each)])
            for row in content["rows"]
            for each in [[row[n] for n in ("seconds_of_one", "seconds_of_two", "times_faster")]]
        ),
    ]
