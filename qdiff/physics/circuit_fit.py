"""From a program and shots to the most probable noisy law of the program, step by step.

1. the ideal law, readout errors and a product law: two numbers a bit and one more;
2. errors of gates: a first dictionary tells how strong which kind is;
3. gates that turn too far, by one angle for gates on one qubit and one for gates on two;
4. a larger dictionary, drawn where step 2 says that the errors are;
5. coupled bits that flip together in readout.

A step stays where held-out shots are likelier with it; the record says what each brought. How far
rates may differ from bit to bit and from gate to gate is decided by the evidence (Laplace).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from qdiff.errors import InputError
from qdiff.laws import TableLaw
from qdiff.physics.affine import AffineLaw
from qdiff.physics.chain_fit import fit_readout
from qdiff.physics.circuit_law import CircuitLaw
from qdiff.physics.confusion import Confusion
from qdiff.physics.dictionary import Dictionary, Round
from qdiff.physics.errors import ErrorGroup, error_groups
from qdiff.physics.evidence import log_evidence
from qdiff.physics.noisy_model import PriorConfig
from qdiff.physics.noisy_prior import FittedPrior, fit_prior
from qdiff.physics.over_rotation import scanned
from qdiff.physics.program import Program
from qdiff.physics.statevector import ideal_law
from qdiff.shots import Shots

Floats = NDArray[np.float64]

MAX_TABLE_QUBITS = 22
"""Beyond this the surrogate has no table, and neither has the circuit's law."""

_FIRST_SHARES = {"pauli2": 0.55, "pauli1": 0.2, "phase1": 0.1, "relax1": 0.15}
"""How errors are shared among kinds before anything is known."""

_EXPLORING = 0.2
"""The part of a later round that is drawn as the first one was, so that no kind is ruled out."""

_MOST_HISTORIES, _FEWEST_HISTORIES = 4000, 48
_TAIL = 0.01
_SPREADS = (0.05, 0.2, 0.6)
_NATS_A_PARAMETER = 1.0
"""What a new parameter must bring on the training shots too (Akaike)."""


@dataclass(frozen=True, kw_only=True)
class CircuitFitConfig:
    """How much work a fit may do, and what is known beforehand.

    Attributes
    ----------
    operations
        Gates times amplitudes that errors are simulated with.
    order
        0 leaves errors of gates out; None simulates as many a run as there are.
    rates, readout, confusion
        Where the fit starts from, and the readout if it is known, as in `PriorConfig`.
    """

    operations: float = 4e9
    order: int | None = None
    rates: dict[str, float] = field(default_factory=dict)
    readout: tuple[float, float] | None = None
    confusion: Confusion | None = None

    def __post_init__(self) -> None:
        if not self.operations > 0:
            raise InputError(f"operations must be positive, got {self.operations}")
        if self.order not in (None, 0):
            raise InputError(f"order must be 0 or None, got {self.order!r}")


@dataclass(frozen=True, eq=False, kw_only=True)
class CircuitFit:
    """A fitted circuit, before and after all shots were used, and a record for the card."""

    law: CircuitLaw
    record: dict[str, Any]
    _refit: Callable[[Shots], CircuitLaw]

    def refitted(self, shots: Shots) -> CircuitLaw:
        """The same steps' law with parameters fitted to `shots`."""
        return self._refit(shots)


def fit_circuit(
    program: Program | AffineLaw,
    train: Shots,
    heldout: Shots,
    *,
    seed: np.random.SeedSequence,
    config: CircuitFitConfig | None = None,
) -> CircuitFit:
    """Fit the noise of `program` to `train`; `heldout` decides which steps stay.

    Of a Clifford circuit beyond tables, given by its affine law, readout and background are fitted.

    Raises `InputError` for a program of other bits, and beyond 22 bits.
    """
    config = config or CircuitFitConfig()
    if program.num_bits != train.num_bits:
        raise InputError(
            f"the circuit has {program.num_bits} classical bits, the shots {train.num_bits}"
        )
    if isinstance(program, AffineLaw):
        return _fit_clifford(program, train, heldout)
    if program.num_bits > MAX_TABLE_QUBITS:
        raise InputError(f"a circuit's table has at most {MAX_TABLE_QUBITS} bits")
    search = _Search(program, train, heldout, config, np.random.default_rng(seed))
    search.run()
    return search.result()


