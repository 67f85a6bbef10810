"""Whether the shots bear the circuit out, and what its law weighs beside the others.

Held-out shots decide. The circuit's law is *rejected* when the mixture fitted without it makes them
likelier by more than chance explains: by more than twice the standard error of the difference, less
a nat for each weight of that mixture, since the same shots chose them (Akaike). The surrogate is
then, bit for bit, the one fitted without the circuit. Otherwise the law stays, alone,
with the shots, or with everything else: each further weight has to bring a nat (Akaike), since a
thousand held-out shots cannot weigh five laws for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qdiff.data.bits import Counts, Floats
from qdiff.models.laws.mixture import log_mixture
from qdiff.models.laws.mixture_weights import mixture_weights

_ERRORS = 2.0
_NATS_A_WEIGHT = 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Verdict:
    """What held-out shots say of the circuit's law.

    Attributes
    ----------
    accepted
        False where the shots contradict the circuit.
    weights
        Of the circuit's law and of each other law by name; empty when rejected.
    record
        For the model card.
    """

    accepted: bool
    weights: Mapping[str, float]
    record: dict[str, Any]


def judge(
    circuit: Floats, others: Mapping[str, Floats], weights: Mapping[str, float], counts: Counts
) -> Verdict:
    """Decide from log-probabilities of the distinct held-out strings, ``(m,)`` a law.

    `weights` are those of the mixture fitted without the circuit.
    """
    plain = log_mixture(np.stack([*others.values()]), np.array([weights[k] for k in others]))
    total = int(counts.sum())
    mean, error = mean_difference(circuit, plain, counts)
    mean += _NATS_A_WEIGHT * (len(others) - 1) / total  # that the weights gained by being chosen
    record: dict[str, Any] = {
        "nats_per_shot_without_the_circuit": float(plain @ counts / total),
        "nats_per_shot_of_the_circuit_alone": float(circuit @ counts / total),
        "difference": mean,
        "standard_error": error,
    }
    if contradicted(mean, error):
        record["verdict"] = (
            f"rejected: without the circuit held-out shots are likelier by {-mean:.3g} +- "
            f"{error:.2g} nats a shot; the fit is the one without it"
        )
        return Verdict(accepted=False, weights={}, record=record)
    found, gain = _smallest_mixture(circuit, others, counts)
    record["gain_of_other_parts"] = gain
    record["nats_per_shot"] = record["nats_per_shot_of_the_circuit_alone"] + gain
    with_what = [name for name, weight in found.items() if name != "circuit" and weight > 0]
    record["verdict"] = "accepted, " + (
        "alone" if not with_what else f"with {', '.join(with_what)}"
    )
    return Verdict(accepted=True, weights=found, record=record)


def mean_difference(circuit: Floats, plain: Floats, counts: Counts) -> tuple[float, float]:
    """How much likelier the circuit makes a held-out shot, in nats, and its standard error."""
    total = int(counts.sum())
    difference = circuit - plain
    mean = float(difference @ counts / total)
    error = float(np.sqrt(((difference - mean) ** 2) @ counts / max(total - 1, 1) / total))
    return mean, error


def contradicted(mean: float, error: float) -> bool:
    """Whether the shots are less likely under the circuit than chance explains."""
    return mean < -_ERRORS * error


def _smallest_mixture(
    circuit: Floats, others: Mapping[str, Floats], counts: Counts
) -> tuple[dict[str, float], float]:
    """The nested set of laws whose gain is worth its weights, and the gain in nats a shot."""
    with_shots = {k: v for k, v in others.items() if k == "shots"}
    best: dict[str, float] = {"circuit": 1.0, **dict.fromkeys(others, 0.0)}
    best_value, best_gain = 0.0, 0.0
    for extra in (with_shots, dict(others)):
        if not extra:
            continue
        table = np.stack([circuit, *extra.values()])
        found = mixture_weights(table, counts)
        gain = float((log_mixture(table, found) - circuit) @ counts)
        value = gain - _NATS_A_WEIGHT * len(extra)
        if value > best_value:
            best = {
                **dict.fromkeys(best, 0.0),
                **dict(zip(["circuit", *extra], found.tolist(), strict=True)),
            }
            best_value, best_gain = value, gain / int(counts.sum())
    return best, best_gain
