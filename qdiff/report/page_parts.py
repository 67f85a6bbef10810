"""What any page about a surrogate is made of: its views, its circuit, its trainings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qdiff.data.distribution import Distribution
from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.plotting.palette import Role
from qdiff.report.page import CircuitSection
from qdiff.report.pictures.circuit import circuit_picture
from qdiff.report.pictures.views import View, view

_LABELS = {Role.REFERENCE: "reference", Role.CANDIDATE: "candidate", Role.RAW: "training shots"}

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
    picture = circuit_picture(
        before_readout=_surrogate_view(prior.before_readout(), Role.REFERENCE, "", None, seed),
        prior=_surrogate_view(prior, Role.REFERENCE, "", None, seed),
        posterior=_surrogate_view(model, Role.CANDIDATE, "", samples, seed),
        raw=view(training, Role.RAW, ""),
    )
    return CircuitSection(record=record, picture=picture)


def trainings(card: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The trainings that a model card tells of; whoever wrote it, a list of objects."""
    record = card.get("training")
    if not isinstance(record, list):
        return []
    return [entry for entry in record if isinstance(entry, Mapping)]


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
