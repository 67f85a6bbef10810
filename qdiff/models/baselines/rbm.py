"""A restricted Boltzmann machine, as QuCumber fits to measurement outcomes.

``q(v) = 1/Z exp(b v) prod_k (1 + exp(c_k + (v W)_k))`` with one layer of hidden units (Torlai et
al., Nature Physics 14, 447 (2018); QuCumber: Beach et al., SciPost Phys. 7, 009 (2019)). QuCumber
trains by contrastive divergence and samples by Gibbs chains. Here the smaller of the two layers is
summed over, so that likelihood, gradient and samples are exact: the same law, no worse fitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.data.shots import Shots
from qdiff.data.streaming_counts import StreamingCounts
from qdiff.errors import InputError
from qdiff.models.baselines.base import Baseline, FittedBaseline, tabulated
from qdiff.models.baselines.search import MANY_SHOTS, Search
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.models.laws.law import Law
from qdiff.models.laws.table import TableLaw

MOST_SUMMED = 20
"""Bits or hidden units, whichever are fewer, that are summed over."""

_FEW_BITS = 16
_ROWS = 1 << 14


@dataclass(frozen=True, kw_only=True)
class RBM(Baseline):
    """A restricted Boltzmann machine; held-out shots choose its size and weight decay.

    Attributes
    ----------
    hidden
        Numbers of hidden units to try. When not given, as many as there are bits (QuCumber's
        choice) and twice as many; beyond 16 bits, where it is they that are summed over, 8 and 12.
    weight_decay
        Weight decays to try: the first with every size, the others with the best size.
    training
        How each is trained, its own weight decay aside. When not given, 4,000 steps, and 6,000
        from 50,000 shots on, with patience: parities are learned late and at once.
    device
        Where.

    Raises `InputError` when fitted to over 20 bits with over 20 hidden units.

    >>> quick = TrainingConfig(steps=20, evaluate_every=20)
    >>> RBM(hidden=(2,), training=quick).fit(Shots.from_counts({"00": 60, "11": 40})).num_bits
    2
    """

    hidden: tuple[int, ...] | None = None
    weight_decay: tuple[float, ...] = (0.0,)
    training: TrainingConfig | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        self._search(self.hidden or (1,), _training(0))
        if self.hidden == ():
            raise InputError("hidden must name one size at least")

    def fit(self, shots: Shots, *, heldout: Shots | None = None, seed: int = 0) -> FittedBaseline:
        bits = shots.num_bits
        sizes = self.hidden or ((bits, 2 * bits) if bits <= _FEW_BITS else (8, 12))
        if min(bits, max(sizes)) > MOST_SUMMED:
            raise InputError(
                f"{bits} bits and {max(sizes)} hidden units are too many to sum over; "
                f"use at most {MOST_SUMMED} hidden units"
            )
        training = self.training or _training(shots.num_shots)
        return self._search(sizes, training).fit(shots, heldout, seed)

    def _search(self, sizes: tuple[int, ...], training: TrainingConfig) -> Search[Machine]:
        return Search(
            build=Machine,
            process=_Likelihood(),
            law=Machine.law,
            sizes=sizes,
            decays=self.weight_decay,
            training=training,
            device=self.device,
        )


def _training(shots: int) -> TrainingConfig:
    steps = 4000 if shots < MANY_SHOTS else 6000
    return TrainingConfig(steps=steps, batch=512, learning_rate=2e-2, clip=10.0, patience=10)


class Machine(nn.Module):
    """Weights ``(n, hidden)`` and biases; the visible layer is spins, the hidden one 0 and 1."""

    def __init__(self, num_bits: int, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        drawn = torch.randn(num_bits, hidden, generator=generator) / max(num_bits, hidden) ** 0.5
        self.weights = nn.Parameter(drawn)
        self.visible = nn.Parameter(torch.zeros(num_bits))
        self.hidden = nn.Parameter(torch.zeros(hidden))
        states = bitorder.all_bits(min(num_bits, hidden))
        self.states: Tensor
        self.register_buffer("states", torch.from_numpy(states).float(), persistent=False)

    def forward(self, spins: Tensor) -> Tensor:
        """Unnormalised log-probabilities, ``(rows, n) -> (rows,)``."""
        levels: Tensor = spins @ self.visible + softplus(self.hidden + spins @ self.weights).sum(1)
        return levels

    def log_partition(self) -> Tensor:
        """The logarithm of Z, by summing over the smaller layer."""
        if len(self.visible) <= len(self.hidden):
            levels: Tensor = self(2 * self.states - 1)
            return torch.logsumexp(levels, 0)
        field = self.visible + self.states @ self.weights.T
        outside = (softplus(2 * field) - field).sum(1)  # log(2 cosh)
        return torch.logsumexp(self.states @ self.hidden + outside, 0)

    def law(self) -> BoltzmannLaw:
        """The law of these parameters, in double precision and of bits 0 and 1."""
        parts = (self.weights, self.visible, self.hidden)
        weights, visible, hidden = (part.detach().cpu().double().numpy() for part in parts)
        return BoltzmannLaw(2 * weights, 2 * visible, hidden - weights.sum(axis=0))


class _Likelihood(Process[Machine]):
    """Exact likelihood: nothing is corrupted."""

    def loss(self, network: Machine, clean: Tensor, generator: torch.Generator) -> Tensor:
        surprise: Tensor = network.log_partition() - network(clean).mean()
        return surprise

    def surprise(self, network: Machine, clean: Tensor, generator: torch.Generator) -> Tensor:
        levels = [network(part) for part in torch.split(clean, _ROWS)]
        return (network.log_partition() - torch.cat(levels)).double()


class BoltzmannLaw(Law):
    """The law of a restricted Boltzmann machine: `weights` ``(n, hidden)``, two biases."""

    def __init__(self, weights: Floats, visible: Floats, hidden: Floats) -> None:
        self.weights, self.visible, self.hidden = weights, visible, hidden
        self.num_bits = len(visible)

    def log_prob(self, bits: Bits) -> Floats:
        return self._levels(bits, self.weights, self.visible, self.hidden) - self._log_partition

    def table(self) -> Floats:
        return tabulated(self)

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        """The smaller layer from its own exact law, then the other given it."""
        words, counts = self._summed.draw(shots, generator)
        if self._bits_are_fewer:
            return words, counts
        tally = StreamingCounts(self.num_bits)
        for units in self._one_by_one(words, counts):
            one = 1 / (1 + np.exp(-(self.visible + units @ self.weights.T)))
            tally.add((generator.random(one.shape) < one).astype(np.uint8))
        return tally.total()

    @property
    def _bits_are_fewer(self) -> bool:
        return self.num_bits <= len(self.hidden)

    @cached_property
    def _log_partition(self) -> float:
        return float(np.logaddexp.reduce(self._smaller_levels))

    @cached_property
    def _summed(self) -> TableLaw:
        return TableLaw(self._smaller_levels - self._log_partition)

    @cached_property
    def _smaller_levels(self) -> Floats:
        """Unnormalised log-probabilities of all states of the smaller layer."""
        parts = (self.weights, self.visible, self.hidden)
        if not self._bits_are_fewer:
            parts = (self.weights.T, self.hidden, self.visible)
        states = bitorder.all_bits(min(self.weights.shape))
        blocks = [states[start : start + _ROWS] for start in range(0, len(states), _ROWS)]
        return np.concatenate([self._levels(block, *parts) for block in blocks])

    @staticmethod
    def _levels(own: Bits, weights: Floats, bias: Floats, other_bias: Floats) -> Floats:
        """Log-weights of states of one layer, summed over the other."""
        return np.asarray(own @ bias + np.logaddexp(0, other_bias + own @ weights).sum(axis=1))

    def _one_by_one(self, words: Words, counts: Counts) -> Iterator[Bits]:
        """Hidden states, one row a shot, block by block."""
        total, ends = int(counts.sum()), np.cumsum(counts)
        for start in range(0, total, _ROWS):
            shots = np.arange(start, min(start + _ROWS, total))
            rows = np.searchsorted(ends, shots, side="right")
            yield bitorder.unpack(words[rows], len(self.hidden))
