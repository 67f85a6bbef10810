r"""The law of a circuit under noise of unknown strength, as a differentiable function of it.

    q = (1 - f) R  p_r  +  f  prod_i m_i

``p_r`` is the law before readout at error rates ``r`` (`qdiff.physics.dictionary`), ``R`` the
readout (flips of each bit at rates of its own and, if asked for, of coupled pairs together), and
``m`` a product law that stands for all that the rest does not know. Every parameter is written as
a prior mean plus a prior deviation times a number of unit normal prior: rates of one kind share a
mean and differ by a deviation that is fitted on top, so that few shots give shared rates and many
give each its own. The posterior is maximised by L-BFGS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from qdiff.physics.confusion import Confusion
from qdiff.physics.dictionary import Dictionary
from qdiff.shots import Shots

Floats = NDArray[np.float64]
Start = dict[str, Floats]
"""Values of the parameters by name, each of unit normal prior."""

_USUAL_RATES = {"pauli1": 5e-4, "pauli2": 5e-3, "phase1": 3e-4, "relax1": 3e-4}
"""Medians of the priors of error rates a place: what superconducting devices have."""

_USUAL_READOUT, _USUAL_PAIR_FLIP, _USUAL_BACKGROUND = 0.015, 0.003, 0.01
_RATE_SPREAD, _READOUT_SPREAD, _PAIR_SPREAD, _BACKGROUND_SPREAD = 2.0, 1.2, 1.0, 2.0
_MARGINAL_SPREAD, _DIFFERENCE = 1.0, 1e-3
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


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedPrior:
    """The most probable noise, and the laws it makes.

    Attributes
    ----------
    before_readout
        ``p_r``, ``(2^n,)``.
    confusion
        ``R``.
    background, marginals
        ``f``, and the chance of a 1 in each bit of the product law.
    rates
        ``r_g``.
    values
        The parameters, to start another fit from.
    objective
        Minus the log posterior density at the optimum, up to a constant.
    """

    before_readout: Floats
    confusion: Confusion
    background: float
    marginals: Floats
    rates: Floats
    values: Start
    objective: float

    def law(self) -> Floats:
        """``q``, all ``2^n`` probabilities."""
        return mixed_with_product(
            self.confusion.apply(self.before_readout), self.background, self.marginals
        )


def mixed_with_product(law: Floats, weight: float, marginals: Floats) -> Floats:
    """``(1 - w) law + w prod_i m_i``."""
    product = np.ones(1)
    for one in marginals:
        product = np.concatenate([product * (1 - one), product * one])
    return np.asarray((1 - weight) * law + weight * product)


def fit_prior(
    dictionary: Dictionary,
    shots: Shots,
    config: PriorConfig,
    start: Start | None = None,
) -> FittedPrior:
    """The noise of largest posterior density given `shots`. Deterministic."""
    model = _Model(dictionary, shots, config)
    values = {**model.zeros(), **_matching(start, model.zeros())}
    names, sizes = list(values), [len(value) for value in values.values()]
    cuts = np.cumsum(sizes)[:-1]

    def objective(flat: Floats) -> tuple[float, Floats]:
        leaves = [
            torch.tensor(part, dtype=torch.float64, requires_grad=True)
            for part in np.split(flat, cuts)
        ]
        value = model.surprise(dict(zip(names, leaves, strict=True)))
        gradients = torch.autograd.grad(value, leaves, allow_unused=True)
        flat_gradient = [
            np.zeros(len(leaf)) if gradient is None else gradient.numpy()
            for leaf, gradient in zip(leaves, gradients, strict=True)
        ]
        return float(value.detach()), np.concatenate(flat_gradient)

    found = minimize(
        objective,
        np.concatenate(list(values.values())),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": config.iterations, "maxcor": 20, "ftol": 1e-9},
    )
    best = dict(zip(names, np.split(found.x, cuts), strict=True))
    return model.fitted(best, float(found.fun))


def surprise(dictionary: Dictionary, shots: Shots, config: PriorConfig, values: Start) -> float:
    """Minus the log posterior density of the parameters `values`, up to a constant."""
    model = _Model(dictionary, shots, config)
    with torch.no_grad():
        return float(model.surprise(_tensors({**model.zeros(), **values})))


def sensitivities(
    dictionary: Dictionary, shots: Shots, config: PriorConfig, values: Start
) -> Floats:
    """Derivatives of every distinct string's log-probability by every parameter, ``(d, m)``.

    By finite differences, which cost one law a parameter.
    """
    model = _Model(dictionary, shots, config)
    slopes = []
    with torch.no_grad():
        before = model.before_readout(model.rates(_tensors(values)))
        centre = model.log_seen(_tensors(values), before)
        for name, value in values.items():
            known = None if name in ("rates", "groups") else before
            for place in range(len(value)):
                moved = value.copy()
                moved[place] += _DIFFERENCE
                shifted = model.log_seen(_tensors({**values, name: moved}), known)
                slopes.append(((shifted - centre) / _DIFFERENCE).numpy())
    return np.stack(slopes)


class _Model:
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

    def zeros(self) -> Start:
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

    def rates(self, values: dict[str, Tensor]) -> Tensor:
        """Error rates a place, one a group."""
        if not self.kinds:
            return torch.zeros(0, dtype=torch.float64)
        shared = self.usual_rates + _RATE_SPREAD * values["rates"]
        return torch.exp(shared[self.kind_of] + self.config.group_spread * values["groups"])

    def before_readout(self, rates: Tensor) -> Tensor:
        """``p_r``: orders of errors by their Poisson weights, histories within each reweighted."""
        mean = (rates * self.sizes).sum()
        if not self.longest:
            return self.ideal
        scores = self.uses @ torch.log(rates * self.sizes) - self.log_density
        orders = torch.arange(self.longest + 1, dtype=torch.float64)
        masses = torch.exp(torch.special.xlogy(orders, mean) - mean - torch.lgamma(orders + 1))
        # histories of the most errors stand for all that have even more
        masses = torch.cat([masses[:-1], (1 - masses[:-1].sum())[None].clamp_min(0)])
        weights = torch.zeros_like(scores)
        for order in range(1, self.longest + 1):
            here = self.orders == order
            weights[here] = masses[order] * torch.softmax(scores[here], 0)
        return masses[0] * self.ideal + (weights.float() @ self.laws).double()

    def readout(self, values: dict[str, Tensor]) -> Tensor:
        """``P(1|0)`` and ``P(0|1)``, ``(2, n)``."""
        own = values["bits"].reshape(2, self.num_bits)
        shared = self.usual_readout + _READOUT_SPREAD * values["readout"][:, None]
        return torch.sigmoid(shared + self.config.readout_spread * own)

    def pair_flips(self, values: dict[str, Tensor]) -> Tensor:
        return torch.sigmoid(_logit(_USUAL_PAIR_FLIP) + _PAIR_SPREAD * values["pairs"])

    def background(self, values: dict[str, Tensor]) -> Tensor:
        spread = _logit(_USUAL_BACKGROUND) + _BACKGROUND_SPREAD * values["background"][0]
        return _FLOOR + (1 - _FLOOR) * torch.sigmoid(spread)

    def surprise(self, values: dict[str, Tensor]) -> Tensor:
        """Minus the log posterior density."""
        pull = torch.stack([(value**2).sum() for value in values.values()]).sum()
        return -(self.counts * self.log_seen(values)).sum() + 0.5 * pull

    def log_seen(self, values: dict[str, Tensor], before: Tensor | None = None) -> Tensor:
        """The log-probability of each distinct string, ``(m,)``; `before` is ``p_r`` if known."""
        if before is None:
            before = self.before_readout(self.rates(values))
        table = self.after_readout(before, values)
        f = self.background(values)
        logits = self.usual_marginals + _MARGINAL_SPREAD * values["marginals"]
        sides = self.rows * logits - torch.nn.functional.softplus(logits)
        return torch.log((1 - f) * table[self.index] + f * torch.exp(sides.sum(1)))

    def after_readout(self, table: Tensor, values: dict[str, Tensor]) -> Tensor:
        if self.config.confusion is not None:
            known: Tensor = _Known.apply(table, self.config.confusion)  # type: ignore[no-untyped-call]
            return known
        up, down = self.readout(values)
        for bit in range(self.num_bits):
            zero, one = table.reshape(-1, 2, 1 << bit).unbind(1)
            moved = down[bit] * one - up[bit] * zero
            table = torch.stack([zero + moved, one - moved], dim=1).reshape(-1)
        if not self.config.pairs:
            return table
        everything = torch.arange(len(table))
        for rate, (a, b) in zip(self.pair_flips(values), self.config.pairs, strict=True):
            table = (1 - rate) * table + rate * table[everything ^ (1 << a | 1 << b)]
        return table

    def confusion(self, values: dict[str, Tensor]) -> Confusion:
        up, down = self.readout(values).numpy()
        found = Confusion.independent(up, down)
        if not self.config.pairs:
            return found
        return found.with_pair_flips(self.config.pairs, self.pair_flips(values).numpy())

    def fitted(self, values: Start, objective: float) -> FittedPrior:
        tensors = _tensors(values)
        rates = self.rates(tensors)
        confusion = self.config.confusion or self.confusion(tensors)
        before = self.before_readout(rates).numpy()
        marginals = torch.sigmoid(self.usual_marginals + _MARGINAL_SPREAD * tensors["marginals"])
        return FittedPrior(
            before_readout=before / before.sum(),
            confusion=confusion,
            background=float(self.background(tensors)),
            marginals=marginals.numpy(),
            rates=rates.numpy(),
            values=values,
            objective=objective,
        )


class _Known(torch.autograd.Function):
    """A readout that is not fitted: forwards the layer, backwards its adjoint."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, confusion: Confusion) -> Tensor:
        ctx.confusion = confusion
        return torch.from_numpy(confusion.apply(table.numpy()))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return torch.from_numpy(ctx.confusion.adjoint(gradients[0].contiguous().numpy())), None


def _tensors(values: Start) -> dict[str, Tensor]:
    return {name: torch.from_numpy(value) for name, value in values.items()}


def _logit(chance: float) -> float:
    return float(np.log(chance / (1 - chance)))


def _matching(start: Start | None, zeros: Start) -> Start:
    """Those values of `start` that fit this model's parameters."""
    given: Sequence[Any] = () if start is None else list(start.items())
    return {name: value for name, value in given if value.shape == zeros[name].shape}
