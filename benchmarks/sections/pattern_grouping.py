"""Shots grouped by their errors, beside Aer."""

from __future__ import annotations

from sections.markdown import Row, head, line, measured_at


def pattern_grouping(content: Row) -> list[str]:
    settings, rows = content["settings"], content["rows"]
    return [
        "## Drawing errors first, beside Aer",
        "",
        f"{content['question']} Brickwork of {settings['qubits']} qubits and depth "
        f"{settings['depth']}, `{settings['noise']}` and a third of it; each row is a circuit. Aer "
        f"has the fastest of {len(rows[0]['aer_seconds_a_shot_tried'])} settings of its state "
        "vector. One thread each, processor time, in turns; in brackets by the clock of a machine "
        "that had other work, which is worth little. Aer's rate is that of so many shots as its "
        "column says; branching gains with more, so at 100,000 shots it would be somewhat "
        "better than what is compared here. p-values: the least of four of Pearson's tests of our "
        f"shots beside Aer's, and of all strings at {settings['law_qubits']} qubits against the "
        f"exact law and against one that is 2 % off. Device: {content['device']}. "
        f"{measured_at(rows)} Repeat: "
        "`python benchmarks/pattern_grouping.py`.",
        "",
        *head(
            ["noise", "Aer's settings"],
            [
                "Aer's shots",
                "Aer, ms a shot",
                *(f"ours, ms a shot, {int(number):,}" for number in rows[0]["ours"]),
                *(f"times Aer, {int(number):,}" for number in rows[0]["ours"]),
                "p beside Aer",
                "p, exact law",
                "p, 2 % off",
            ],
        ),
        *(line(_cells(row)) for row in rows),
    ]


def _cells(row: Row) -> list[str]:
    times, tests = [each["times_aer"] for each in row["ours"].values()], row["p_values"]
    return [
        "as said" if row["weaker"] == 1 else f"1/{row['weaker']}",
        row["aer_best"],
        f"{row['aer_shots']:,}",
        f"{row['aer_seconds_a_shot']['cpu'] * 1e3:.3g}",
        *(f"{each['seconds_a_shot']['cpu'] * 1e3:.3g}" for each in row["ours"].values()),
        *(f"{each['cpu']:.3g} ({each['wall']:.3g})" for each in times),
        f"{min(p for name, p in tests.items() if name.endswith('aer')):.2g}",
        f"{tests['exact_law']:.2g}",
        f"{tests['law_2_percent_off']:.1g}",
    ]
