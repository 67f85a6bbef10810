"""Step by step from circuits and shots to a device's numbers.

1. errors of gates, readout and background, at rates that all of a kind share up to deviations;
   histories of errors are drawn first to see where errors are, then more of them there;
2. the exact law at those rates, where it can be had: histories then only say how it changes;
3. gates that turn too far, by one angle for each kind of gate;
4. how long gates on one qubit take;
5. how far rates and readout may differ from qubit to qubit and pair to pair;
6. coupled qubits that are misread together.

Steps 3 to 6 stay where all shots together are likelier with them by three nats: by the evidence of
the training shots and, given those, the likelihood of the held-out ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.fitting.heldout import divided
from qdiff.models.noisy_circuit.history_numbers import number_of_histories
from qdiff.models.noisy_circuit.memory_needed import check_memory
from qdiff.models.noisy_circuit.over_rotation import STRAIGHT, Angles
from qdiff.noise_learning.device_circuit import DeviceCircuit
from qdiff.noise_learning.drawn_laws import DrawnLaws
from qdiff.noise_learning.joint_likelihood import JointLikelihood
from qdiff.noise_learning.likelihood import CircuitLikelihood, anchored
from qdiff.noise_learning.posterior import Posterior

_PILOT = 0.25
"""The part of the histories that is drawn first, to see where errors are."""

_ANCHORED = 2
"""Exact laws are computed as often: rates move once the noise of the histories is gone."""

_HELDOUT = 0.1
_SPREADS = (0.1, 0.25, 1.0)
"""Instead of the prior's own, which is wide: intervals of single qubits are then honest."""

_TIMES = (0.1, 0.2)
"""Of gates on one qubit, beside the usual 0.4 of those on two."""

_CALIBRATION_IS_OFF = 0.5
"""In logarithms, the prior's own: a factor of two or so."""

_DIRECTIONS = ((1, 1, 0), (1, 1, 1), (0, 1, 0), (1, 0, 0), (0, 0, 1))
_GRID = (-0.06, -0.04, -0.025, -0.0125, 0.0125, 0.025, 0.04, 0.06)
_POLISHED = 2
"""Fits in which angles act in first order, each about those of the one before."""

_WORTH = 2.0
"""Nats that a turned grid point must bring."""

_DOUBT = 3.0
"""Nats that whatever most devices lack must bring: twenty to one."""


@dataclass(frozen=True, eq=False, kw_only=True)
class State:
    """Laws drawn for each circuit, what is known of the numbers, and that before the shots."""

    drawn: tuple[DrawnLaws, ...]
    known: Posterior
    posterior: Posterior


