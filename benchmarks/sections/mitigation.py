"""Readout errors undone."""

from __future__ import annotations

from statistics import median

from sections.markdown import Row, head, line


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
