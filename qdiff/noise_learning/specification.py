"""Learned numbers and `NoiseSpec`: what a specification leads one to expect, and the way back.

A depolarizing channel of parameter ``p`` on ``k`` qubits is exactly a Poisson process of uniform
Paulis of rate ``r``, ``1 - p = exp(-r 4^k / (4^k - 1))``; relaxation for a time ``t`` is one of
resets of rate ``t / T1`` and one of phase errors of rate ``t (1 / T2 - 1 / T1) / 2``, which is less
than none where T2 > T1: what is learned is ``t (1 / T2 - 1 / 2 T1) / 2``, a quarter of the resets'
rate more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from qdiff.errors import InputError
from qdiff.models.noisy_circuit.over_rotation import Angles
from qdiff.noise.rates import EdgeNoise, QubitNoise
from qdiff.noise.spec import NoiseSpec
from qdiff.noise_learning.numbers import DEPHASE, PAULI, READOUT, RELAX, TURNS, Number
from qdiff.simulation.program import VIRTUAL_GATES, time_of_gate

_ELSEWHERE = (1 << 40, (1 << 40) + 1)
"""Qubits that no specification names: they have what it says of all."""

_TIME = 1e-7
"""Seconds of a gate on two qubits, where nothing is known: only its ratio to T1 and T2 counts."""

_LEAST_LEFT = 1e-3
"""Of a channel that depolarizes altogether, whose rate would be infinite."""


def stated(start: NoiseSpec | None, number: Number) -> float | None:
    """What a specification says of a number, shared ones included; None where it says nothing.

    >>> spec = NoiseSpec.parse("depolarizing:p2=0.01,readout=0.02")
    >>> stated(spec, Number("one_given_zero", (3,))), stated(spec, Number("pauli1"))
    (0.02, None)
    """
    if start is None:
        return None
    size = 2 if number.kind == PAULI[1] else 1
    qubits = number.qubits or _ELSEWHERE[:size]
    if number.kind in READOUT:
        readout = start.readout_of(qubits[0])
        return readout[READOUT.index(number.kind)] if any(readout) else None
    if number.kind in PAULI:
        noise, declared = start.on_gate("", qubits)
        return _poisson_rate(noise.depolarizing, size) if declared else None
    if number.kind in (DEPHASE, RELAX):
        found = start.relaxation(qubits[0], start.time2 or 0.0)
        if not found:
            return None
        t1, t2, time = found[0].t1, found[0].t2, found[0].time
        return time / t1 if number.kind == RELAX else 0.5 * time * max(1 / t2 - 0.5 / t1, 0.0)
    return start.over_rotation if number.kind in TURNS[:2] else None


def specification_of(
    value: Callable[[Number], float],
    qubits: Collection[int],
    pairs: Collection[tuple[int, int]],
    angles: Angles,
    start: NoiseSpec | None,
    one_qubit_time: float,
) -> NoiseSpec:
    """All that a specification can say of the numbers that `value` gives, and of over-rotations.

    Raises `InputError` where there are no qubits.
    """
    size = (start.num_qubits if start else None) or max(qubits, default=-1) + 1
    if not size:
        raise InputError("nothing was learned of any qubit: add circuits and their shots")
    time = (start.time2 if start else None) or _TIME
    one, two, _ = angles
    t1, t2 = _coherence(value, (), time)
    return NoiseSpec(
        name="learned",
        description=f"learned from shots on {len(qubits)} qubits",
        p1=_parameter(value(Number(PAULI[0])), 1),
        p2=_parameter(value(Number(PAULI[1])), 2),
        over_rotation=one or None,
        t1=t1,
        t2=t2,
        time1=_time_on(start, _ELSEWHERE[:1], one_qubit_time * time),
        time2=time,
        readout=(value(Number(READOUT[0])), value(Number(READOUT[1]))),
        virtual_gates=start.virtual_gates if start else VIRTUAL_GATES,
        num_qubits=size,
        qubits={qubit: _of_qubit(value, qubit, time, start) for qubit in sorted(qubits)},
        edges={
            pair: EdgeNoise(
                p2=_parameter(value(Number(PAULI[1], pair)), 2),
                over_rotation=None if one == two else two,
                time2=_time_on(start, pair),
            )
            for pair in sorted(pairs)
        },
    )


def _of_qubit(
    value: Callable[[Number], float], qubit: int, time: float, start: NoiseSpec | None
) -> QubitNoise:
    t1, t2 = _coherence(value, (qubit,), time)
    return QubitNoise(
        p1=_parameter(value(Number(PAULI[0], (qubit,))), 1),
        t1=t1,
        t2=t2,
        time1=_time_on(start, (qubit,)),
        readout=(value(Number(READOUT[0], (qubit,))), value(Number(READOUT[1], (qubit,)))),
    )


def _time_on(
    start: NoiseSpec | None, qubits: tuple[int, ...], usual: float | None = None
) -> float | None:
    """Seconds of a gate; `usual` where the start does not say how long its qubits relax."""
    share = None if start is None else time_of_gate(start, qubits)
    return usual if start is None or share is None else share * (start.time2 or 0.0)


def _coherence(
    value: Callable[[Number], float], qubits: tuple[int, ...], time: float
) -> tuple[float, float]:
    """T1 and T2 in seconds."""
    relaxing = value(Number(RELAX, qubits)) / time
    return 1 / relaxing, 1 / (0.5 * relaxing + 2 * value(Number(DEPHASE, qubits)) / time)


def _poisson_rate(parameter: float, num_qubits: int) -> float:
    paulis = 4**num_qubits
    return float(-(paulis - 1) / paulis * np.log(max(1 - parameter, _LEAST_LEFT)))


def _parameter(rate: float, num_qubits: int) -> float:
    """The inverse of `_poisson_rate`."""
    paulis = 4**num_qubits
    return -float(np.expm1(-rate * paulis / (paulis - 1)))
