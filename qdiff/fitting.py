"""`fit`: from shots, or a table of probabilities, to a surrogate, with nothing to tune."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from qdiff import __version__, interactions
from qdiff.candidates import Trained, Watch, train_best
from qdiff.checkpoint import Checkpoint, identity_of
from qdiff.diffusion.bitflip import BitFlip
from qdiff.diffusion.bitflip_decoding import BitFlipLaw
from qdiff.diffusion.bitflip_laws import MAX_BITS as MAX_BITFLIP_BITS
from qdiff.diffusion.ensemble import OrderEnsemble, random_orders
from qdiff.diffusion.fixed_order import FixedOrder
from qdiff.diffusion.process import Process
from qdiff.distribution import Distribution
from qdiff.errors import InputError
from qdiff.fit_config import Candidate, Effort, FitConfig, Plan, plan
from qdiff.heldout import hold_out, weigh
from qdiff.laws import AnyOrderLaw, HistogramLaw
from qdiff.matrix_product import fit_matrix_product
from qdiff.memory import refused_when_exhausted
from qdiff.parts import Part
from qdiff.shots import Shots
from qdiff.surrogate import Surrogate

__all__ = ["Effort", "FitConfig", "Watch", "choose_device", "fit"]

_ENDLESS = 2.0**50
"""How many shots an exact table counts as: frequencies to 1e-15, and no rounding in float64."""


def fit(
    data: Shots | Distribution,
    *,
    seed: int = 0,
    device: str | torch.device | None = None,
    effort: Effort | str = Effort.DEFAULT,
    config: FitConfig | None = None,
    watch: Watch | None = None,
    checkpoint: str | Path | None = None,
) -> Surrogate:
    """Fit a surrogate to shots, or compress an exact table.

    A tenth of the shots is held out. On the rest, networks of several sizes are trained as masked
    diffusion models, each until its held-out score stops improving, and the best is kept; a law of
    interactions is fitted by empirical Bayes (up to 22 bits) and a matrix-product law by maximum
    likelihood. Held-out shots then weigh these and the training shots themselves; interactions and
    shots are refitted to all of the data.

    A `Distribution` (exact, or a trajectory average) is learned as it is, with nothing held out and
    by the diffusion model and the matrix-product law alone.

    Parameters
    ----------
    seed
        Decides everything random. The same seed gives the same surrogate on a CPU, with the same
        number of threads; on a graphics card up to rounding, as sums there have no fixed order.
    device
        Where networks are trained: a CUDA device when there is one, unless said otherwise.
    effort
        ``"fast"``, ``"default"`` or ``"best"``: what is tried and for how long, see `Effort`.
    config
        Instead of `effort`: exactly what to do.
    watch
        Called after every training step.
    checkpoint
        A file that is written while networks train. If it is there already, the fit goes on from
        it, and gives the same surrogate as one that was never stopped: bit for bit where the same
        seed does.

    Raises `InputError` for empty shots, an unknown device or effort, trainings that are never
    finite or run out of memory all of them, and a checkpoint of another fit.

    >>> model = fit(Shots.from_counts({"00": 60, "11": 40}), seed=1, effort="fast")
    >>> model.num_bits
    2
    """
    started = time.perf_counter()
    where = choose_device(device)
    root = _root(seed)
    with refused_when_exhausted(where, "fit fewer shots, use a smaller effort or another device"):
        shots = _as_shots(data)
        chosen = _plan(shots, where, effort, config)
        exact = isinstance(data, Distribution)
        held = chosen.config.heldout
        heldout, train = (shots, shots) if exact else hold_out(shots, seed=seed, fraction=held)
        trainings = _Trainings(
            train,
            heldout,
            device=where,
            watch=watch,
            checkpoint=_checkpoint(checkpoint, shots, chosen.config, seed, where),
        )
        *seeds, weighing = root.spawn(6)[1:]  # the first child is that of hold_out
        parts = _parts(trainings, chosen.config, seeds, exact=exact)
        weights, scores = weigh(parts, heldout, weighing)
        if not exact:
            _refit(parts, shots)
    card = {
        "num_bits": shots.num_bits,
        "training_shots": None if exact else shots.num_shots,
        "distinct_strings": len(shots.counts),
        "trained_on": dict(data.provenance),
        "weights": {part.value: weight for part, weight in weights.items()},
        "heldout": {"shots": None if exact else heldout.num_shots, **scores},
        "effort": None if config else Effort(effort).value,
        "chosen": {"network": trainings.kept[0].network.to_dict(), "why": chosen.why},
        "config": chosen.config.to_dict(),
        "training": trainings.record,
        "seed": seed,
        "device": device_name(where),
        "seconds": round(time.perf_counter() - started, 3),
        "versions": {"qdiff": __version__, "torch": torch.__version__, "numpy": np.__version__},
    }
    return Surrogate(parts=parts, weights=weights, registers=shots.registers, card=card)


def _root(seed: int) -> np.random.SeedSequence:
    """The root of all randomness of a fit."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed must be a whole number, not negative, got {seed!r}")
    return np.random.SeedSequence(int(seed))


