"""Pages about surrogates and comparisons: which views are drawn, and what is said beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qdiff.comparison.scorecard import Comparison
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError
from qdiff.models.surrogate.parts import Part
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.report.page import CircuitSection, Page
from qdiff.report.pictures import draw as pictures
from qdiff.report.pictures.palette import Role
from qdiff.report.pictures.views import View, view

_DRAWN = 100_000
"""Shots that a surrogate without a table is drawn from, where none are given."""


def views_of(
    *,
    reference: Shots | Distribution | None = None,
    candidate: Shots | Distribution | Surrogate | None = None,
    training: Shots | None = None,
    labels: Mapping[Role, str] | None = None,
    samples: Shots | None = None,
    seed: Seed = 0,
) -> tuple[View, ...]:
    """What pictures of a comparison show, the most trusted first.

    A surrogate is drawn from its table, or where it has none from `samples` of it (drawn with
    `seed` if not given), single strings then at their own probability. Raises `InputError` for
    empty shots.
    """
    names = _LABELS | dict(labels or {})
    found = []
    if reference is not None:
        found.append(view(reference, Role.REFERENCE, names[Role.REFERENCE]))
    if isinstance(candidate, Surrogate):
        label = names[Role.CANDIDATE]
        found.append(_surrogate_view(candidate, Role.CANDIDATE, label, samples, seed))
    elif candidate is not None:
        found.append(view(candidate, Role.CANDIDATE, names[Role.CANDIDATE]))
    if training is not None:
        found.append(view(training, Role.RAW, names[Role.RAW]))
    return tuple(found)


def circuit_section(
    model: Surrogate, training: Shots, *, samples: Shots | None = None, seed: Seed = 0
) -> CircuitSection | None:
    """What the circuit brought to `model`, fitted to `training`; None if it was not told one."""
    record = model.card.get("circuit")
    if not isinstance(record, Mapping):
        return None
    if not model.weights.get(Part.CIRCUIT):
        return CircuitSection(record=record)  # rejected: its law was not kept
    prior = model.only(Part.CIRCUIT)
    drawing = pictures.circuit_drawing(
        before_readout=_surrogate_view(prior.before_readout(), Role.REFERENCE, "", None, seed),
        prior=_surrogate_view(prior, Role.REFERENCE, "", None, seed),
        posterior=_surrogate_view(model, Role.CANDIDATE, "", samples, seed),
        raw=view(training, Role.RAW, ""),
    )
    return CircuitSection(record=record, drawing=drawing)


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


def trainings(card: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The trainings that a model card tells of; whoever wrote it, a list of objects."""
    record = card.get("training")
    if not isinstance(record, list):
        return []
    return [entry for entry in record if isinstance(entry, Mapping)]


_LABELS = {Role.REFERENCE: "reference", Role.CANDIDATE: "candidate", Role.RAW: "training shots"}


def _surrogate_view(
    model: Surrogate, role: Role, label: str, samples: Shots | None, seed: Seed
) -> View:
    try:
        return view(model.distribution(), role, label)
    except InputError:  # no table at this size
        drawn = model.sample(_DRAWN, seed=seed) if samples is None else samples
    try:
        model.log_prob(drawn.bits[:1])
    except InputError:  # the bit-flip process has probabilities of few bits only
        return view(drawn, role, label)
    return view(drawn, role, label, log_prob=model.log_prob)


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
