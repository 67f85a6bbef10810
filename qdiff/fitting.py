"""`fit`: from shots, or a table of probabilities, to a surrogate, with nothing to tune."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

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
from qdiff.laws import AnyOrderLaw, HistogramLaw, log_mixture, mixture_weights
from qdiff.matrix_product import fit_matrix_product
from qdiff.parts import Part
from qdiff.physics.affine import AffineLaw
from qdiff.physics.circuit_fit import CircuitFit, CircuitFitConfig, fit_circuit
from qdiff.physics.program import Program
from qdiff.physics.verdict import Verdict, judge
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
    program: Program | AffineLaw | None = None,
    physics: CircuitFitConfig | None = None,
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
        Decides everything random; the same seed on the same machine gives the same surrogate.
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
        it, and gives the same surrogate, bit for bit, as one that was never stopped.
    program, physics
        The circuit that the shots came from, and how its noise is fitted (`qdiff.physics`);
        `qdiff.fit` makes both from a Qiskit circuit. Held-out shots decide whether its law stays.

    Raises `InputError` for empty shots, an unknown device or effort, a device out of memory, a
    training that is never finite, and a checkpoint of another fit.

    >>> model = fit(Shots.from_counts({"00": 60, "11": 40}), seed=1, effort="fast")
    >>> model.num_bits
    2
    """
    started = time.perf_counter()
    shots = _as_shots(data)
    where = choose_device(device)
    exact = isinstance(data, Distribution)
    chosen = _plan(shots, where, effort, config)
    seeds = np.random.SeedSequence(seed).spawn(5)[1:]  # the first child is that of hold_out
    held = chosen.config.heldout
    heldout, train = (shots, shots) if exact else hold_out(shots, seed=seed, fraction=held)
    trainings = _Trainings(
        train,
        heldout,
        device=where,
        watch=watch,
        checkpoint=_checkpoint(checkpoint, shots, chosen.config, seed, where),
    )
    parts = _parts(trainings, chosen.config, seeds, exact=exact)
    weights, scores = _weigh(parts, heldout)
    told = None
    if program is not None:
        told = _told(program, physics, parts, weights, train, heldout, seed, exact=exact)
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
    plain = Surrogate(parts=parts, weights=weights, registers=shots.registers, card=card)
    return plain if told is None else _with_circuit(plain, *told, shots)


def _told(
    program: Program | AffineLaw,
    config: CircuitFitConfig | None,
    parts: dict[Part, AnyOrderLaw],
    weights: dict[Part, float],
    train: Shots,
    heldout: Shots,
    seed: int,
    *,
    exact: bool,
) -> tuple[CircuitFit, Verdict]:
    """The circuit's fitted law, and what held-out shots say of it beside the other parts."""
    if exact:
        raise InputError("a circuit goes with shots; a table is learned as it is")
    rows = heldout.bits
    others = {part.value: law.log_prob(rows) for part, law in parts.items()}
    own = np.random.SeedSequence(seed, spawn_key=(5,))
    found = fit_circuit(program, train, heldout, seed=own, config=config)
    by_name = {part.value: weight for part, weight in weights.items()}
    return found, judge(found.law.log_prob(rows), others, by_name, heldout.counts)


def _with_circuit(plain: Surrogate, found: CircuitFit, verdict: Verdict, shots: Shots) -> Surrogate:
    """`plain` and the circuit's law, or `plain` with the word that the circuit was rejected."""
    weights = {Part(name): w for name, w in verdict.weights.items() if w > 0} or plain.weights
    parts = dict(plain.parts)
    if verdict.accepted:
        parts[Part.CIRCUIT] = found.refitted(shots)
    card = {
        **plain.card,
        "weights": {part.value: weight for part, weight in weights.items()},
        "circuit": {**found.record, **verdict.record},
    }
    told = Surrogate(
        parts={part: parts[part] for part in weights},
        weights=weights,
        registers=plain.registers,
        card=card,
    )
    told.without_circuit = plain
    return told


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


def hold_out(shots: Shots, *, seed: int, fraction: float = 0.1) -> tuple[Shots, Shots]:
    """The held-out shots of `fit` under this `seed`, and those it trains on.

    Both are never empty, so a single shot serves as both.
    """
    total = shots.num_shots
    if total == 1:
        return shots, shots
    size = min(max(round(fraction * total), 1), total - 1)
    return shots.split(size / total, seed=np.random.SeedSequence(seed, spawn_key=(0,)))


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


def _weigh(
    parts: dict[Part, AnyOrderLaw], heldout: Shots
) -> tuple[dict[Part, float], dict[str, Any]]:
    """Weights by the likelihood of held-out shots, and what that is with each part alone."""
    if len(parts) == 1:
        return dict.fromkeys(parts, 1.0), {"nats_per_shot": None, "nats_per_shot_by_part": {}}
    rows = heldout.bits
    scores = {part: law.log_prob(rows) for part, law in parts.items()}
    table = np.stack([*scores.values()])
    mixed = mixture_weights(table, heldout.counts)
    record = {
        "nats_per_shot": _mean(log_mixture(table, mixed), heldout),
        "nats_per_shot_by_part": {p.value: _mean(s, heldout) for p, s in scores.items()},
    }
    return dict(zip(parts, mixed.tolist(), strict=True)), record


def _refit(parts: dict[Part, AnyOrderLaw], shots: Shots) -> None:
    """Give the held-out shots too to the parts that have nothing to be stopped early."""
    if Part.INTERACTIONS in parts:
        parts[Part.INTERACTIONS] = interactions.fit_interactions(shots)
    if Part.SHOTS in parts:
        parts[Part.SHOTS] = HistogramLaw(shots)


def _mean(log_prob: NDArray[np.float64], shots: Shots) -> float | None:
    """Mean log-probability a shot; None where a part gives some shot no probability at all."""
    mean = float(log_prob @ shots.counts / shots.num_shots)
    return mean if np.isfinite(mean) else None
