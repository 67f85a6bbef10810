"""What a fit gains by going on from another surrogate."""

from __future__ import annotations

from collections import Counter

from record import mean_interval

from sections.markdown import Row, grouped_by, head, interval, line, mean, measured_at


def start(content: Row) -> list[str]:
    groups = grouped_by(content["rows"], "case", "shots")
    return [
        "## Going on from another surrogate",
        "",
        f"{content['question']} `qdiff.fit(shots, start=model)`, the model fitted to "
        f"{content['settings']['shots_of_start']:,} shots of another law of 10 qubits. Exact KL in "
        "nats from the law of the new shots, mean and 95 % interval over seeds; *start* is the "
        f"model as it was. {_cases(content['settings']['cases'])} *Kept*: on how many seeds which "
        f"part went on from the start, by held-out shots. Device: {content['device']}. Repeat: "
        f"`python benchmarks/start.py`. {measured_at(content['rows'])}",
        "",
        *head(
            ["case", "shots", "seeds"],
            ["start", "without", "**with**", "kept", "CPU s without", "with"],
        ),
        *(_line(*key, rows) for key, rows in groups.items()),
    ]


def _cases(cases: dict[str, list[str]]) -> str:
    return " ".join(
        f"*{name.capitalize()}*: from `{circuit}` under {noise} to `{other}` under {other_noise}."
        for name, (circuit, noise, other, other_noise) in cases.items()
    )


def _line(case: str, shots: int, rows: list[Row]) -> str:
    kept = Counter(part.replace("_", " ") for row in rows for part in row["kept"])
    return line(
        [
            case,
            f"{shots:,}",
            str(len(rows)),
            *(
                interval(mean_interval([row["kl"][name] for row in rows]))
                for name in ("start", "without", "with")
            ),
            ", ".join(f"{part} {times}" for part, times in kept.items()) or "none",
            *(
                f"{mean([row['cpu_seconds'][name] for row in rows]):.0f}"
                for name in ("without", "with")
            ),
        ]
    )
