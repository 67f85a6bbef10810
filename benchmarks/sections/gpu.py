"""A graphics card beside the processor it sits in."""

from __future__ import annotations

from sections.markdown import Row, head, line


def gpu(content: Row) -> list[str]:
    settings = content["settings"]
    return [
        "## A graphics card",
        "",
        f"{content['question']} {settings['shots']:,} shots of random matrix-product laws of bond "
        f"{settings['bond']}; KL in nats, beyond 20 bits from draws, with its standard error. "
        f"Device: {content['device']}. Repeat: `python benchmarks/gpu.py`.",
        "",
        *head(
            ["bits", "seed"],
            ["KL, card", "KL, processor", "fit, s", "processor", "draws a second", "processor"],
        ),
        *(
            line(
                [
                    str(row["bits"]),
                    str(row["seed"]),
                    *(
                        f"{row['kl'][name]:.4f}"
                        + (f" ± {row['kl_error'][name]:.4f}" if row["kl_error"][name] else "")
                        for name in ("card", "processor")
                    ),
                    *(f"{row['seconds'][name]:.1f}" for name in ("card", "processor")),
                    *(f"{row['draws_a_second'][name]:.2g}" for name in ("card", "processor")),
                ]
            )
            for row in content["rows"]
        ),
    ]
