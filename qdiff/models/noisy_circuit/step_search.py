"""The steps of a circuit's fit, each tried in turn and settled by what the shots say of it.

Every step is compared with the best so far. It stays where the training shots and the held-out ones
together are likelier with it, by more than a nat for each of its parameters (Akaike), unless the
held-out shots object: are less likely by more than two standard errors. Held-out shots alone would
be a coin toss where a step changes little a shot, though the training shots are sure of it.

What a step brought is the difference of held-out log-probabilities, in nats a shot: the gains of
the kept steps add up to the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.models.noisy_circuit.acceptance import contradicted, mean_difference
from qdiff.models.noisy_circuit.error_groups import error_groups
from qdiff.models.noisy_circuit.history_laws import Dictionary, Round
from qdiff.models.noisy_circuit.history_numbers import (
    first_shares,
    later_shares,
    number_of_histories,
    numbers_of,
)
from qdiff.models.noisy_circuit.memory_needed import THOROUGH_QUBITS, check_memory
from qdiff.models.noisy_circuit.noise_likelihood import CircuitFitConfig, PriorConfig
from qdiff.models.noisy_circuit.noise_posterior import FittedPrior, fit_prior, log_evidence
from qdiff.models.noisy_circuit.over_rotation import STRAIGHT, Angles, scanned, turned_again
from qdiff.models.noisy_circuit.program import Program
from qdiff.models.noisy_circuit.statevector import ideal_law

_PILOT = 0.25
"""The part of the histories that is drawn first, to see where errors are."""

_TURNS = 3
"""How often angles are scanned at most, rates being fitted anew in between."""

_SPREADS = (0.05, 0.2, 0.6)
_NATS_A_PARAMETER = 1.0
"""What a new parameter must bring (Akaike)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class State:
    """A law of the circuit under noise, and how it was come by."""

    program: Program
    dictionary: Dictionary
    prior: PriorConfig
    fitted: FittedPrior
    angles: Angles = STRAIGHT

    def refitted(self, shots: Shots) -> FittedPrior:
        """Parameters fitted to other shots, from the ones found so far on."""
        return fit_prior(self.dictionary, shots, self.prior, self.fitted.values)


