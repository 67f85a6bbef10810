"""`fit`: from shots, or a table of probabilities, to a surrogate, with nothing to tune."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from qdiff.data.argument_checks import check_device, root_of
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.environment import __version__
from qdiff.errors import InputError
from qdiff.fitting.checkpoint import Checkpoint, identity_of
from qdiff.fitting.circuit_part import tell, with_circuit
from qdiff.fitting.config import Effort, FitConfig, Plan, plan
from qdiff.fitting.fit_parts import Trainings, fit_parts, refitted
from qdiff.fitting.heldout import divisions, weigh
from qdiff.fitting.train_networks import Watch
from qdiff.memory import refused_when_exhausted
from qdiff.models.clifford.affine_law import AffineLaw
from qdiff.models.laws.law import AnyOrderLaw, averaged
from qdiff.models.noisy_circuit.fit import CircuitFitConfig
from qdiff.models.noisy_circuit.program import Program
from qdiff.models.surrogate.parts import Part
from qdiff.models.surrogate.surrogate import Surrogate

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
    shots are refitted to all of the data. Of few shots, each quarter is held out in turn, and the
    four laws of each part are averaged (`FitConfig.folds`).

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
    program, physics
        The circuit that the shots came from, and how its noise is fitted (`models.noisy_circuit`);
        `qdiff.fit` makes both from a Qiskit circuit. Held-out shots decide whether its law stays.

    Raises `InputError` for empty shots, an unknown device or effort, trainings that are never
    finite or run out of memory all of them, and a checkpoint of another fit.

    >>> model = fit(Shots.from_counts({"00": 60, "11": 40}), seed=1, effort="fast")
    >>> model.num_bits
    2
    """
    started = time.perf_counter()
    where = choose_device(device)
    root = root_of(seed)
    told = None
    with refused_when_exhausted(where, "fit fewer shots, use a smaller effort or another device"):
        shots = _as_shots(data)
        chosen = _plan(shots, where, effort, config)
        trainings = Trainings(
            device=where,
            watch=watch,
            checkpoint=_checkpoint(checkpoint, shots, chosen.config, seed, where),
        )
        exact = isinstance(data, Distribution)
        if program is not None:
            _check_program(program, shots, exact=exact)
        found = _fitted(shots, trainings, chosen.config, root, exact=exact)
        parts = {part: averaged([laws[part] for laws in found.laws]) for part in found.laws[0]}
        if program is not None:
            told = tell(program, physics, found.laws, found.weights, found.divided, *root.spawn(1))
        if not exact:
            parts = refitted(parts, shots)
    card = {
        "num_bits": shots.num_bits,
        "training_shots": None if exact else shots.num_shots,
        "distinct_strings": len(shots.counts),
        "trained_on": dict(data.provenance),
        "weights": {part.value: weight for part, weight in found.weights.items()},
        "heldout": found.scores,
        "effort": None if config else Effort(effort).value,
        "chosen": {"network": trainings.kept[0].network.to_dict(), "why": chosen.why},
        "config": chosen.config.to_dict(),
        "training": trainings.record,
        "seed": seed,
        "device": device_name(where),
        "seconds": round(time.perf_counter() - started, 3),
        "versions": {"qdiff": __version__, "torch": torch.__version__, "numpy": np.__version__},
    }
    plain = Surrogate(parts=parts, weights=found.weights, registers=shots.registers, card=card)
    return plain if told is None else with_circuit(plain, *told, shots)


@dataclass(frozen=True, kw_only=True)
class _Fitted:
    """The parts of each fold, its held-out and its training shots, the weights common to all folds,
    and the held-out scores for the card."""

    laws: list[dict[Part, AnyOrderLaw]]
    divided: list[tuple[Shots, Shots]]
    weights: dict[Part, float]
    scores: dict[str, Any]


def _fitted(
    shots: Shots,
    trainings: Trainings,
    config: FitConfig,
    root: np.random.SeedSequence,
    *,
    exact: bool,
) -> _Fitted:
    dividing, *first, weighing = root.spawn(6)
    divided = [(shots, shots)] if exact else divisions(shots, config, dividing)
    fitted = [fit_parts(*divided[0], trainings, config, first, exact=exact)]
    settled = _as_kept(config, trainings)
    for division in divided[1:]:
        own = root.spawn(len(first))
        fitted.append(fit_parts(*division, trainings, settled, own, exact=exact))
    heldout = [division[0] for division in divided]
    weights, scores = weigh(fitted, heldout, weighing)
    number = None if exact else sum(part.num_shots for part in heldout)
    return _Fitted(
        laws=fitted, divided=divided, weights=weights, scores={"shots": number, **scores}
    )


def _as_kept(config: FitConfig, trainings: Trainings) -> FitConfig:
    """For the folds after the first: the networks that it kept, and no other."""
    diffusion, *recurrent = trainings.kept
    return replace(config, candidates=(diffusion,), recurrent=tuple(recurrent))


def _check_program(program: Program | AffineLaw, shots: Shots, *, exact: bool) -> None:
    """What can be refused before anything is trained."""
    if exact:
        raise InputError("a circuit goes with shots; a table is learned as it is")
    if program.num_bits != shots.num_bits:
        raise InputError(
            f"the circuit has {program.num_bits} classical bits, the shots {shots.num_bits}"
        )


def choose_device(device: str | torch.device | None) -> torch.device:
    """The device asked for, or else a CUDA device when there is one."""
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return check_device(device)


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
    chosen = Effort.parse(effort)
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
