"""How close a default fit comes to laws of which no table could be kept."""

from __future__ import annotations

from record import mean_interval

from sections.markdown import Row, grouped_by, head, interval, line, mean, measured_at
from sections.quality import BASELINES, PARTS

MODELS = {
    "surrogate": "**surrogate**",
    "part_diffusion": f"{PARTS['part_diffusion']} alone",
    "part_matrix_product": f"{PARTS['part_matrix_product']} alone",
    **{name: shown for name, shown in BASELINES.items() if name != "histogram"},
    "rbm": "RBM",
}
RIVALS = (*(name for name in BASELINES if name != "histogram"), "rbm")


def beyond_tables(content: Row) -> list[str]:
    groups = grouped_by(content["rows"], "law", "shots")
    behind = [f"{law} at {shots:,}" for (law, shots), rows in groups.items() if _ratio(rows) > 1]
    return [
        "## Beyond tables",
        "",
        f"{content['question']} KL in nats, by 20,000 strings drawn from the truth; mean over "
        "seeds, and its 95 % interval where there are several (one seed has a standard error of "
        "some thousandths to a hundredth). *Against the best* is the surrogate's KL over that of "
        "the best baseline. *Conditional*: three bits given, the total variation of four others "
        "between as many of the surrogate's samples and of the truth's, and the least p-value of "
        f"their chi-square test. Device: {content['device']}. Repeat: `python "
        f"benchmarks/beyond_tables.py`. {measured_at(content['rows'])}",
        "",
        *head(
            ["law, bits", "shots", "seeds"],
            [*MODELS.values(), "against the best", "fit, CPU s", "conditional"],
        ),
        *(_line(*key, rows) for key, rows in groups.items()),
        "",
        f"At or below every baseline in {len(groups) - len(behind)} of {len(groups)} cells"
        + (f"; behind: {', '.join(behind)}." if behind else "."),
    ]


def _line(law: str, shots: int, rows: list[Row]) -> str:
    conditional = [row["conditional"] for row in rows]
    return line(
        [
            law,
            f"{shots:,}",
            str(len(rows)),
            *(_kl([row["kl"][name]["mean"] for row in rows]) for name in MODELS),
            f"{_ratio(rows):.2f}",
            f"{max(row['cpu_seconds']['surrogate'] for row in rows):.0f}",
            f"{mean([each['total_variation'] for each in conditional]):.3f}, "
            f"{min(each['p'] for each in conditional):.2g}",
        ]
    )


def _kl(values: list[float]) -> str:
    return interval(mean_interval(values)) if len(values) > 1 else f"{values[0]:.3g}"


def _ratio(rows: list[Row]) -> float:
    ratios = [
        row["kl"]["surrogate"]["mean"] / min(row["kl"][name]["mean"] for name in RIVALS)
        for row in rows
    ]
    return mean(ratios)
