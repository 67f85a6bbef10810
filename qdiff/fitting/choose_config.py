"""Which configuration a fit is given: by its bits and shots, the device and the effort allowed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import torch

from qdiff.errors import InputError
from qdiff.fitting.config import Candidate, FitConfig
from qdiff.models.diffusion.denoisers.config import MLP, NetworkConfig, Recurrent, Transformer
from qdiff.models.diffusion.denoisers.transformer import MAX_BITS as MAX_TRANSFORMER_BITS
from qdiff.models.diffusion.training.trainer import TrainingConfig


class Effort(StrEnum):
    """How much work a fit may take.

    On two CPU cores and for up to 20 bits: some ten seconds, a minute, ten minutes. Work is counted
    in operations and not in seconds, so that a busy machine gives the same surrogate.
    """

    FAST = "fast"
    DEFAULT = "default"
    BEST = "best"

    @classmethod
    def parse(cls, effort: Effort | str) -> Effort:
        """Raises `InputError`, naming the known ones, for any other."""
        try:
            return cls(effort)
        except ValueError:
            raise InputError(f"unknown effort {effort!r}; there are {', '.join(cls)}") from None


@dataclass(frozen=True, kw_only=True)
class ChosenConfig:
    """A configuration and, in words, why it was chosen; `effort` is None if a caller gave it."""

    config: FitConfig
    why: str
    effort: Effort | None = None


_MANY_SHOTS = 50_000
_FEW_SHOTS, _FEW_SHOTS_FOLDS, _FOLDED_BITS = 10_000, 4, 24
"""Fewer shots than this are held out in folds, up to so many bits, beyond which it takes long."""

_TRANSFORMER_BITS = 24
_OPERATIONS = {Effort.FAST: 2e11, Effort.DEFAULT: 1.5e12, Effort.BEST: 2e13}
_RECURRENT_BITS = {Effort.FAST: 24, Effort.DEFAULT: 64, Effort.BEST: 128}
_GRAPHICS_CARD = 50
"""How many times the operations of a CPU a graphics card is given for the same effort."""


def choose_config(
    num_bits: int, num_shots: int, *, device: torch.device, effort: Effort
) -> ChosenConfig:
    """Choose candidates and steps. Raises nothing: there is a choice for every size.

    >>> chosen = choose_config(12, 10_000, device=torch.device("cpu"), effort=Effort.FAST)
    >>> [candidate.network for candidate in chosen.config.candidates]
    [MLP(width=64, depth=2)]
    """
    networks, why = _networks(num_bits, num_shots, device, effort)
    longest = 8000 if effort is Effort.BEST else 3000 if num_shots >= _MANY_SHOTS else 1500
    longest = int(longest * _part_of_a_training(num_bits))
    operations = _OPERATIONS[effort] * (_GRAPHICS_CARD if device.type == "cuda" else 1)
    batch = TrainingConfig.batch
    decays = (0.3, 0.03) if effort is Effort.BEST else (0.3,)
    share = operations / (len(networks) * len(decays))
    candidates = []
    for network, decay in product(networks, decays):
        affordable = int(share / (_operations_a_step(network, num_bits) * batch))
        steps = max(min(affordable, longest), 100)
        training = TrainingConfig(steps=steps, weight_decay=decay)
        candidates.append(Candidate(network=network, training=training))
    config = FitConfig(
        candidates=tuple(candidates),
        recurrent=_recurrent(num_bits, num_shots, effort),
        folds=_folds(num_bits, num_shots, effort),
    )
    return ChosenConfig(config=config, why=why, effort=effort)


def _networks(
    num_bits: int, num_shots: int, device: torch.device, effort: Effort
) -> tuple[list[NetworkConfig], str]:
    if device.type == "cuda" and _TRANSFORMER_BITS <= num_bits <= MAX_TRANSFORMER_BITS:
        width = 128 if effort is Effort.FAST else 256
        return [Transformer(width=width, depth=4, heads=8)], (
            f"a transformer, since there are {num_bits} bits (from {_TRANSFORMER_BITS} on) and a "
            f"graphics card: one pass trains all conditionals of an order"
        )
    many = num_shots >= _MANY_SHOTS
    smallest = 128 if many else 64
    tried = {Effort.FAST: 1, Effort.DEFAULT: 1 if many else 2, Effort.BEST: 3}[effort]
    widths = [smallest << place for place in range(tried)]
    networks: list[NetworkConfig] = [MLP(width=width) for width in widths]
    if device.type == "cuda":
        reason = (
            f"a transformer is for {_TRANSFORMER_BITS} to {MAX_TRANSFORMER_BITS} bits, and there "
            f"are {num_bits}"
        )
    else:
        reason = "on a CPU a transformer is far behind in the same time"
    amount = f"{num_shots:,} shots ({'' if many else 'not '}many)"
    return networks, f"residual MLPs of width {widths}: {reason}; sized for {amount}"


def _recurrent(num_bits: int, num_shots: int, effort: Effort) -> tuple[Candidate, ...]:
    """Recurrent networks read one bit after another, so their time grows with the bits."""
    if num_bits > _RECURRENT_BITS[effort]:
        return ()
    sizes = {Effort.FAST: (32,), Effort.DEFAULT: (64,), Effort.BEST: (32, 64, 128, 256)}[effort]
    if num_shots >= _MANY_SHOTS and effort is not Effort.BEST:
        sizes = tuple(2 * size for size in sizes)
    steps = 600 if effort is Effort.FAST else 1200
    if num_shots >= _MANY_SHOTS:
        steps *= 2
    steps = int(steps * _part_of_a_training(num_bits))
    training = TrainingConfig(steps=steps, batch=256, learning_rate=1e-2)
    return tuple(Candidate(network=Recurrent(hidden=size), training=training) for size in sizes)


def _folds(num_bits: int, num_shots: int, effort: Effort) -> int:
    """A tenth of few shots is too few to weigh parts by."""
    few = num_shots < _FEW_SHOTS and num_bits <= _FOLDED_BITS
    return _FEW_SHOTS_FOLDS if few and effort is not Effort.FAST else 1


def _part_of_a_training(num_bits: int) -> float:
    """Fewer than ten bits have less to learn."""
    return min(1.0, num_bits / 10)


def _operations_a_step(network: NetworkConfig, num_bits: int) -> float:
    """Operations to train on one string: two a parameter forwards and four backwards."""
    parameters = sum(weight.numel() for weight in network.skeleton(num_bits).parameters())
    passes = num_bits if isinstance(network, Transformer) else 1
    return 6.0 * parameters * passes