def _fit_clifford(affine: AffineLaw, train: Shots, heldout: Shots) -> CircuitFit:
    chain = affine.chain()
    law = fit_readout(chain, train)
    score = float(law.log_prob(heldout.bits) @ heldout.counts / heldout.num_shots)
    step = "affine law, readout and background"
    record = {
        "steps": [{"step": step, "heldout_nats_per_shot": score, "gain": None, "kept": True}],
        "dimension": len(affine.generators),
        "bond": chain.bond,
        "background": law.background,
    }
    return CircuitFit(law=law, record=record, _refit=lambda shots: fit_readout(chain, shots))


class _Search:
    """The state of a fit: the best so far, and what was tried."""

    def __init__(
        self,
        program: Program,
        train: Shots,
        heldout: Shots,
        config: CircuitFitConfig,
        generator: np.random.Generator,
    ) -> None:
        self.program, self.train, self.heldout = program, train, heldout
        self.config, self.generator = config, generator
        self.groups = error_groups(program)
        self.prior = PriorConfig(
            rates=config.rates, readout=config.readout, confusion=config.confusion
        )
        self.dictionary = Dictionary.without_errors(ideal_law(program), self.groups)
        self.angles = (0.0, 0.0)
        self.steps: list[dict[str, Any]] = []
        self.best = fit_prior(self.dictionary, train, self.prior)
        self.score = self._score(self.best)
        self._note("ideal law, readout and background", self.score, None, kept=True)

    def run(self) -> None:
        if self.groups and self.config.order is None:
            self._errors()
            self._spreads()
        self._pairs()

    def result(self) -> CircuitFit:
        """What was found. Refitting keeps the dictionary and only moves the parameters."""
        dictionary, prior, values = self.dictionary, self.prior, self.best.values

        def refit(shots: Shots) -> CircuitLaw:
            return CircuitLaw.of(fit_prior(dictionary, shots, prior, values))

        record = {
            "circuit": self.program.name,
            "circuit_hash": self.program.fingerprint,
            "steps": self.steps,
            "histories": len(dictionary.laws),
            "over_rotation": {"one_qubit": self.angles[0], "two_qubits": self.angles[1]},
            "errors_a_run": float(self.best.rates @ dictionary.sizes),
            "rates_a_gate": mean_rates(self.groups, self.best.rates),
            "readout": readout_summary(self.best),
            "background": self.best.background,
        }
        return CircuitFit(law=CircuitLaw.of(self.best), record=record, _refit=refit)

    def _errors(self) -> None:
        total = max(-float(np.log1p(-min(self.best.background, 0.95))), 0.05)
        shares = first_shares(self.groups)
        first = self._extended(self.dictionary, self.program, total, shares, 0.25)
        found = fit_prior(first, self.train, self.prior, self.best.values)
        angles, found = scanned(self.program, first, found, self.train, self.prior)
        if any(angles):
            found, angles = self._checked_angles(first, found, angles)
        program = self.program.over_rotated(*angles)
        if any(angles):
            first = Dictionary.without_errors(ideal_law(program), self.groups)
        uses = found.rates * first.sizes
        total = float(uses.sum())
        later = (1 - _EXPLORING) * uses / total + _EXPLORING * shares
        second = self._extended(first, program, total, later, 1.0 if any(angles) else 0.75)
        found = fit_prior(second, self.train, self.prior, found.values)
        if self._decide("errors of gates", found, parameters=0):
            self.dictionary, self.program, self.angles = second, program, angles

    def _checked_angles(
        self, dictionary: Dictionary, turned: FittedPrior, angles: tuple[float, float]
    ) -> tuple[FittedPrior, tuple[float, float]]:
        """The over-rotated fit if held-out shots agree, else the one without."""
        straight = fit_prior(dictionary, self.train, self.prior, turned.values)
        before, after = self._score(straight), self._score(turned)
        gain = straight.objective - turned.objective
        kept = after > before and gain > 2 * _NATS_A_PARAMETER
        self._note("gates that turn too far", after, after - before, kept=kept)
        return (turned, angles) if kept else (straight, (0.0, 0.0))

    def _spreads(self) -> None:
        """Each spread in turn, the other at its best so far."""
        known = self.config.confusion is not None
        for name in ("group_spread",) if known else ("readout_spread", "group_spread"):
            found = []
            for spread in _SPREADS:
                prior = replace(self.prior, **{name: spread})  # type: ignore[arg-type]
                fitted = fit_prior(self.dictionary, self.train, prior, self.best.values)
                evidence = log_evidence(self.dictionary, self.train, prior, fitted)
                found.append((evidence, prior, fitted))
            _, self.prior, self.best = max(found, key=lambda item: item[0])
        self.score = self._score(self.best)

    def _pairs(self) -> None:
        pairs = tuple(self.program.couplings)
        if not pairs or self.config.confusion is not None:
            return
        prior = replace(self.prior, pairs=pairs)
        found = fit_prior(self.dictionary, self.train, prior, self.best.values)
        if self._decide("coupled bits flip together", found, parameters=len(pairs)):
            self.prior = prior

    def _decide(self, step: str, found: FittedPrior, *, parameters: int) -> bool:
        """Keep `found` if held-out shots, and enough training shots, are likelier with it."""
        score = self._score(found)
        gain = self.best.objective - found.objective
        kept = score > self.score and gain > parameters * _NATS_A_PARAMETER
        self._note(step, score, score - self.score, kept=kept)
        if kept:
            self.best, self.score = found, score
        return kept

    def _extended(
        self, start: Dictionary, program: Program, total: float, shares: Floats, part: float
    ) -> Dictionary:
        work = max(len(program.gates), 1) << program.num_qubits
        number = int(np.clip(self.config.operations / work, _FEWEST_HISTORIES, _MOST_HISTORIES))
        drawn = Round(numbers=numbers_of_errors(total, int(part * number)), shares=shares)
        return start.extended(program, drawn, self.generator)

    def _score(self, fitted: FittedPrior) -> float:
        """Mean log-probability of held-out shots, nats a shot."""
        logs = TableLaw.of(fitted.law()).log_prob(self.heldout.bits)
        return float(logs @ self.heldout.counts / self.heldout.num_shots)

    def _note(self, step: str, score: float, gain: float | None, *, kept: bool) -> None:
        self.steps.append(
            {"step": step, "heldout_nats_per_shot": score, "gain": gain, "kept": kept}
        )


