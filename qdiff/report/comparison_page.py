"""The page of ``qdiff compare``: what was compared, and what came of it."""

from __future__ import annotations

from qdiff.comparison.scorecard import Comparison
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.report.page import Page
from qdiff.report.page_parts import circuit_section, trainings, views_of


def comparison_page(
    found: Comparison,
    *,
    candidate: tuple[str, Shots | Distribution | Surrogate],
    reference: tuple[str, Shots | Distribution],
    training: tuple[str, Shots] | None = None,
    samples: Shots | None = None,
    command: str = "",
    seed: int = 0,
) -> Page:
    """The page of ``qdiff compare``; data come with the names that they are known by.

    `samples` are shots of a surrogate that has no table, as in `views_of`.
    """
    value = candidate[1]
    model = value if isinstance(value, Surrogate) else None
    shots = None if training is None else training[1]
    given = {"candidate": candidate, "reference": reference, "training shots": training}
    return Page(
        title=f"qdiff: {candidate[0]} against {reference[0]}",
        facts={
            "command": command or "qdiff.compare",
            **{name: _said(*data) for name, data in given.items() if data is not None},
            "seed": seed,
        },
        comparisons={f"{candidate[0]} against {reference[0]}": found},
        views=views_of(
            reference=reference[1], candidate=value, training=shots, samples=samples, seed=seed
        ),
        training=() if model is None else trainings(model.card),
        circuit=None
        if model is None or shots is None
        else circuit_section(model, shots, samples=samples, seed=seed),
    )


def _said(name: str, value: Shots | Distribution | Surrogate) -> str:
    """One line about some data."""
    if isinstance(value, Shots):
        what = f"{value.num_shots:,} shots of {value.num_bits} bits, {len(value.counts):,} distinct"
    elif isinstance(value, Distribution):
        kind = "exact" if value.standard_error is None else "with standard errors"
        what = f"a law of {value.num_bits} bits, {kind}"
    else:
        weights = ", ".join(f"{part.value} {weight:.3f}" for part, weight in value.weights.items())
        what = f"a surrogate of {value.num_bits} bits: {weights}"
    return f"{name}: {what}"
