"""The page's section on two-sample and drift tests."""

from __future__ import annotations

from sections.markdown import Row, head, line

TESTS = ("mmd", "classifier", "score", "score, any")


def two_sample(content: Row) -> list[str]:
    rows = content["rows"]
    keys = dict.fromkeys((row["law"], row["case"], row["shots"]) for row in rows)
    return [
        "## Tests without a table: false alarms and power",
        "",
        f"{content['question']} Share of repeats with a p-value of at most "
        f"{content['settings']['level']}, with Clopper and Pearson's 95 % interval; "
        f"{content['settings']['permutations']} relabellings. Two sets of so many shots each; "
        "the second is from the same law (a false alarm is due in 5 %), or 2 % of it is uniform or "
        "is the string of zeros. *score* knows the law and asks whether the second set is from it, "
        "by its log-likelihood, or by any change (Bonferroni: at most 5 % false alarms). Device: "
        f"{content['device']}. Repeat: `python benchmarks/two_sample.py`.",
        "",
        *head(["law", "second set", "shots"], list(TESTS)),
        *(
            line([f"`{law}`" if ":" in law else law, case, f"{shots:,}", *_cells(rows, key)])
            for key in sorted(keys, key=list(keys).index)
            for law, case, shots in [key]
        ),
    ]


def _cells(rows: list[Row], key: tuple[str, str, int]) -> list[str]:
    found = {
        name: rate
        for row in rows
        if (row["law"], row["case"], row["shots"]) == key
        for name, rate in row["alarms"].items()
    }
    return [_share(found[name]) if name in found else "" for name in TESTS]


def _share(found: Row) -> str:
    low, high = found["interval"]
    return f"{found['rate']:.2f} [{low:.2f}, {high:.2f}]"