def first_shares(groups: Sequence[ErrorGroup]) -> Floats:
    """Shares of errors before anything is known: by kind, and within a kind by size."""
    totals: dict[str, float] = {}
    for group in groups:
        totals[group.shared] = totals.get(group.shared, 0.0) + group.size
    shares = [_FIRST_SHARES[g.shared] * g.size / totals[g.shared] for g in groups]
    return np.array(shares) / sum(shares)


def numbers_of_errors(mean: float, histories: int) -> tuple[int, ...]:
    """How many histories of 1, 2, ... errors, as a Poisson law of `mean` has them.

    >>> numbers_of_errors(0.5, 100)
    (77, 19, 8, 8)
    """
    most = int(poisson.isf(_TAIL, mean)) + 1
    masses = poisson.pmf(np.arange(1, most + 1), mean)
    masses[-1] = poisson.sf(most - 1, mean)
    return tuple(max(8, round(histories * mass)) for mass in masses / masses.sum())


def mean_rates(groups: Sequence[ErrorGroup], rates: Floats) -> dict[str, float]:
    """The mean rate a place of each kind of error."""
    kinds = sorted({group.shared for group in groups})
    sizes = np.array([group.size for group in groups])
    of_kind = {kind: np.array([group.shared == kind for group in groups]) for kind in kinds}
    return {k: float(rates[at] @ sizes[at] / sizes[at].sum()) for k, at in of_kind.items()}


def readout_summary(fitted: FittedPrior) -> dict[str, Any]:
    """``P(1|0)`` and ``P(0|1)`` of each bit, and the rates of pairs."""
    bits = [fitted.confusion.of_bit(bit) for bit in range(fitted.confusion.num_bits)]
    pairs = [factor for factor in fitted.confusion.factors if len(factor.bits) == 2]
    return {
        "one_given_zero": [float(matrix[1, 0]) for matrix in bits],
        "zero_given_one": [float(matrix[0, 1]) for matrix in bits],
        "pair_flips": [[*factor.bits, float(factor.matrix[3, 0])] for factor in pairs],
    }
