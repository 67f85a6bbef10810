"""How probable one circuit's shots are, as a differentiable function of the device's numbers.

    q = (1 - f) R (p_r + e^-mu sum_k (a_k - a_k^0) dP_0/da_k)  +  f prod_i m_i

``p_r`` is the law after errors of gates (`noisy_circuit.history_laws`), drawn about gates that are
over-rotated by ``a^0``; what is yet missing of the over-rotations ``a`` acts in first order. ``R``
is the readout, and ``m`` the shots' own marginals. All numbers come on the scales of
`noise_learning.numbers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.models.noisy_circuit.noise_likelihood import NoisyModel, PriorConfig
from qdiff.models.noisy_circuit.noise_posterior import mixed_with_product
from qdiff.models.readout.differentiable import flipped, flipped_together
from qdiff.noise_learning.drawn_laws import DrawnLaws
from qdiff.noise_learning.exact_law import Anchor, exact_law
from qdiff.noise_learning.numbers import BACKGROUND, PAIR_FLIP, RATES, TURNS, Number
from qdiff.noise_learning.posterior import Posterior

_DIFFERENCE, _TURN = 1e-3, 1e-5
_LEAST_SEEN = 1e-60
"""Probability of a string below which only a step too far takes it, and slopes would overflow."""

_LEAST_TOTAL = 1e-12
"""Of a law put right: a step too far in rates, some of which count against, can leave nothing."""


def anchored(
    drawn: DrawnLaws, own: CircuitLikelihood, known: Posterior, operations: float
) -> DrawnLaws:
    """`drawn`, put right at the most probable rates where `operations` suffice for the exact law.

    `own` is the likelihood of any shots under `drawn`.
    """
    numbers = torch.from_numpy(known.values(own.numbers))
    rates = drawn.circuit.net @ np.exp(known.values(drawn.circuit.rates))
    truth = exact_law(drawn.circuit, rates, drawn.angles, operations)
    if truth is None:
        return drawn
    return replace(drawn, anchor=Anchor.of(truth, own.by_histories(numbers).numpy()))


class CircuitLikelihood:
    """One circuit's shots under `numbers`, whose values come as a vector in that order."""

    def __init__(self, drawn: DrawnLaws, shots: Shots, numbers: list[Number]) -> None:
        self.numbers = numbers
        self._model = NoisyModel(drawn.dictionary, shots, PriorConfig())
        self.counts = self._model.counts
        self._bits = torch.tensor(drawn.circuit.bits)
        self._pairs = drawn.circuit.program.couplings
        kinds = np.array([number.kind for number in numbers])
        self._rates = torch.from_numpy(np.isin(kinds, RATES))
        self._flips = torch.from_numpy(kinds == PAIR_FLIP)
        self._turns = torch.from_numpy(np.isin(kinds, TURNS))
        self._background = torch.from_numpy(kinds == BACKGROUND)
        self._readout = ~(self._rates | self._flips | self._turns | self._background)
        if self._turns.any():
            self._tangents = torch.from_numpy(drawn.tangents)
            self._angles = torch.tensor(drawn.angles, dtype=torch.float64)
        marginals = self._model.usual_marginals
        self._net = torch.from_numpy(drawn.circuit.net)
        anchor = drawn.anchor
        self._anchor = anchor and tuple(map(torch.from_numpy, (anchor.ratio, anchor.rest)))
        sides = self._model.rows * marginals - torch.nn.functional.softplus(marginals)
        self._sides = torch.exp(sides.sum(1))

    def log_seen(self, values: Tensor, before: Tensor | None = None) -> Tensor:
        """The log-probability of each distinct string, ``(m,)``; `before` as of `before_readout`.

        It is normalised over all strings as far as the first order keeps the law positive.
        """
        table = self.before_readout(values) if before is None else before
        table = self._after_readout(table, values)
        background = torch.sigmoid(values[self._background])
        seen = (1 - background) * table[self._model.index] + background * self._sides
        return torch.log(seen.clamp_min(_LEAST_SEEN))

    def law(self, values: Floats) -> Floats:
        """All ``2^n`` probabilities."""
        with torch.no_grad():
            return self._law(torch.from_numpy(values)).numpy()

    def before_readout(self, values: Tensor) -> Tensor:
        """The law that errors and over-rotations of gates make, ``(2^n,)``."""
        table = self.by_histories(values)
        if self._anchor:
            table = (table * self._anchor[0] + self._anchor[1]).clamp_min(0)
            table = table / table.sum().clamp_min(_LEAST_TOTAL)
        if not self._turns.any():
            return table
        rates = self._net_rates(values)
        errors = (rates * self._model.sizes).sum() if self._model.longest else torch.tensor(0.0)
        moved = values[self._turns] - self._angles
        return table + torch.exp(-errors) * (moved @ self._tangents)

    def by_histories(self, values: Tensor) -> Tensor:
        """What errors of gates make by the histories drawn, over-rotations as they were then."""
        return self._model.before_readout(self._net_rates(values))

    def information(self, values: Floats) -> Floats:
        """Fisher information of the shots about the numbers, ``(k, k)``."""
        slopes = self.slopes(values)
        return np.asarray((slopes * self.counts.numpy()) @ slopes.T)

    def slopes(self, values: Floats) -> Floats:
        """Derivatives of every distinct string's log-probability by every number, ``(k, m)``."""
        return self._differences(values, self.log_seen)

    def law_slopes(self, values: Floats) -> Floats:
        """Derivatives of all probabilities by every number, ``(k, 2^n)``."""
        return self._differences(values, self._law)

    def _differences(
        self, values: Floats, function: Callable[[Tensor, Tensor | None], Tensor]
    ) -> Floats:
        """By finite differences, which cost one law a number."""
        rows = []
        with torch.no_grad():
            centre = torch.from_numpy(values)
            before = self.before_readout(centre)
            here = function(centre, before)
            for place in range(len(values)):
                moved = centre.clone()
                step = _TURN if self._turns[place] else _DIFFERENCE
                moved[place] += step
                early = bool(self._rates[place] or self._turns[place])
                shifted = function(moved, None if early else before)
                rows.append(((shifted - here) / step).numpy())
        return np.stack(rows)

    def _law(self, values: Tensor, before: Tensor | None = None) -> Tensor:
        table = self.before_readout(values) if before is None else before
        table = self._after_readout(table, values)
        background = torch.sigmoid(values[self._background])
        marginals = torch.sigmoid(self._model.usual_marginals).numpy()
        sides = mixed_with_product(np.zeros(len(table)), 1.0, marginals)
        return (1 - background) * table + background * torch.from_numpy(sides)

    def _net_rates(self, values: Tensor) -> Tensor:
        return self._net @ torch.exp(values[self._rates])

    def _after_readout(self, table: Tensor, values: Tensor) -> Tensor:
        chances = torch.sigmoid(values[self._readout]).reshape(2, -1)
        silent = torch.zeros(2, self._model.num_bits, dtype=torch.float64)
        chances = silent.index_copy(1, self._bits, chances)
        table = flipped(table, *chances)
        if not self._flips.any():
            return table
        return flipped_together(table, self._pairs, torch.sigmoid(values[self._flips]))