class Search:
    """The best so far, its held-out score, and a record of what was tried."""

    def __init__(
        self,
        program: Program,
        train: Shots,
        heldout: Shots,
        config: CircuitFitConfig,
        generator: np.random.Generator,
    ) -> None:
        self.train, self.heldout = train, heldout
        self.config, self.generator = config, generator
        histories = 0 if config.order == 0 else number_of_histories(program, config.operations)
        check_memory(program, histories)
        groups = error_groups(program)
        prior = PriorConfig(rates=config.rates, readout=config.readout, confusion=config.confusion)
        dictionary = Dictionary.without_errors(ideal_law(program), groups)
        self.best = State(
            program=program,
            dictionary=dictionary,
            prior=prior,
            fitted=fit_prior(dictionary, train, prior),
        )
        self.score = self.score_of(self.best.fitted)
        self.steps: list[dict[str, Any]] = []
        self._note("ideal law, readout and background", self.score, gain=None, kept=True)

    def run(self) -> None:
        """Try every step; beyond 20 qubits only those that take minutes, not hours."""
        with_errors = self.best.dictionary.groups and self.config.order is None
        if with_errors:
            self.errors()
        if self.best.program.num_qubits > THOROUGH_QUBITS:
            return
        if with_errors:
            for _ in range(_TURNS):
                if not self.over_rotation():
                    break
            if any(self.best.angles) and not len(self.best.dictionary.laws):
                self.errors()  # of the turned circuit, where those of the straight one were no use
            self.spreads()
        self.pairs()

    def errors(self) -> None:
        """Errors of gates: a pilot round tells where they are, a larger one is drawn there."""
        best = self.best
        total = max(-float(np.log1p(-min(best.fitted.background, 0.95))), 0.05)
        shares = first_shares(best.dictionary.groups)
        pilot = self._drawn(best.dictionary, best.program, total, shares, _PILOT)
        found = fit_prior(pilot, self.train, best.prior, best.fitted.values)
        total, shares = later_shares(pilot, found.rates)
        dictionary = self._drawn(pilot, best.program, total, shares, 1 - _PILOT)
        found = fit_prior(dictionary, self.train, best.prior, found.values)
        tried = replace(best, dictionary=dictionary, fitted=found)
        kinds = {group.shared for group in best.dictionary.groups}
        self._decide("errors of gates", tried, parameters=len(kinds))

    def over_rotation(self) -> bool:
        """Gates that turn too far; all errors are then drawn anew, about the turned circuit.

        Rates that made up for wrong angles get their due only then, so it is worth trying again.
        """
        best = self.best
        angles, found = scanned(best.program, best.dictionary, best.fitted, self.train, best.prior)
        if not any(angles):
            self._note("gates that turn too far", self.score, gain=0.0, kept=False)
            return False
        program = best.program.over_rotated(*angles)
        dictionary = Dictionary.without_errors(ideal_law(program), best.dictionary.groups)
        if len(best.dictionary.laws):
            total, shares = later_shares(best.dictionary, found.rates)
            dictionary = self._drawn(dictionary, program, total, shares, 1.0)
        found = fit_prior(dictionary, self.train, best.prior, found.values)
        turned = turned_again(best.angles, angles)
        tried = replace(best, program=program, dictionary=dictionary, fitted=found, angles=turned)
        parameters = sum(angle != 0 for angle in angles)
        return self._decide(
            "gates that turn too far", tried, parameters=parameters, angles=list(turned)
        )

    def spreads(self) -> None:
        """How far rates may differ, each spread proposed by the evidence (Laplace) in turn."""
        best = tried = self.best
        names = [] if self.config.confusion is not None else ["readout_spread"]
        names += ["group_spread"] if len(best.dictionary.laws) else []
        for name in names:
            tried = max(self._with_spreads(tried, name), key=self._evidence)
        # evidence of the training shots, then likelihood of the held-out ones: that of them all
        brought = self._evidence(tried) - self._evidence(best)
        gain = self.score_of(tried.fitted) - self.score
        self._settle(
            "how far rates may differ",
            tried,
            kept=brought + gain * self.heldout.num_shots > 0,
            readout_spread=tried.prior.readout_spread,
            group_spread=tried.prior.group_spread,
        )

    def pairs(self) -> None:
        """Coupled bits that flip together in readout."""
        best = self.best
        pairs = tuple(best.program.couplings)
        if not pairs or self.config.confusion is not None:
            return
        prior = replace(best.prior, pairs=pairs)
        found = fit_prior(best.dictionary, self.train, prior, best.fitted.values)
        tried = replace(best, prior=prior, fitted=found)
        self._decide("coupled bits flip together", tried, parameters=len(pairs))

    def score_of(self, fitted: FittedPrior) -> float:
        """Mean log-probability of held-out shots, nats a shot."""
        return float(self.logs_of(fitted) @ self.heldout.counts / self.heldout.num_shots)

    def logs_of(self, fitted: FittedPrior) -> Floats:
        """The log-probability of each distinct held-out string."""
        return np.log(fitted.law()[self.heldout.indices])

    def _with_spreads(self, state: State, name: str) -> list[State]:
        priors = [replace(state.prior, **{name: spread}) for spread in _SPREADS]  # type: ignore[arg-type]
        return [
            replace(
                state,
                prior=prior,
                fitted=fit_prior(state.dictionary, self.train, prior, state.fitted.values),
            )
            for prior in priors
        ]

    def _evidence(self, state: State) -> float:
        return log_evidence(state.dictionary, self.train, state.prior, state.fitted)

    def _decide(self, step: str, tried: State, *, parameters: int, **details: Any) -> bool:
        """Keep `tried` if all shots together favour it and the held-out ones do not object."""
        brought = self.best.fitted.objective - tried.fitted.objective
        brought -= parameters * _NATS_A_PARAMETER
        counts = self.heldout.counts
        gain, error = mean_difference(
            self.logs_of(tried.fitted), self.logs_of(self.best.fitted), counts
        )
        total = brought + gain * self.heldout.num_shots
        kept = total > 0 and not contradicted(gain, error)
        self._settle(step, tried, kept=kept, standard_error=error, **details)
        return kept

    def _settle(self, step: str, tried: State, *, kept: bool, **details: Any) -> None:
        score = self.score_of(tried.fitted)
        self._note(step, score, gain=score - self.score, kept=kept, **details)
        if kept:
            self.best, self.score = tried, score

    def _drawn(
        self, start: Dictionary, program: Program, total: float, shares: Floats, part: float
    ) -> Dictionary:
        number = number_of_histories(program, self.config.operations)
        drawn = Round(numbers=numbers_of(total, int(part * number)), shares=shares)
        return start.extended(program, drawn, self.generator)

    def _note(
        self, step: str, score: float, *, gain: float | None, kept: bool, **details: Any
    ) -> None:
        entry = {"step": step, "heldout_nats_per_shot": score, "gain": gain, "kept": kept}
        self.steps.append({**entry, **details})
