"""A service under load."""

from __future__ import annotations

from sections.markdown import Row, head, line, measured_at


def service(content: Row) -> list[str]:
    settings, rows = content["settings"], content["rows"]
    return [
        "## A service asked by many at once",
        "",
        f"{content['question']} {settings['clients']} clients on loopback for "
        f"{settings['seconds']:g} s, each with one connection, asking again as soon as it is "
        f"answered: mostly samples of {settings['shots']:,} shots, also log-probabilities, "
        "conditional marginals and overviews. Samples and log-probabilities are compared with "
        "those of the surrogate in another process. A 503 says when to ask again, and clients wait "
        "that long. *Waiting* is the length of the queue (`--waiting`). Milliseconds are of "
        "answers other than 503; memory is the service's, medians of the second and the last "
        f"quarter of the time. Clients and service share {content['device']}. {measured_at(rows)} "
        "Repeat: `python benchmarks/service.py`.",
        "",
        *head(
            ["circuit", "waiting"],
            [
                *("answers", "503", "other errors", "wrong", "a second"),
                *("median, ms", "p90, ms", "p99, ms", "MiB, early", "MiB, late"),
            ],
        ),
        *(line([f"`{row['circuit']}`", str(row["waiting"]), *numbers(row)]) for row in rows),
    ]


def numbers(row: Row) -> list[str]:
    statuses, milliseconds, memory = row["statuses"], row["milliseconds"], row["mebibytes"]
    others = sum(number for status, number in statuses.items() if status not in ("200", "503"))
    return [
        f"{statuses.get('200', 0):,}",
        f"{statuses.get('503', 0):,}",
        f"{others + row['broken']:,}",
        f"{row['wrong']:,}",
        f"{row['answers_a_second']:,.0f}",
        *(f"{milliseconds[level]:,.0f}" for level in ("p50", "p90", "p99")),
        f"{memory['second_quarter']:.0f}",
        f"{memory['last_quarter']:.0f}",
    ]
