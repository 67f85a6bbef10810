"""Readout errors measured by calibration shots, as a `NoiseSpec`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from qdiff.data.pair_statistics import bit_counts
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.noise.rates import QubitNoise, Readout
from qdiff.noise.spec import NoiseSpec
from qdiff.noise.text import read_file

_COLUMN_TOLERANCE = 1e-3
_MAX_QUBITS = 100_000
_ERRORS = 3.0
"""Standard errors within which a bit counts as unread."""
_DUST = 1e-12


def from_shots(
    zeros: Shots,
    ones: Shots,
    *,
    bits: Sequence[int] | None = None,
    qubits: Sequence[int] | None = None,
    base: NoiseSpec | None = None,
) -> NoiseSpec:
    """Readout errors per qubit from shots of the state |0...0> and of |1...1>.

    ``P(1|0)`` is the frequency of 1 in `zeros`, ``P(0|1)`` that of 0 in `ones`; the standard error
    of such a frequency p is ``sqrt(p (1 - p) / shots)``; rates below ``1 / shots`` are not seen.
    Preparation errors are counted in.

    Parameters
    ----------
    bits
        Which bits of a shot to go by, all of them unless given.
    qubits
        Which qubit each of these bits reads; the j-th of them reads qubit j unless given. See
        `qubits_read` for a circuit that was transpiled to a device.
    base
        Noise whose other figures are kept. Without it gates are ideal.

    Raises `InputError` for no shots, for widths that differ, for qubits that repeat, where most
    bits are read wrongly, as when `zeros` and `ones` are swapped, and for a bit that within three
    standard errors reads alike in both, as when both are shots of one state.

    >>> zeros, ones = Shots.from_counts({"0": 98, "1": 2}), Shots.from_counts({"1": 95, "0": 5})
    >>> from_shots(zeros, ones).readout_of(0)
    (0.02, 0.05)
    """
    if zeros.num_bits != ones.num_bits:
        raise InputError(f"the shots have {zeros.num_bits} and {ones.num_bits} bits")
    if not zeros.num_shots or not ones.num_shots:
        raise InputError("there are no calibration shots")
    if bits is not None:
        _check_bits(bits, zeros.num_bits)
        zeros, ones = zeros.select(bits), ones.select(bits)
    places = [*range(zeros.num_bits)] if qubits is None else [*qubits]
    _check_qubits(places, zeros.num_bits)
    raised = bit_counts(zeros) / zeros.num_shots
    lowered = (ones.num_shots - bit_counts(ones)) / ones.num_shots
    _check_read(raised, lowered, zeros.num_shots, ones.num_shots, bits)
    rates = {q: (float(a), float(b)) for q, a, b in zip(places, raised, lowered, strict=True)}
    source = f"from {zeros.num_shots} and {ones.num_shots} calibration shots"
    return _with_readout(base, rates, source)


def from_mthree(
    source: str | Path | Mapping[str, Any] | list[Any], *, base: NoiseSpec | None = None
) -> NoiseSpec:
    """Readout errors from the JSON that mthree's ``cals_to_file`` writes, old form or new.

    ``cals[q]`` is ``[[P(0|0), P(0|1)], [P(1|0), P(1|1)]]`` or null. Raises `InputError` for
    anything else.
    """
    data = _json(source) if isinstance(source, str | Path) else source
    cals = data.get("cals") if isinstance(data, Mapping) else data
    if not isinstance(cals, list) or not cals or len(cals) > _MAX_QUBITS:
        raise InputError("this is no calibration of mthree: it has no list 'cals'")
    rates = {qubit: _rates(qubit, cal) for qubit, cal in enumerate(cals) if cal is not None}
    if not rates:
        raise InputError("the calibration of mthree covers no qubit")
    return _with_readout(base, rates, "from mthree's calibration")


def is_mthree(path: str | Path) -> bool:
    """Whether a file looks like what mthree's ``cals_to_file`` writes."""
    try:
        data = _json(path)
    except InputError:
        return False
    return isinstance(data, list) or (isinstance(data, dict) and "cals" in data)


