"""`fit_family`: from shots of many members of a family to one model of all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch

from qdiff.data.argument_checks import check_is, check_whole, is_between, root_of, shown
from qdiff.data.bits import Floats
from qdiff.data.family_shots import FamilyShots
from qdiff.data.shots import Shots
from qdiff.environment import __version__
from qdiff.errors import InputError
from qdiff.fitting.family_examples import FamilyExamples, Rows
from qdiff.fitting.fit import device_name
from qdiff.fitting.heldout import divided, thinned
from qdiff.fitting.train_networks import Watch
from qdiff.memory import refused_when_exhausted
from qdiff.models.diffusion.decoding.ordered import Orders
from qdiff.models.diffusion.denoisers.conditional import ConditionalRecurrentNetwork
from qdiff.models.diffusion.processes.conditional_prefixes import ConditionalPrefixes
from qdiff.models.diffusion.training.torch_seed import torch_seed
from qdiff.models.diffusion.training.trainer import Trainer, TrainingConfig
from qdiff.models.families.family_surrogate import FamilySurrogate, Member
from qdiff.models.families.parameter_box import Box
from qdiff.models.laws.mixture_weights import mixture_weights
from qdiff.models.surrogate.part_mixture import MAX_EXACT_BITS
from qdiff.progress import slow_training_bar

_FEWEST_POINTS = 10
"""Where there are fewer, shots of every point are held out instead of points."""

_WEIGHED_STRINGS = 4096
"""Held-out strings that decide how much each order weighs."""


@dataclass(frozen=True, kw_only=True)
class FamilyConfig:
    """What a family's model is made of.

    Attributes
    ----------
    hidden, width
        Units of the recurrent network, and of the perceptron that is told the parameters.
    members
        Networks whose laws are averaged, and whose disagreement is the uncertainty.
    heldout
        The part of the points that decides when a member's training stops; each has its own.
    training
        ``batch`` counts points, all shots of which are looked at together.
    """

    hidden: int = 64
    width: int = 128
    members: int = 2
    heldout: float = 0.1
    training: TrainingConfig = field(
        default_factory=lambda: TrainingConfig(
            steps=1000, batch=4, learning_rate=1e-2, weight_decay=0.01, orthogonal=0.05
        )
    )

    def __post_init__(self) -> None:
        for name in ("hidden", "width", "members"):
            check_whole(getattr(self, name), name)
        if not is_between(self.heldout, 0, 1):
            raise InputError(f"heldout must lie between 0 and 1, got {shown(self.heldout)}")
        check_is(self.training, TrainingConfig, "training")


def fit_family(
    family_shots: FamilyShots,
    *,
    config: FamilyConfig | None = None,
    seed: int = 0,
    watch: Watch | None = None,
) -> FamilySurrogate:
    """Fit one model to the shots of all points of a family.

    Each member is a recurrent denoiser that is told the parameters and the strength of the noise
    and reads the bits in their own order and in reverse; held-out points (or shots, where points
    are few) end its training and weigh its two orders. The members' laws are averaged. Beyond 22
    bits, where questions about given bits need them, random orders are trained too; below, draws
    with ``steps`` or ``order="random"`` are refused.

    Parameters
    ----------
    config
        How large and how many the networks are, and how they are trained.
    seed
        Decides everything random: the same seed gives the same model, with the same number of
        threads.
    watch
        Called after every training step; if None, a bar is shown where training takes over two
        seconds and someone looks at it.

    Raises `InputError` for anything but `FamilyShots`, and when training diverges.

    >>> tossed = [Shots.from_counts({"0": 100 - n, "1": n}) for n in (20, 50, 80)]
    >>> swept = FamilyShots.of(["a"], [[0.2], [0.5], [0.8]], tossed)
    >>> few = TrainingConfig(steps=20, batch=3, evaluate_every=10)
    >>> family = fit_family(swept, config=FamilyConfig(members=1, training=few), seed=1)
    >>> family.at({"a": 0.3}).num_bits
    1
    """
    check_is(family_shots, FamilyShots, "family_shots")
    config = FamilyConfig() if config is None else check_is(config, FamilyConfig, "config")
    if watch is not None and not callable(watch):
        raise InputError(f"watch must be a function of a step, got {shown(watch)}")
    started, root = time.perf_counter(), root_of(seed)
    box = Box.around(family_shots.names, family_shots.values, family_shots.strengths)
    dividing, *children = root.spawn(1 + config.members)
    members, record = [], []
    with (
        refused_when_exhausted("cpu", "fit fewer points or shots, or smaller networks"),
        slow_training_bar("train", watch) as watched,
    ):
        divisions = _divisions(family_shots, config, dividing)
        for division, child in zip(divisions, children, strict=True):
            member, entry = _fitted(division, box, config, child, watched)
            members.append(member)
            record.append(entry)
    card = {
        "num_bits": family_shots.num_bits,
        "training_shots": family_shots.num_shots,
        "points": len(family_shots),
        "trained_on": dict(family_shots.provenance),
        "heldout": {"nats_per_shot": -float(np.mean([each["heldout_nats"] for each in record]))},
        "config": asdict(config),
        "training": record,
        "seed": seed,
        "device": device_name(torch.device("cpu")),
        "seconds": round(time.perf_counter() - started, 3),
        "versions": {"qdiff": __version__, "torch": torch.__version__, "numpy": np.__version__},
    }
    return FamilySurrogate(box=box, members=members, registers=family_shots.registers, card=card)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Points:
    """Shots of points, and where these lie, ``(k, parameters + 1)``."""

    shots: Sequence[Shots]
    points: Floats

    def chosen(self, places: Rows) -> _Points:
        return _Points(shots=[self.shots[place] for place in places], points=self.points[places])


@dataclass(frozen=True, eq=False, kw_only=True)
class _Division:
    """What a member is trained on, and what ends that."""

    train: _Points
    heldout: _Points


def _divisions(
    family: FamilyShots, config: FamilyConfig, seed: np.random.SeedSequence
) -> list[_Division]:
    """For each member: other points are held out, in turn; of few points, some of their shots."""
    box = Box.around(family.names, family.values, family.strengths)
    every = _Points(shots=family.shots, points=box.points)
    if len(family) < _FEWEST_POINTS:
        return [_shots_held_out(every, config, child) for child in seed.spawn(config.members)]
    order = np.random.default_rng(seed).permutation(len(family))
    size = min(max(1, round(config.heldout * len(family))), len(family) - 1)
    divisions = []
    for member in range(config.members):
        turned = np.roll(order, -member * size)
        divisions.append(
            _Division(
                train=every.chosen(np.sort(turned[size:])), heldout=every.chosen(turned[:size])
            )
        )
    return divisions


def _shots_held_out(
    every: _Points, config: FamilyConfig, seed: np.random.SeedSequence
) -> _Division:
    parts = [
        divided(shots, config.heldout, child)
        for shots, child in zip(every.shots, seed.spawn(len(every.shots)), strict=True)
    ]
    return _Division(
        train=_Points(shots=[part.train for part in parts], points=every.points),
        heldout=_Points(shots=[part.heldout for part in parts], points=every.points),
    )


def _fitted(
    division: _Division,
    box: Box,
    config: FamilyConfig,
    seed: np.random.SeedSequence,
    watch: Watch | None,
) -> tuple[Member, dict[str, Any]]:
    """One member, and how its training went."""
    num_bits = division.train.shots[0].num_bits
    own = np.arange(num_bits)
    orders = np.stack([own, own[::-1]]) if num_bits > 1 else own[None]
    start, run = map(torch_seed, seed.spawn(2))
    network = ConditionalRecurrentNetwork.initialised(
        num_bits,
        box.num_features,
        hidden=config.hidden,
        width=config.width,
        generator=torch.Generator().manual_seed(start),
    )
    train, heldout = (
        FamilyExamples(
            part.shots,
            torch.from_numpy(box.features(part.points)),
            orders,
            any_order=num_bits > MAX_EXACT_BITS,
        )
        for part in (division.train, division.heldout)
    )
    generator = torch.Generator().manual_seed(run)
    trainer = Trainer(network, ConditionalPrefixes(), train, heldout, config.training, generator)
    for progress in trainer.run():
        if watch is not None:
            watch(progress)
    network.eval().requires_grad_(False)
    shares = _shares(network, division.heldout, box, orders)
    entry = {
        "heldout_nats": trainer.score_of_best,
        "step_loss_heldout": trainer.history,
        "shares": shares.tolist(),
    }
    return Member(network=network, orders=orders, shares=shares), entry


@torch.inference_mode()
def _shares(
    network: ConditionalRecurrentNetwork, heldout: _Points, box: Box, orders: Orders
) -> Floats:
    """How much each order weighs: by the likelihood of held-out strings."""
    most = max(1, _WEIGHED_STRINGS // len(heldout.shots))
    even = Member(network=network, orders=orders, shares=np.full(len(orders), 1 / len(orders)))
    logs, counts = [], []
    for place, shots in enumerate(heldout.shots):
        (features,) = torch.from_numpy(box.features(heldout.points[place, None]))
        few = thinned(shots, most, np.random.SeedSequence(place))
        logs.append(np.stack([law.log_prob(few.bits) for law in even.at(features).laws]))
        counts.append(few.counts)
    return mixture_weights(np.concatenate(logs, axis=1), np.concatenate(counts))
