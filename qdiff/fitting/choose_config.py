"""Which configuration a fit is given: by its bits and shots, the device and the effort allowed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import torch

from qdiff.errors import InputError
from qdiff.fitting.config import RECURRENT_TRAINING, Candidate, FitConfig
from qdiff.models.diffusion.denoisers.config import AnyOrderRecurrent, Transformer
from qdiff.models.diffusion.denoisers.transformer import MAX_BITS as MAX_TRANSFORMER_BITS
from qdiff.models.diffusion.training.trainer import TrainingConfig


class Effort(StrEnum):
    """How much work a fit may take.

    Networks differ in units, steps and folds. Work is counted in steps and not in seconds, so that
    a busy machine gives the same surrogate.
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
_FEW_SHOTS, _HELDOUT_OF_FEW = 10_000, 0.25
"""Of fewer shots a tenth is too few to weigh parts by."""

_LONG_BITS, _SHORT_BATCH, _LONG_BATCH = 24, 512, 6144
"""Longer strings are learned in three times the steps of so many bits a batch, by a quarter of the
folds: there networks are far from what the shots could teach them, not beyond it."""

_TRANSFORMER_BITS = 24
_TRANSFORMER_STEPS = 4000


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What an effort pays for: units of a recurrent network, its steps, and folds at most."""

    hidden: int
    steps: int
    folds: int


WORK = {
    Effort.FAST: _Work(hidden=32, steps=100, folds=2),
    Effort.DEFAULT: _Work(hidden=64, steps=200, folds=4),
    Effort.BEST: _Work(hidden=128, steps=600, folds=8),
}


def choose_config(
    num_bits: int, num_shots: int, *, device: torch.device, effort: Effort
) -> ChosenConfig:
    """Choose candidates and steps. Raises nothing: there is a choice for every size.

    >>> chosen = choose_config(12, 10_000, device=torch.device("cpu"), effort=Effort.FAST)
    >>> [candidate.network for candidate in chosen.config.candidates]
    [AnyOrderRecurrent(hidden=32)]
    """
    work, many = WORK[effort], num_shots >= _MANY_SHOTS
    if device.type == "cuda" and _TRANSFORMER_BITS <= num_bits <= MAX_TRANSFORMER_BITS:
        return _transformer(num_bits, effort)
    hidden, steps = (2 * work.hidden, 2 * work.steps) if many else (work.hidden, work.steps)
    batch, folds = _SHORT_BATCH, work.folds
    if num_bits > _LONG_BITS:
        steps, folds = 3 * steps, max(1, folds // 4)
        batch = max(1, _LONG_BATCH // num_bits)
    training = replace(RECURRENT_TRAINING, steps=steps, batch=batch)
    config = FitConfig(
        candidates=(Candidate(network=AnyOrderRecurrent(hidden=hidden), training=training),),
        folds=folds,
        heldout=_HELDOUT_OF_FEW if num_shots < _FEW_SHOTS else FitConfig.heldout,
    )
    why = (
        f"recurrent networks of {hidden} units that read along the chain of bits and back, one a "
        f"fold: {num_shots:,} shots ({'' if many else 'not '}many)"
    )
    return ChosenConfig(config=config, why=why, effort=effort)


def _transformer(num_bits: int, effort: Effort) -> ChosenConfig:
    width = 128 if effort is Effort.FAST else 256
    network = Transformer(width=width, depth=4, heads=8)
    training = TrainingConfig(steps=_TRANSFORMER_STEPS)
    why = (
        f"a transformer, since there are {num_bits} bits (from {_TRANSFORMER_BITS} on) and a "
        "graphics card: one pass trains all conditionals of an order"
    )
    config = FitConfig(candidates=(Candidate(network=network, training=training),), folds=1)
    return ChosenConfig(config=config, why=why, effort=effort)
