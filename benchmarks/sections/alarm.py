"""The page's section on the power of an alarm."""

from __future__ import annotations

from sections.markdown import Row, head, line


def alarm(content: Row) -> list[str]:
    rows, settings = content["rows"], content["settings"]
    shots = sorted({row["shots"] for row in rows})
    keys = dict.fromkeys((row["drift"], row["size"]) for row in rows)
    found = {(row["drift"], row["size"], row["shots"]): row for row in rows}
    return [
        "## Alarms: power against shots and size of the drift",
        "",
        f"{content['question']} Share of {settings['times']} batches with an alarm of "
        f"`qdiff score --alarm {settings['level']}`, with Clopper and Pearson's 95 % interval. "
        f"The model is the exact law of `{settings['circuit']}`; of the device's shots today a bit "
        "that is 1 falls to 0 with the chance stated, or as many shots are uniform. At no drift "
        f"there are false alarms, of which {settings['level']:.1%} are due at most. Device: "
        f"{content['device']}. Repeat: `python benchmarks/alarm.py`.",
        "",
        *head(["drift", "size"], [f"{number:,} shots" for number in shots]),
        *(
            line([drift, f"{size:.1%}", *(_share(found[drift, size, number]) for number in shots)])
            for drift, size in keys
            if all((drift, size, number) in found for number in shots)
        ),
    ]


def _share(row: Row) -> str:
    low, high = row["interval"]
    return f"{row['rate']:.2f} [{low:.2f}, {high:.2f}]"