def qubits_read(circuit: Any) -> dict[int, int]:
    """Which qubit of `circuit` each bit of a job's shots reads, by index.

    A job's bits come register by register, or by index where there is no register. After
    transpilation the qubits are those of the device. Raises `InputError` for a circuit whose
    measurements are not its end.

    >>> from qiskit import QuantumCircuit
    >>> circuit = QuantumCircuit(6, 2)
    >>> _ = circuit.measure([5, 3], [0, 1])
    >>> qubits_read(circuit)
    {0: 5, 1: 3}
    """
    from qdiff.circuit.measurement import bits_of_a_job, split_measurements

    _, measured = split_measurements(circuit)
    places = bits_of_a_job(circuit) or range(circuit.num_clbits)
    return {place: measured[bit] for place, bit in enumerate(places) if bit in measured}


def calibration_circuits(num_qubits: int) -> list[Any]:
    """The two circuits to run: |0...0> and |1...1>, qubit j into bit j.

    >>> [circuit.count_ops().get("x", 0) for circuit in calibration_circuits(3)]
    [0, 3]
    """
    from qiskit import QuantumCircuit

    circuits = []
    for name, flipped in (("zeros", False), ("ones", True)):
        circuit = QuantumCircuit(num_qubits, name=name)
        if flipped:
            circuit.x(range(num_qubits))
        circuit.measure_all()
        circuits.append(circuit)
    return circuits


def _check_read(
    raised: Any, lowered: Any, num_zeros: int, num_ones: int, bits: Sequence[int] | None
) -> None:
    """Raise `InputError` for swapped files, and bits that say nothing: P(1|0) + P(0|1) is 1."""
    if np.mean(raised + lowered) > 1:
        raise InputError("more bits are read wrongly than rightly: are the two files swapped?")
    variance = raised * (1 - raised) / num_zeros + lowered * (1 - lowered) / num_ones
    lost = np.flatnonzero(raised + lowered + _ERRORS * np.sqrt(variance) >= 1 - _DUST).tolist()
    if lost:
        names = ", ".join(str(bit if bits is None else bits[bit]) for bit in lost[:10])
        raise InputError(
            f"bit {names}{', ...' if len(lost) > 10 else ''} reads alike in both sets of shots: "
            "are they of two states? Else leave it out"
        )


def _check_bits(bits: Sequence[int], num_bits: int) -> None:
    if not bits or len(set(bits)) != len(bits) or not 0 <= min(bits) <= max(bits) < num_bits:
        raise InputError(
            f"the calibration shots have bits 0 to {num_bits - 1}; choose some of them, each once, "
            f"got {str([*bits])[:100]}"
        )


def _check_qubits(qubits: Sequence[int], num_bits: int) -> None:
    if len(qubits) != num_bits or len(set(qubits)) != len(qubits) or min(qubits) < 0:
        raise InputError(
            f"{num_bits} bits need as many distinct qubits, got {len(qubits)}: {str(qubits)[:100]}"
        )


def _with_readout(
    base: NoiseSpec | None, rates: Mapping[int, Readout], description: str
) -> NoiseSpec:
    spec = NoiseSpec(p1=0.0, p2=0.0, description=description) if base is None else base
    if spec.num_qubits is not None and max(rates) >= spec.num_qubits:
        raise InputError(f"qubit {max(rates)} lies beyond the {spec.num_qubits} of the noise")
    qubits = dict(spec.qubits)
    for qubit, rate in rates.items():
        qubits[qubit] = replace(qubits.get(qubit, QubitNoise()), readout=rate)
    # a device's size, so that smaller circuits are accepted
    size = spec.num_qubits if spec.num_qubits is not None else max(qubits) + 1
    return replace(spec, qubits=qubits, num_qubits=size)


def _rates(qubit: int, cal: Any) -> Readout:
    try:
        table = np.array(cal, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        table = np.zeros(0)
    stochastic = table.shape == (2, 2) and bool(
        (table >= -_COLUMN_TOLERANCE).all()
        and (np.abs(table.sum(axis=0) - 1) < _COLUMN_TOLERANCE).all()
    )
    if not stochastic:
        raise InputError(f"qubit {qubit}: the calibration is no 2 x 2 confusion matrix")
    return _clean(table[1, 0]), _clean(table[0, 1])


def _clean(rate: float) -> float:
    """A rate without the dust of mthree's single precision."""
    digits = round(float(rate), 9)
    return min(max(digits, 0.0), 1.0) if math.isfinite(digits) else 0.0


def _json(path: str | Path) -> Any:
    raw = read_file(path, "a calibration")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise InputError(f"{path} is no JSON, so no calibration of mthree") from None
