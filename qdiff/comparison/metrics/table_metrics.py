"""How far apart two laws of bitstrings are.

Pure functions of probability tables: `p` is the reference, `q` the candidate, ``(2^n,) float64``
each, or ``(..., 2^n)`` with leading axes that broadcast (replicates, say); the result has the
leading axes. Both are taken to be non-negative and to sum to one. Logarithms are natural: nats.

Rules for zero probabilities, for every metric here:

* ``0 log 0 = 0``, and ``a log(a / 0)`` is infinite for ``a > 0``;
* a normalised score whose normaliser vanishes (every one, for a uniform reference) is NaN:
  undefined, and not an error.

docs/metrics.md has the definitions with their sources, and what a histogram makes of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, rel_entr

from qdiff.errors import InputError

Table = NDArray[np.float64]

PSEUDOCOUNT = 0.5
"""Added to each count of a histogram before ``kl``, which an unseen string would make infinite."""

_VANISHING = 1e-24
"""A reference whose normaliser is below this is uniform up to rounding."""


def entropy(p: Table) -> Table:
    """Shannon entropy ``-sum p log p``, in nats.

    >>> float(entropy(np.array([0.5, 0.5])) / np.log(2))
    1.0
    """
    return np.asarray(entr(p).sum(axis=-1))[()]


def kl_divergence(p: Table, q: Table) -> Table:
    """Kullback-Leibler divergence ``KL(p || q) = sum p log(p / q)``, in nats.

    Infinite when `q` lacks mass where `p` has some. The other way round is
    ``kl_divergence(q, p)``.

    >>> float(kl_divergence(np.array([0.5, 0.5]), np.array([1.0, 0.0])))
    inf
    """
    return np.asarray(rel_entr(*_pair(p, q)).sum(axis=-1))[()]


def jensen_shannon(p: Table, q: Table) -> Table:
    """Jensen-Shannon divergence, in nats, 0 to ln 2: the mean KL to the midpoint ``(p + q) / 2``.

    Its square root is the Jensen-Shannon distance (Lin, IEEE Trans. Inf. Theory 37, 1991).
    """
    p, q = _pair(p, q)
    middle = (p + q) / 2
    return np.asarray((rel_entr(p, middle) + rel_entr(q, middle)).sum(axis=-1) / 2)[()]


def total_variation(p: Table, q: Table) -> Table:
    """Total variation distance ``sum |p - q| / 2``, 0 to 1.

    >>> float(total_variation(np.array([0.5, 0.5]), np.array([1.0, 0.0])))
    0.5
    """
    p, q = _pair(p, q)
    return np.asarray(np.abs(p - q).sum(axis=-1) / 2)[()]


def hellinger_fidelity(p: Table, q: Table) -> Table:
    """Hellinger fidelity ``(sum sqrt(p q))^2``, 0 to 1, as Qiskit defines it.

    Uniform scores ``pi / 4 = 0.785`` against a Porter-Thomas law: 0.785 is not a good score.
    """
    p, q = _pair(p, q)
    return np.asarray(np.sqrt(p * q).sum(axis=-1) ** 2)[()]


def normalized_fidelity(p: Table, q: Table) -> Table:
    """Hellinger fidelity rescaled so that uniform scores 0 and equality 1 (QED-C).

    ``max(0, (F(p, q) - F(p, u)) / (1 - F(p, u)))`` with `u` uniform (Lubinski et al.,
    arXiv:2110.03137, equation 2). NaN for a uniform reference.
    """
    return rescale_fidelity(hellinger_fidelity(p, q), uniform_fidelity(p))


def uniform_fidelity(p: Table) -> Table:
    """Hellinger fidelity of the uniform law."""
    return hellinger_fidelity(p, np.full(np.shape(p)[-1], 1 / np.shape(p)[-1]))


def rescale_fidelity(fidelity: Table, uniform: Table) -> Table:
    """Move a fidelity to the scale on which `uniform` is 0; NaN where uniform is already 1."""
    room = np.asarray(1 - uniform)
    room = np.where(room > 1e-12, room, np.nan)
    return np.asarray(np.maximum(0, (fidelity - uniform) / room))[()]


def linear_xeb(p: Table, q: Table) -> Table:
    """Linear cross-entropy benchmark, normalised by the noisy reference.

    ``(2^n sum p q - 1) / (2^n sum p^2 - 1)``: 1 for ``q = p``, 0 for uniform; it can exceed 1,
    since only the match with the heavy strings of `p` counts. Linear in `q`. NaN for a uniform
    reference. After Arute et al., Nature 574, 505 (2019), who normalise by the ideal law.
    """
    p, q = _pair(p, q)
    return np.asarray((q * linear_xeb_scores(p)).sum(axis=-1))[()]


def linear_xeb_scores(p: Table) -> Table:
    """What each outcome adds to `linear_xeb`: the benchmark is the mean score of the shots."""
    outcomes = np.shape(p)[-1]
    excess = outcomes * p - 1
    return np.asarray(excess / _normaliser((excess**2).mean(axis=-1, keepdims=True)))


def log_xeb(p: Table, q: Table) -> Table:
    """Logarithmic cross-entropy benchmark, normalised by the noisy reference.

    ``sum (q - u) log p / sum (p - u) log p`` with `u` uniform: 1 for ``q = p``, 0 for uniform
    (Boixo et al., Nature Physics 14, 595 (2018), normalised as `linear_xeb` is). NaN for a
    uniform reference, and for one with zeros, whose logarithms have no mean.
    """
    p, q = _pair(p, q)
    return np.asarray((q * log_xeb_scores(p)).sum(axis=-1))[()]


def log_xeb_scores(p: Table) -> Table:
    """What each outcome adds to `log_xeb`."""
    log_p = np.log(np.where(p > 0, p, np.nan))
    excess = log_p - log_p.mean(axis=-1, keepdims=True)
    contrast = ((p - 1 / np.shape(p)[-1]) * excess).sum(axis=-1, keepdims=True)
    return np.asarray(excess / _normaliser(contrast))


def heavy_output(p: Table, q: Table) -> Table:
    """Heavy-output probability: the mass of `q` on strings likelier under `p` than its median.

    A perfect sampler scores what `p` itself does, ``(1 + ln 2) / 2 = 0.847`` for a Porter-Thomas
    law, and uniform 0.5; more than the perfect score is possible. Strings at the median are not
    heavy, so a uniform `p` has none, and scores 0 (Aaronson and Chen, arXiv:1612.05903).

    >>> float(heavy_output(np.array([0.5, 0.3, 0.2, 0.0]), np.full(4, 0.25)))
    0.5
    """
    p, q = _pair(p, q)
    return np.asarray((q * heavy_strings(p)).sum(axis=-1))[()]


def heavy_strings(p: Table) -> NDArray[np.bool_]:
    """Which strings are likelier than the median probability."""
    return np.asarray(p > np.median(p, axis=-1, keepdims=True))


def _normaliser(contrast: Table) -> Table:
    """`contrast`, or NaN where it is only the rounding of a uniform table."""
    return np.where(contrast > _VANISHING, contrast, np.nan)


def _pair(p: Table, q: Table) -> tuple[Table, Table]:
    if np.ndim(p) == 0 or np.ndim(q) == 0 or np.shape(p)[-1] != np.shape(q)[-1]:
        raise InputError(
            f"the tables are over different outcomes: shapes {np.shape(p)} and {np.shape(q)}"
        )
    return np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)


@dataclass(frozen=True)
class Measure:
    """A metric as a comparison lists it: its function of ``(p, q)``, name, range and best value.

    `best` is None where the best score is the reference's own. A `linear` metric is a mean over the
    candidate's shots, hence unbiased.
    """

    function: Callable[[Table, Table], Table]
    title: str
    best: float | None
    low: float = 0.0
    high: float = 1.0
    linear: bool = False


METRICS: Mapping[str, Measure] = MappingProxyType(
    {
        "kl": Measure(kl_divergence, "KL(reference ‖ candidate)", best=0, high=inf),
        "reverse_kl": Measure(
            lambda p, q: kl_divergence(q, p), "KL(candidate ‖ reference)", best=0, high=inf
        ),
        "jensen_shannon": Measure(jensen_shannon, "Jensen-Shannon divergence", best=0),
        "total_variation": Measure(total_variation, "Total variation", best=0),
        "hellinger_fidelity": Measure(hellinger_fidelity, "Hellinger fidelity", best=1),
        "normalized_fidelity": Measure(normalized_fidelity, "Normalized fidelity", best=1),
        "xeb": Measure(linear_xeb, "Linear XEB", best=1, low=-inf, high=inf, linear=True),
        "log_xeb": Measure(log_xeb, "Logarithmic XEB", best=1, low=-inf, high=inf, linear=True),
        "heavy_output": Measure(heavy_output, "Heavy-output probability", best=None, linear=True),
    }
)
"""The metrics of a comparison, in the order in which they are shown."""