def choose_device(device: str | torch.device | None) -> torch.device:
    """The device asked for, or else a CUDA device when there is one."""
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"device {device!r} cannot be used: {str(error).splitlines()[0]}"
        ) from None
    return chosen


def device_name(device: torch.device) -> str:
    """A name for records: the graphics card's, or ``cpu`` with its number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type}, {torch.get_num_threads()} threads"


def _as_shots(data: Shots | Distribution) -> Shots:
    """The shots; a table as the counts of endless ones."""
    if isinstance(data, Distribution):
        counts = np.rint(data.probabilities * _ENDLESS).astype(np.int64)
        seen = np.flatnonzero(counts)
        return Shots.from_indices(seen, counts[seen], registers=data.registers)
    if not isinstance(data, Shots):
        raise InputError(f"fit takes Shots or a Distribution, got {type(data).__name__}")
    if data.num_shots == 0:
        raise InputError("there are no shots to fit; simulate or load some first")
    return data


def _plan(
    shots: Shots, device: torch.device, effort: Effort | str, config: FitConfig | None
) -> Plan:
    if config is not None:
        return Plan(config=config, why="given by the caller")
    try:
        chosen = Effort(effort)
    except ValueError:
        known = ", ".join(item.value for item in Effort)
        raise InputError(f"unknown effort {effort!r}; there are {known}") from None
    return plan(shots.num_bits, shots.num_shots, device=device, effort=chosen)


def _checkpoint(
    path: str | Path | None, shots: Shots, config: FitConfig, seed: int, device: torch.device
) -> Checkpoint | None:
    if path is None:
        return None
    settings = {
        "config": config.to_dict(),
        "seed": seed,
        "device": device.type,
        "versions": (__version__, torch.__version__),
    }
    return Checkpoint(path, identity_of(shots, settings))


class _Trainings:
    """The trainings of a fit: what they share, and what they leave for the card."""

    def __init__(
        self,
        train: Shots,
        heldout: Shots,
        *,
        device: torch.device,
        watch: Watch | None,
        checkpoint: Checkpoint | None,
    ) -> None:
        self.train, self.heldout = train, heldout
        self.kept: list[Candidate] = []
        self.record: list[dict[str, Any]] = []
        self._device, self._watch, self._checkpoint = device, watch, checkpoint

    def best(
        self, process: Process[Any], candidates: tuple[Candidate, ...], seed: np.random.SeedSequence
    ) -> Trained:
        """Train `candidates` after those that were trained before."""
        trained = train_best(
            process,
            candidates,
            self.train,
            self.heldout,
            seed=seed,
            device=self._device,
            watch=self._watch,
            checkpoint=self._checkpoint,
            first=len(self.record),
        )
        self.kept.append(trained.candidate)
        self.record += trained.record
        return trained


def _parts(
    trainings: _Trainings,
    config: FitConfig,
    seeds: list[np.random.SeedSequence],
    *,
    exact: bool,
) -> dict[Part, AnyOrderLaw]:
    train, heldout = trainings.train, trainings.heldout
    trained = trainings.best(config.process, config.candidates, seeds[0])
    if isinstance(config.process, BitFlip):
        law = BitFlipLaw(trained.network, config.process)
        if train.num_bits > MAX_BITFLIP_BITS:
            return {Part.DIFFUSION: law}  # it has no probabilities to weigh it by
        parts: dict[Part, AnyOrderLaw] = {Part.DIFFUSION: law}
    else:
        orders = random_orders(config.orders, train.num_bits, np.random.default_rng(seeds[1]))
        network = trained.candidate.network
        parts = {Part.DIFFUSION: OrderEnsemble(trained.network, network, orders)}
    if config.interactions and train.num_bits <= interactions.MAX_BITS and not exact:
        parts[Part.INTERACTIONS] = interactions.fit_interactions(train)
    if config.matrix_product:
        parts[Part.MATRIX_PRODUCT] = fit_matrix_product(train, heldout, seed=seeds[2])
    if config.recurrent:
        trained = trainings.best(FixedOrder(), config.recurrent, seeds[3])
        own = np.arange(train.num_bits)[None]
        parts[Part.RECURRENT] = OrderEnsemble(trained.network, trained.candidate.network, own)
    if config.posterior and not exact:
        parts[Part.SHOTS] = HistogramLaw(train)
    return parts


def _refit(parts: dict[Part, AnyOrderLaw], shots: Shots) -> None:
    """Give the held-out shots too to the parts that have nothing to be stopped early."""
    if Part.INTERACTIONS in parts:
        parts[Part.INTERACTIONS] = interactions.fit_interactions(shots)
    if Part.SHOTS in parts:
        parts[Part.SHOTS] = HistogramLaw(shots)
