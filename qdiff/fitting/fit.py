"""`fit`: from shots, or a table of probabilities, to a surrogate, with nothing to tune."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from qdiff.data.argument_checks import check_device, check_flag, check_is, root_of, shown
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.environment import __version__
from qdiff.errors import InputError
from qdiff.fitting.checkpoint import Checkpoint, identity_of
from qdiff.fitting.choose_config import ChosenConfig, Effort, choose_config
from qdiff.fitting.circuit_knowledge import known_circuit
from qdiff.fitting.circuit_part import judged_circuit, with_circuit
from qdiff.fitting.config import FitConfig
from qdiff.fitting.fit_parts import decoding, refitted
from qdiff.fitting.heldout import check_number_of_shots
from qdiff.fitting.stacking import Stacked, stack
from qdiff.fitting.start import check_start, digest
from qdiff.fitting.train_networks import NetworkTraining, Watch
from qdiff.memory import refused_when_exhausted
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.surrogate import Surrogate

if TYPE_CHECKING:
    from qdiff.fitting.circuit_knowledge import CircuitLike, NoiseLike

_ENDLESS = 2.0**50
"""How many shots an exact table counts as: frequencies to 1e-15, and no rounding in float64."""


def fit(
    data: Shots | Distribution,
    *,
    circuit: CircuitLike | None = None,
    noise: NoiseLike | None = None,
    start: Surrogate | None = None,
    seed: int = 0,
    device: str | torch.device | None = None,
    effort: Effort | str = Effort.DEFAULT,
    any_order: bool = False,
    config: FitConfig | None = None,
    watch: Watch | None = None,
    checkpoint: str | Path | None = None,
) -> Surrogate:
    """Fit a surrogate to shots, or compress an exact table.

    Four times, another tenth of the shots is held out (a quarter where they are few). On each rest
    a masked diffusion model is trained, all four at once, until its held-out score stops improving;
    a law of interactions is fitted by empirical Bayes (up to 22 bits) and a matrix-product law by
    maximum likelihood. The four laws of each part are averaged, and all that was held out weighs
    them and the shots themselves; interactions and shots are refitted to all of the data.

    With a `circuit`, its law under noise of unknown strength is fitted too, and held-out shots
    decide whether it stays: the card says which steps brought what (``card["circuit"]``), and where
    the shots contradict the circuit the surrogate is the one fitted without it. Each shot is then
    worth far more.

    A `Distribution` (exact, or a trajectory average) is learned as it is, with nothing held out and
    by the diffusion model and the matrix-product law alone.

    Parameters
    ----------
    circuit
        The Qiskit circuit, a file, or a family such as ``ising:12``: at most 24 classical bits, and
        measured once, at its end; a Clifford circuit may have any number. Where there is no Qiskit,
        a `Program` or an `AffineLaw`.
    noise
        Where the fit of the circuit's noise starts from, and which gates are virtual: a `NoiseSpec`
        or its text. The noise stays unknown. Or a `CircuitFitConfig`, which also says how much work
        that fit may do. Or a `LearnedNoise`, whose rates these shots then only correct: a few
        hundred suffice.
    start
        A surrogate to go on from: of yesterday's shots of a device, of a neighbouring circuit, of
        the circuit's ideal law. Each of its parts is a rival of the one that is fitted from
        nothing: networks trained on, matrix-product laws moved on, interactions as they are.
        Held-out shots decide, and ``card["start"]`` says which parts were kept; where none was, the
        surrogate is the one without a start. A circuit that the start was told is not carried over.
        A start that was fitted to these very shots is no fair rival: it has seen what is held out.
    seed
        Decides everything random. The same seed gives the same surrogate on a CPU, with the same
        number of threads; on a graphics card up to rounding, as sums there have no fixed order.
    device
        Where networks are trained: a CUDA device when there is one, unless said otherwise.
    effort
        ``"fast"``, ``"default"`` or ``"best"``: what is tried and for how long, see `Effort`.
    any_order
        Whether the diffusion model learns random orders too, at some cost in accuracy: draws in
        parallel steps and in random order need them. Beyond 22 bits it always does.
    config
        Instead of `effort` and `any_order`: exactly what to do.
    watch
        Called after every training step.
    checkpoint
        A file that is written while networks train. If it is there already, the fit goes on from
        it, and gives the same surrogate as one that was never stopped: bit for bit where the same
        seed does.

    Raises `InputError` for empty shots, an unknown device or effort, trainings that are never
    finite or run out of memory all of them, a checkpoint of another fit, a circuit or start of
    other bits than the shots, a start that knows no random orders with `any_order` or bit flips
    beyond 12 bits, and, with the reason, for a circuit whose ideal law cannot be had.

    >>> shots = Shots.from_counts({"00": 51, "11": 47, "01": 2})
    >>> model = fit(shots, circuit="ghz:2", effort="fast", seed=1)
    >>> model.card["circuit"]["verdict"].split(",")[0]
    'accepted'
    """
    started = time.perf_counter()
    where, root = choose_device(device), root_of(seed)
    if watch is not None and not callable(watch):
        raise InputError(f"watch must be a function of a step, got {shown(watch)}")
    with refused_when_exhausted(where, "fit fewer shots, use a smaller effort or another device"):
        shots, exact = _as_shots(data), isinstance(data, Distribution)
        known = known_circuit(circuit, noise, shots.num_bits)
        if exact and known is not None:
            raise InputError("a circuit goes with shots; a table is learned as it is")
        chosen = _chosen(shots, where, effort, check_flag(any_order, "any_order"), config)
        check_start(start, shots.num_bits, chosen.config)
        stored = _checkpoint(checkpoint, shots, chosen.config, start, seed, where)
        training = NetworkTraining(device=where, watch=watch, checkpoint=stored)
        # of a table without the parts whose point is to make up for few shots
        fewer = replace(chosen.config, interactions=False, posterior=False)
        asked = fewer if exact else chosen.config
        stacked = stack(shots, training, asked, root, exact=exact, start=start)
        judged = None if known is None else judged_circuit(known, stacked, root.spawn(1)[0])
        parts = refitted(stacked.averaged(), shots, but=stacked.started)
    card = {
        "num_bits": shots.num_bits,
        "training_shots": None if exact else shots.num_shots,
        "distinct_strings": len(shots.counts),
        "trained_on": dict(shots.provenance),
        **_found(stacked, chosen, training),
        **({} if start is None else {"start": _kept(stacked, start)}),
        "seed": seed,
        "device": device_name(where),
        "seconds": round(time.perf_counter() - started, 3),
        "versions": {"qdiff": __version__, "torch": torch.__version__, "numpy": np.__version__},
    }
    plain = Surrogate(parts=parts, weights=stacked.weights, registers=shots.registers, card=card)
    return plain if judged is None else with_circuit(plain, *judged, shots)


def _found(stacked: Stacked, chosen: ChosenConfig, training: NetworkTraining) -> dict[str, Any]:
    """What was tried and what came of it, for the card."""
    return {
        "weights": {part.value: weight for part, weight in stacked.weights.items()},
        "heldout": stacked.scores,
        "effort": None if chosen.effort is None else chosen.effort.value,
        "chosen": {"network": training.kept.to_dict(), "why": chosen.why},
        **decoding(stacked.folds[0].laws[Part.DIFFUSION]),
        "config": chosen.config.to_dict(),
        "training": training.record,
    }


def _kept(stacked: Stacked, start: Surrogate) -> dict[str, Any]:
    """What of the start was likelier than what was fitted from nothing, for the card."""
    return {
        "kept": sorted(part.value for part in stacked.started),
        "trained_on": start.card.get("trained_on", {}),
    }


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
        return Shots.from_indices(
            seen, counts[seen], registers=data.registers, provenance=data.provenance
        )
    if not isinstance(data, Shots):
        raise InputError(f"data must be Shots or a Distribution, got {shown(data)}")
    if data.num_shots == 0:
        raise InputError("there are no shots to fit; simulate or load some first")
    check_number_of_shots(data)
    return data


def _chosen(
    shots: Shots,
    device: torch.device,
    effort: Effort | str,
    any_order: bool,
    config: FitConfig | None,
) -> ChosenConfig:
    if config is not None:
        check_is(config, FitConfig, "config")
        return ChosenConfig(config=config, why="given by the caller")
    chosen = choose_config(
        shots.num_bits, shots.num_shots, device=device, effort=Effort.parse(effort)
    )
    return replace(chosen, config=replace(chosen.config, any_order=any_order))


def _checkpoint(
    path: str | Path | None,
    shots: Shots,
    config: FitConfig,
    start: Surrogate | None,
    seed: int,
    device: torch.device,
) -> Checkpoint | None:
    if path is None:
        return None
    settings = {
        "config": config.to_dict(),
        "seed": seed,
        "device": device.type,
        "versions": (__version__, torch.__version__),
        "start": None if start is None else digest(start),
    }
    return Checkpoint(path, identity_of(shots, settings))
