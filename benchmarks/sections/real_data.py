"""The page's sections on real data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from record import mean_interval

from sections.markdown import Row, head, interval, line, mean
from sections.quality import BASELINES

MODELS = {**BASELINES, "rbm": "RBM", "hammer": "HAMMER"}
PUBLISHED = "deep EBM .412, RBM .519, IQP circuit .462"


def known_law(content: Row) -> list[str]:
    rows = content["rows"]
    names = {"surrogate": "**surrogate**", **MODELS}
    names = {name: shown for name, shown in names.items() if all(name in r["kl"] for r in rows)}
    best = mean_interval([min(row["kl"][name] for name in names if name in MODELS) for row in rows])
    variation = [row["total_variation"]["surrogate"]["mean"] for row in rows]
    floor = rows[0]["total_variation"]["perfect sampler"]["mean"]
    return [
        "## A published benchmark: a 4x4 Ising model (arXiv:2503.02934)",
        "",
        f"All 5,000 training rows, `qdiff.fit(shots)` as it comes, seeds: {len(rows)}; "
        "the law is known, so that the KL (nats, mean and 95 % interval over seeds) is exact. "
        "Total variation is that of the histogram of 5,000 samples, as published there: "
        f"{PUBLISHED}; a perfect sampler has {floor:.3f}. Device: {content['device']}. Repeat: "
        "`python benchmarks/real_data.py PATH ising`.",
        "",
        *head(["law"], ["KL", "total variation of 5,000 samples", "fit, CPU s"]),
        *(
            line(
                [
                    shown,
                    interval(mean_interval([row["kl"][name] for row in rows])),
                    interval(mean_interval([row["total_variation"][name]["mean"] for row in rows])),
                    f"{max(row['cpu_seconds'][name] for row in rows):.0f}",
                ]
            )
            for name, shown in names.items()
        ),
        "",
        f"The surrogate's total variation is {mean(variation):.3f}, seed by seed "
        f"{', '.join(f'{value:.3f}' for value in variation)}; the bar is .41. The best baseline's "
        f"KL is {interval(best)}. Parts of the surrogate alone: {_parts(rows)}.",
    ]


def _parts(rows: Sequence[Row]) -> str:
    return ", ".join(
        f"{part.replace('_', ' ')} {mean([row['kl_of_parts'][part] for row in rows]):.3g} "
        f"(weight {mean([row['weights'][part] for row in rows]):.2f})"
        for part in rows[0]["kl_of_parts"]
    )


def held_out(title: str, command: str) -> Callable[[Row], list[str]]:
    def section(content: Row) -> list[str]:
        names = dict.fromkeys(row["set"] for row in sorted(content["rows"], key=_order))
        groups = {name: [row for row in content["rows"] if row["set"] == name] for name in names}
        models = [m for m in MODELS if all(m in row["likelihoods"] for row in content["rows"])]
        return [
            f"## {title}",
            "",
            f"{content['question']} Mean held-out log-likelihood of the surrogate in nats a shot, "
            "then how far each baseline is *behind* it, in thousandths of a nat: positive is worse "
            "than the surrogate. 95 % intervals are those of fresh held-out shots for one split, "
            "their ends averaged over the splits, which share shots. Device: "
            f"{content['device']}. Repeat: `python benchmarks/real_data.py PATH {command}`.",
            "",
            *head(["set", "splits", "shots"], ["**surrogate**", *(MODELS[m] for m in models)]),
            *(_line(name, rows, models) for name, rows in groups.items()),
            "",
            *_pooled(content["rows"], groups, models),
            *_verdict(groups, models),
        ]

    return section


def _order(row: Row) -> tuple[str, int]:
    kind, _, number = row["set"].partition(" ")
    return kind, int(number or 0)


def _line(name: str, rows: Sequence[Row], models: Sequence[str]) -> str:
    surrogate = [row["likelihoods"]["surrogate"]["value"] for row in rows]
    return line(
        [
            name,
            str(len(rows)),
            f"{rows[0]['shots']['training']:,} + {rows[0]['shots']['test']:,}",
            f"{mean(surrogate):.4f}",
            *(_behind(*behind(rows, model)) for model in models),
        ]
    )


def behind(rows: Sequence[Row], model: str) -> tuple[float, float, float]:
    """How far a model is behind the surrogate, and the ends of the interval, over splits."""
    found = [row["likelihoods"][model] for row in rows]
    ends = [each["behind_interval"] for each in found]
    return (
        mean([each["behind"] for each in found]),
        mean([low for low, _ in ends]),
        mean([high for _, high in ends]),
    )


def _behind(value: float, low: float, high: float) -> str:
    return f"{1e3 * value:.3g} [{1e3 * low:.3g}, {1e3 * high:.3g}]"


def _pooled(rows: Sequence[Row], groups: dict[str, list[Row]], models: Sequence[str]) -> list[str]:
    """All held-out shots of one split together, where sets are many and small."""
    if len(groups) < 10:
        return []
    cells = []
    for model in models:
        total = sum(row["shots"]["test"] for row in rows)
        found = [(row["shots"]["test"] / total, row["likelihoods"][model]) for row in rows]
        value = sum(share * each["behind"] for share, each in found)
        spread = sum(
            (share * (each["behind_interval"][1] - each["behind_interval"][0]) / 2) ** 2
            for share, each in found
        )
        cells.append(_behind(value, value - spread**0.5, value + spread**0.5))
    together = ", ".join(
        f"{shown} {cell}" for shown, cell in zip((MODELS[m] for m in models), cells, strict=True)
    )
    return [f"All held-out shots together: {together}.", ""]


def _verdict(groups: dict[str, list[Row]], models: Sequence[str]) -> list[str]:
    """Against the best baseline of each set, and against each baseline."""
    worse = [
        f"{MODELS[model]} on {name}"
        for name, rows in groups.items()
        for model in models
        if behind(rows, model)[2] < 0
    ]
    cells = len(groups) * len(models)
    ahead = sum(behind(rows, model)[0] >= 0 for rows in groups.values() for model in models)
    novelty = [row["novelty"] for rows in groups.values() for row in rows]
    found = (
        f"The surrogate is at or ahead of the baseline in {ahead} of {cells} cells, and behind it "
        f"by more than the interval in {len(worse)}{': ' + ', '.join(worse) if worse else ''}."
    )
    return [
        f"{found} Novelty: {mean([each['value'] for each in novelty]):.2%} of its samples are no "
        f"training string; of the held-out shots, "
        f"{mean([each['expected'] for each in novelty]):.2%} are none."
    ]
