"""The record of a lesson: how well each circuit's shots agree with what was learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.noise_learning.consistency import disagreement, few_bit_change, few_bit_residue
from qdiff.noise_learning.goodness_of_fit import Agreement, agreement
from qdiff.noise_learning.joint_likelihood import JointLikelihood
from qdiff.noise_learning.posterior import Posterior
from qdiff.noise_learning.prior import design
from qdiff.noise_learning.search import Search

T = TypeVar("T")

_MOST_BITS = 16
"""Beyond, all strings' derivatives by all numbers take too long and too much memory."""


def lesson_rows(
    search: Search, joint: JointLikelihood, posterior: Posterior, local: Sequence[Floats]
) -> list[dict[str, Any]]:
    """A record a circuit; `local` is its shots' information about its own numbers.

    ``predicted`` and ``fitted`` are `Agreement`s with what the others teach and with what all do;
    ``p_values`` those of the tests of `consistency`, and None where there is nothing to compare.
    """
    rows = []
    for place, (drawn, own, shots) in enumerate(
        zip(search.best.drawn, joint.likelihoods, search.shots, strict=True)
    ):
        program = drawn.circuit.program
        elsewhere, agrees = _beside_others(search, joint, posterior, local, place)
        batches = [
            other
            for number, (each, other) in enumerate(
                zip(search.best.drawn, search.shots, strict=True)
            )
            if number != place and each.circuit.program.fingerprint == program.fingerprint
        ]
        rows.append(
            {
                "circuit": program.name,
                "circuit_hash": program.fingerprint,
                "num_shots": shots.num_shots,
                "predicted": asdict(elsewhere),
                "fitted": asdict(agreement(own.law(posterior.values(own.numbers)), shots)),
                "p_values": {
                    "other circuits": agrees,
                    "one and two bits": _residue(joint, posterior, place, shots),
                    "other batches": few_bit_change(shots, batches) if batches else None,
                },
            }
        )
    return rows


def _beside_others(
    search: Search,
    joint: JointLikelihood,
    posterior: Posterior,
    local: Sequence[Floats],
    place: int,
) -> tuple[Agreement, float | None]:
    """A circuit's shots with the law learned from all else that is known.

    Where that is nothing, held-out shots with the law learned from the rest.
    """
    own, shots = joint.likelihoods[place], search.shots[place]
    earlier = bool(search.best.known.parameters)
    if len(joint.likelihoods) == 1 and not earlier:
        law = own.law(search.best.posterior.values(own.numbers))
        return agreement(law, search.heldout[place]), None
    others = _without(local, place)
    rest = JointLikelihood(_without(joint.likelihoods, place), search.best.known)
    learned = rest.posterior(rest.most_probable(posterior, others), rest.information(others))
    learned = learned.widened(own.numbers)
    _, matrix = design(own.numbers, learned.parameters, learned.prior)
    values, counts = learned.values(own.numbers), own.counts.numpy()
    slopes = own.slopes(values)
    information = matrix.T @ ((slopes * counts) @ slopes.T) @ matrix
    score = matrix.T @ (slopes @ counts)
    p_value = disagreement(score, information, learned.precision)
    return agreement(own.law(values), shots), p_value


def _residue(
    joint: JointLikelihood, posterior: Posterior, place: int, shots: Shots
) -> float | None:
    if shots.num_bits > _MOST_BITS:
        return None
    own = joint.likelihoods[place]
    values = posterior.values(own.numbers)
    _, matrix = design(own.numbers, posterior.parameters, posterior.prior)
    slopes = own.law_slopes(values)
    covariance = matrix @ np.linalg.solve(posterior.precision, matrix.T)
    return few_bit_residue(own.law(values), slopes, covariance, shots)


def _without(items: Sequence[T], place: int) -> list[T]:
    return [*items[:place], *items[place + 1 :]]
