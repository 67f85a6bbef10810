r"""The law of a circuit under noise of unknown strength, as a differentiable function of it.

    q = (1 - f) R  p_r  +  f  prod_i m_i

``p_r`` is the law before readout at error rates ``r`` (`noisy_circuit.history_laws`), ``R`` the
readout (flips of each bit at rates of its own and, if asked for, of coupled pairs together), and
``m`` a product law that stands for all that the rest does not know. Every parameter is written as
a prior mean plus a prior deviation times a number of unit normal prior: rates of one kind share a
mean and differ by a deviation that is fitted on top, so that few shots give shared rates and many
give each its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.noisy_circuit.history_laws import Dictionary
from qdiff.models.readout.confusion import Confusion
from qdiff.models.readout.differentiable import flipped, flipped_together, read

Values = dict[str, Floats]
"""Values of the parameters by name, each of unit normal prior."""

_USUAL_RATES = {"pauli1": 5e-4, "pauli2": 5e-3, "phase1": 3e-4, "relax1": 3e-4}
"""Medians of the priors of error rates a place: what superconducting devices have."""

_USUAL_READOUT, _USUAL_PAIR_FLIP, _USUAL_BACKGROUND = 0.015, 0.003, 0.01
_RATE_SPREAD, _READOUT_SPREAD, _PAIR_SPREAD, _BACKGROUND_SPREAD = 2.0, 1.2, 1.0, 2.0
_MARGINAL_SPREAD = 1.0
_RAREST = 1e-15
"""Expected errors of a group whose rate is 0, which has no logarithm."""

_LEAST_TOTAL = 0.1
"""Of laws some of which count against: less only where rates are far from any that are likely."""

_FLOOR = 1e-7
"""The least weight of the background, so that no string is impossible."""


@dataclass(frozen=True, kw_only=True)
class PriorConfig:
    """What is fitted, and how far rates of one kind may differ.

    Attributes
    ----------
    readout_spread, group_spread
        Prior standard deviation, in log-odds, of a bit's readout rate from the shared one, and in
        logarithms of an error group's rate.
    pairs
        Pairs of bits that may flip together in readout.
    iterations
        Steps of L-BFGS at most.
    rates
        Expected error rates by the shared name of groups, where they are known beforehand.
    readout
        The same of readout, ``(P(1|0), P(0|1))``.
    confusion
        The readout, where it is known; then nothing of it is fitted.
    """

    readout_spread: float = 0.3
    group_spread: float = 0.3
    pairs: tuple[tuple[int, int], ...] = ()
    iterations: int = 60
    rates: dict[str, float] = field(default_factory=dict)
    readout: tuple[float, float] | None = None
    confusion: Confusion | None = None


@dataclass(frozen=True, kw_only=True)
class CircuitFitConfig:
    """How much work a fit may do, and what is known beforehand.

    Attributes
    ----------
    operations
        Gates times amplitudes that errors are simulated with.
    order
        0 leaves errors of gates out; None simulates as many a run as there are.
    rates, readout, confusion
        Where the fit starts from, and the readout if it is known, as in `PriorConfig`.
    """

    operations: float = 4e9
    order: int | None = None
    rates: dict[str, float] = field(default_factory=dict)
    readout: tuple[float, float] | None = None
    confusion: Confusion | None = None

    def __post_init__(self) -> None:
        if not self.operations > 0:
            raise InputError(f"operations must be positive, got {self.operations}")
        if self.order not in (None, 0):
            raise InputError(f"order must be 0 or None, got {self.order!r}")


class NoisyModel:
    """The noisy law in torch, float64 but for the sum over histories."""

    def __init__(self, dictionary: Dictionary, shots: Shots, config: PriorConfig) -> None:
        dictionary, number = dictionary.merged
        self.config = config
        self.num_bits = shots.num_bits
        self.counts = torch.from_numpy(shots.counts.astype(np.float64))
        self.index = torch.from_numpy(shots.indices)
        self.rows = torch.from_numpy(shots.bits.astype(np.float64))
        self.ideal = torch.from_numpy(dictionary.ideal)
        self.laws = torch.from_numpy(dictionary.laws)
        self.uses = torch.from_numpy(dictionary.uses.astype(np.float64))
        self.sizes = torch.from_numpy(dictionary.sizes)
        self.kinds = sorted({group.shared for group in dictionary.groups})
        kind_of = [self.kinds.index(group.shared) for group in dictionary.groups]
        self.kind_of = torch.tensor(kind_of, dtype=torch.int64)
        usual = {**_USUAL_RATES, **{k: max(v, 1e-6) for k, v in config.rates.items()}}
        self.usual_rates = torch.tensor([np.log(usual[kind]) for kind in self.kinds])
        self.orders = torch.from_numpy(dictionary.orders)
        self.longest = int(self.orders.max()) if len(self.orders) else 0
        if self.longest:
            self.log_density = torch.from_numpy(dictionary.log_density() - np.log(number))
        readout = config.readout or (_USUAL_READOUT, _USUAL_READOUT)
        self.usual_readout = torch.tensor([_logit(max(rate, 1e-4)) for rate in readout])[:, None]
        ones = (shots.counts @ shots.bits + 0.5) / (shots.num_shots + 1)
        self.usual_marginals = torch.from_numpy(np.log(ones / (1 - ones)))

    def zeros(self) -> Values:
        """Every parameter at its prior's mean."""
        n = self.num_bits
        return {
            "rates": np.zeros(len(self.kinds)),
            "groups": np.zeros(len(self.kind_of)),
            "readout": np.zeros(2),
            "bits": np.zeros(2 * n),
            "pairs": np.zeros(len(self.config.pairs)),
            "background": np.zeros(1),
            "marginals": np.zeros(n),
        }

    def rates(self, values: Mapping[str, Tensor]) -> Tensor:
        """Error rates a place, one a group."""
        if not self.kinds:
            return torch.zeros(0, dtype=torch.float64)
        shared = self.usual_rates + _RATE_SPREAD * values["rates"]
        return torch.exp(shared[self.kind_of] + self.config.group_spread * values["groups"])

    def before_readout(self, rates: Tensor) -> Tensor:
        """``p_r``: orders of errors by their Poisson weights, histories within each reweighted.

        Rates may be less than 0 where the errors of other groups make up for it: histories with an
        odd number of such errors then count against.
        """
        mean = (rates * self.sizes).abs().sum()
        if not self.longest:
            return self.ideal
        scores = self.uses @ torch.log((rates * self.sizes).abs() + _RAREST) - self.log_density
        orders = torch.arange(self.longest + 1, dtype=torch.float64)
        masses = torch.exp(torch.special.xlogy(orders, mean) - mean - torch.lgamma(orders + 1))
        # histories of the most errors stand for all that have even more
        masses = torch.cat([masses[:-1], (1 - masses[:-1].sum())[None].clamp_min(0)])
        weights = torch.zeros_like(scores)
        for order in range(1, self.longest + 1):
            here = self.orders == order
            weights[here] = masses[order] * torch.softmax(scores[here], 0)
        if (negative := rates.detach() < 0).any():
            odd = (self.uses[:, negative].sum(1) % 2).bool()
            weights = torch.where(odd, -weights, weights)
            total = (masses[0] + weights.sum()).clamp_min(_LEAST_TOTAL)
            law = masses[0] * self.ideal + (weights.float() @ self.laws).double()
            return law / total
        return masses[0] * self.ideal + (weights.float() @ self.laws).double()

    def readout(self, values: Mapping[str, Tensor]) -> Tensor:
        """``P(1|0)`` and ``P(0|1)``, ``(2, n)``."""
        own = values["bits"].reshape(2, self.num_bits)
        shared = self.usual_readout + _READOUT_SPREAD * values["readout"][:, None]
        return torch.sigmoid(shared + self.config.readout_spread * own)

    def pair_flips(self, values: Mapping[str, Tensor]) -> Tensor:
        return torch.sigmoid(_logit(_USUAL_PAIR_FLIP) + _PAIR_SPREAD * values["pairs"])

    def background(self, values: Mapping[str, Tensor]) -> Tensor:
        spread = _logit(_USUAL_BACKGROUND) + _BACKGROUND_SPREAD * values["background"][0]
        return _FLOOR + (1 - _FLOOR) * torch.sigmoid(spread)

    def marginals(self, values: Mapping[str, Tensor]) -> Tensor:
        """Log-odds of a 1 in each bit of the background."""
        return self.usual_marginals + _MARGINAL_SPREAD * values["marginals"]

    def surprise(self, values: Mapping[str, Tensor]) -> Tensor:
        """Minus the log posterior density."""
        pull = torch.stack([(value**2).sum() for value in values.values()]).sum()
        return -(self.counts * self.log_seen(values)).sum() + 0.5 * pull

    def log_seen(self, values: Mapping[str, Tensor], before: Tensor | None = None) -> Tensor:
        """The log-probability of each distinct string, ``(m,)``; `before` is ``p_r`` if known."""
        if before is None:
            before = self.before_readout(self.rates(values))
        table = self.after_readout(before, values)
        f, logits = self.background(values), self.marginals(values)
        sides = self.rows * logits - torch.nn.functional.softplus(logits)
        return torch.log((1 - f) * table[self.index] + f * torch.exp(sides.sum(1)))

    def after_readout(self, table: Tensor, values: Mapping[str, Tensor]) -> Tensor:
        """``R`` of a table."""
        if self.config.confusion is not None:
            return read(table, self.config.confusion)
        table = flipped(table, *self.readout(values))
        return flipped_together(table, self.config.pairs, self.pair_flips(values))

    def confusion(self, values: Mapping[str, Tensor]) -> Confusion:
        """``R`` in numpy."""
        if self.config.confusion is not None:
            return self.config.confusion
        found = Confusion.independent(*self.readout(values).numpy())
        if not self.config.pairs:
            return found
        return found.with_pair_flips(self.config.pairs, self.pair_flips(values).numpy())


def as_tensors(values: Values) -> dict[str, Tensor]:
    """The same values in torch."""
    return {name: torch.from_numpy(value) for name, value in values.items()}


def _logit(chance: float) -> float:
    return float(np.log(chance / (1 - chance)))
