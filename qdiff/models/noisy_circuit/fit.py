"""From a program and shots to the most probable noisy law of the program, step by step.

1. the ideal law, readout errors and a product law: two numbers a bit and one more;
2. errors of gates, drawn first to see where they are and then more of them there;
3. gates that turn too far, by one angle for each kind of gate;
4. how far rates may differ from bit to bit and from gate to gate, as the evidence proposes;
5. coupled bits that flip together in readout.

A step stays where the shots are likelier with it and the held-out ones do not object
(`qdiff.models.noisy_circuit.step_search`); the record says which stayed and what each brought.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.clifford.affine_law import AffineLaw
from qdiff.models.noisy_circuit.chain_fit import fit_readout
from qdiff.models.noisy_circuit.error_groups import ErrorGroup
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.noisy_circuit.memory_needed import THOROUGH_QUBITS
from qdiff.models.noisy_circuit.noise_likelihood import CircuitFitConfig
from qdiff.models.noisy_circuit.noise_posterior import FittedPrior
from qdiff.models.noisy_circuit.program import Program
from qdiff.models.noisy_circuit.step_search import Search, State

_TURNED = ("one_qubit", "two_qubits", "virtual")

MAX_TABLE_QUBITS = 24
"""Beyond this a circuit's law has no table: it takes minutes a history of errors, and gibibytes."""


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
    """Fit the noise of `program` to `train`; `heldout` settles which steps stay.

    Of a Clifford circuit beyond tables, given by its affine law, readout and background are fitted.

    Raises `InputError` for a program of other bits, beyond 24 bits, and where memory is short.
    """
    config = config or CircuitFitConfig()
    if program.num_bits != train.num_bits:
        raise InputError(
            f"the circuit has {program.num_bits} classical bits, the shots {train.num_bits}"
        )
    if isinstance(program, AffineLaw):
        return _fit_clifford(program, train, heldout, config)
    if program.num_bits > MAX_TABLE_QUBITS:
        raise InputError(f"a circuit's table has at most {MAX_TABLE_QUBITS} bits")
    search = Search(program, train, heldout, config, np.random.default_rng(seed))
    search.run()
    return _result(program, search.best, search.steps)


def _result(program: Program, best: State, steps: list[dict[str, Any]]) -> CircuitFit:
    """What was found. Refitting keeps the dictionary and only moves the parameters."""
    record = {
        "circuit": program.name,
        "circuit_hash": program.fingerprint,
        "steps": steps,
        "histories": len(best.dictionary.laws),
        "over_rotation": dict(zip(_TURNED, best.angles, strict=True)),
        **_errors_summary(best),
        "left_out": _left_out(program),
        "readout": readout_summary(best.fitted),
        "background": best.fitted.background,
    }
    return CircuitFit(
        law=CircuitLaw.of(best.fitted),
        record=record,
        _refit=lambda shots: CircuitLaw.of(best.refitted(shots)),
    )


def _fit_clifford(
    affine: AffineLaw, train: Shots, heldout: Shots, config: CircuitFitConfig
) -> CircuitFit:
    chain = affine.chain()

    def fitted(shots: Shots) -> CircuitLaw:
        return fit_readout(chain, shots, confusion=config.confusion, start=config.readout)

    law = fitted(train)
    score = float(law.log_prob(heldout.bits) @ heldout.counts / heldout.num_shots)
    what = "readout and background" if config.confusion is None else "background"
    step = f"affine law, {what}"
    record = {
        "steps": [{"step": step, "heldout_nats_per_shot": score, "gain": None, "kept": True}],
        "dimension": len(affine.generators),
        "bond": chain.bond,
        "background": law.background,
    }
    return CircuitFit(law=law, record=record, _refit=fitted)


def _left_out(program: Program) -> str | None:
    """Which steps were not tried, for the card."""
    if program.num_qubits <= THOROUGH_QUBITS:
        return None
    steps = "gates that turn too far, how far rates may differ, coupled bits flip together"
    return f"not tried beyond {THOROUGH_QUBITS} qubits: {steps}"


def _errors_summary(state: State) -> dict[str, Any]:
    """The mean number of errors of gates in a run, and their rates; none if they were left out."""
    if not len(state.dictionary.laws):
        return {"errors_a_run": 0.0, "rates_a_gate": {}}
    rates = state.fitted.rates
    return {
        "errors_a_run": float(rates @ state.dictionary.sizes),
        "rates_a_gate": mean_rates(state.dictionary.groups, rates),
    }


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