class Search:
    """The best so far, and a record of what was tried."""

    def __init__(
        self,
        circuits: Sequence[DeviceCircuit],
        shots: Sequence[Shots],
        known: Posterior,
        operations: float,
        seed: np.random.SeedSequence,
        generator: np.random.Generator,
    ) -> None:
        self.shots = shots
        seeds = seed.spawn(len(shots))
        divisions = [divided(own, _HELDOUT, s) for own, s in zip(shots, seeds, strict=True)]
        self.heldout, self.train = zip(*divisions, strict=True)
        self.operations, self.generator = operations / len(circuits), generator
        for circuit in circuits:
            check_memory(circuit.program, number_of_histories(circuit.program, self.operations))
        self.steps: list[dict[str, Any]] = []
        angles = known.angles
        drawn = tuple(DrawnLaws.without_errors(circuit, angles) for circuit in circuits)
        self.best = State(drawn=drawn, known=known, posterior=known)

    def run(self, *, first: bool) -> None:
        """All steps; times and spreads only where nothing was learned before."""
        self.draw(_PILOT)
        self.draw(1 - _PILOT)
        self.anchor()
        self.turns()
        if first:
            self.times()
            self.spreads()
        self.pair_flips()

    def draw(self, part: float) -> None:
        """More histories where errors are now thought to be, and the most probable numbers."""
        known, work = self.best.posterior, part * self.operations
        drawn = tuple(each.with_histories(known, work, self.generator) for each in self.best.drawn)
        self.best = self._fitted(replace(self.best, drawn=drawn))

    def anchor(self) -> None:
        """Exact laws at the rates found so far, where they can be had; then the rates anew."""
        for _ in range(_ANCHORED):
            self.best = self._fitted(self.with_anchors(self.best))

    def with_anchors(self, state: State) -> State:
        """Histories put right at the most probable rates."""
        joint = self.likelihood(state, self.train)
        return replace(
            state,
            drawn=tuple(
                anchored(drawn, own, state.posterior, self.operations)
                for drawn, own in zip(state.drawn, joint.likelihoods, strict=True)
            ),
        )

    def times(self) -> None:
        """How long gates on one qubit take beside those on two, where exact laws can say."""
        if self.best.known.prior.start_has_times:
            return
        if any(drawn.anchor is None for drawn in self.best.drawn):
            return
        tried = [self._timed(self.best, time) for time in _TIMES]
        if self._decide("gates on one qubit are shorter", tried):
            self.draw(1 - _PILOT)
            self.anchor()

    def _timed(self, state: State, time: float) -> State:
        known, posterior = (
            _with_prior(each, one_qubit_time=time) for each in (state.known, state.posterior)
        )
        drawn = tuple(
            DrawnLaws.without_errors(each.circuit.timed(time), each.angles).with_histories(
                posterior, _PILOT * self.operations, self.generator
            )
            for each in state.drawn
        )
        timed = self._fitted(State(drawn=drawn, known=known, posterior=posterior))
        return self._fitted(self.with_anchors(timed))

    def turns(self) -> None:
        """Gates that turn too far: a scan, then the most probable angles, then errors drawn anew.

        Where they do already, only the last.
        """
        tried = self.best
        if not tried.known.prior.turns:
            angles = self._scanned()
            if angles == STRAIGHT:
                self._note("gates that turn too far", gain=0.0, kept=False)
                return
            tried = replace(
                tried,
                known=_with_prior(tried.known, turns=True),
                posterior=_with_prior(tried.posterior, turns=True).turned_to(angles),
            )
            for _ in range(_POLISHED):
                tried = self._fitted(_turned(tried, tried.posterior.angles))
            if not self._decide("gates that turn too far", [tried]):
                return
        angles = self.best.posterior.angles
        fresh = tuple(DrawnLaws.without_errors(each.circuit, angles) for each in self.best.drawn)
        self.best = replace(self.best, drawn=fresh)
        self.draw(1.0)
        self.anchor()

    def spreads(self) -> None:
        """How far qubits and pairs differ, for errors and then for readout."""
        joint = self.likelihood(self.best, self.train)
        local = joint.local_information(self.best.posterior.mean)  # hardly moves with the spreads
        for name in ("rate_spread", "readout_spread"):
            tried = [
                self._fitted(
                    replace(self.best, known=_with_prior(self.best.known, **{name: s})), local
                )
                for s in self._spreads()
            ]
            self._decide(name.replace("_", " "), tried, local)

    def _spreads(self) -> tuple[float, ...]:
        """Of a calibration it is known how far off it may be: wider ones alone are asked for."""
        calibrated = self.best.known.prior.is_calibrated
        return tuple(s for s in _SPREADS if s > _CALIBRATION_IS_OFF) if calibrated else _SPREADS

    def pair_flips(self) -> None:
        """Coupled qubits that are misread together."""
        known = self.best.known
        if known.prior.pair_flips or not any(each.circuit.pair_flips for each in self.best.drawn):
            return
        tried = replace(self.best, known=_with_prior(known, pair_flips=True))
        self._decide("coupled qubits misread together", [self._fitted(tried)])

    def likelihood(self, state: State, shots: Sequence[Shots]) -> JointLikelihood:
        """Of some shots of each circuit."""
        prior = state.known.prior
        return JointLikelihood(
            [
                CircuitLikelihood(drawn, own, drawn.circuit.numbers(prior))
                for drawn, own in zip(state.drawn, shots, strict=True)
            ],
            state.known,
        )

    def _fitted(self, state: State, local: Sequence[Floats] | None = None) -> State:
        joint = self.likelihood(state, self.train)
        found = joint.most_probable(state.posterior, local)
        return replace(state, posterior=joint.posterior(found))

    def _decide(
        self, step: str, tried: Sequence[State], local: Sequence[Floats] | None = None
    ) -> bool:
        """Keep the best of `tried` if it brings enough."""
        scores = [self._log_probability(state, local) for state in tried]
        best = int(np.argmax(scores))
        gain = scores[best] - self._log_probability(self.best, local)
        kept = gain > _DOUBT
        if kept:
            self.best = tried[best]
        self._note(step, gain=gain, kept=kept)
        return kept

    def _log_probability(self, state: State, local: Sequence[Floats] | None) -> float:
        """Of all shots: evidence of the training ones, likelihood of the held-out ones."""
        mean = state.posterior.mean
        joint = self.likelihood(state, self.train)
        seen = self.likelihood(state, self.heldout).log_seen(mean)
        later = sum(
            float(logs @ shots.counts) for logs, shots in zip(seen, self.heldout, strict=True)
        )
        return joint.log_evidence(mean, local or joint.local_information(mean)) + later

    def _scanned(self) -> Angles:
        """The grid point of over-rotations under which the shots are likeliest, the rest as is."""
        posterior = self.best.posterior

        def cost(angles: Angles) -> float:
            turned = _turned(self.best, angles)
            return self.likelihood(turned, self.train).surprise(posterior.mean)

        best, least = STRAIGHT, cost(STRAIGHT)
        for direction in _DIRECTIONS:
            start = best
            for step in _GRID:
                one, two, virtual = (a + step * d for a, d in zip(start, direction, strict=True))
                found = cost((one, two, virtual))
                if found < least - _WORTH:
                    best, least = (one, two, virtual), found
        return best

    def _note(self, step: str, *, gain: float, kept: bool) -> None:
        self.steps.append({"step": step, "gain_nats": gain, "kept": kept})


def _with_prior(posterior: Posterior, **changes: Any) -> Posterior:
    return replace(posterior, prior=replace(posterior.prior, **changes))


def _turned(state: State, angles: Angles) -> State:
    return replace(state, drawn=tuple(each.turned(angles) for each in state.drawn))
