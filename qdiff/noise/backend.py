"""Noise of a Qiskit backend, from what its `Target` reports."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from statistics import fmean, median
from typing import Any

from qiskit.circuit import Gate
from qiskit.quantum_info import average_gate_fidelity

from qdiff.environment import needed
from qdiff.errors import InputError
from qdiff.noise.channels import relaxation_error
from qdiff.noise.rates import EdgeNoise, GateNoise, NoiseRates, QubitNoise, Readout

Figures = dict[tuple[int, ...], list[tuple[float | None, float | None]]]
"""By qubits, sorted: (average gate infidelity, seconds) of each gate that works there."""


def from_backend(backend: Any) -> NoiseRates:
    """The noise that a ``BackendV2`` reports, per qubit and per edge.

    The relaxation comes from T1, T2 and the gates' durations; the depolarizing parameter is what
    is missing to the reported average gate infidelity. Where a qubit or pair has several gates,
    their mean counts (both directions together); gates without error and duration everywhere
    become `virtual_gates`; ``id`` and non-gates are left out. Qubits and pairs that report
    nothing get the median of the others. Readout is ``prob_meas1_prep0`` and ``prob_meas0_prep1``
    where the measurement or the qubit has them, else the measurement's error both ways.

    Raises `InputError` when there is no `Target`, or none with an error or a duration in it.
    """
    target = getattr(backend, "target", None)
    if target is None or not target.num_qubits:
        raise InputError(f"{backend!r} is no BackendV2 with a target of qubits")
    virtual, figures = _figures(target)
    readouts = _readouts(target)
    if not figures and not readouts:
        raise InputError(f"{_name(backend)} reports no errors or durations; give a NoiseSpec")
    times = NoiseRates(qubits=_coherence(target))
    qubits = {qubit: times.qubits.get(qubit, QubitNoise()) for qubit in range(target.num_qubits)}
    ones = {where[0]: _rate(times, where, found) for where, found in _sized(figures, 1)}
    twos = {(where[0], where[1]): _rate(times, where, found) for where, found in _sized(figures, 2)}
    return NoiseRates(
        name=_name(backend),
        description=f"as reported by {_name(backend)}",
        p1=_median(rate for rate, _ in ones.values()),
        p2=_median(rate for rate, _ in twos.values()),
        t1=_median(noise.t1 for noise in qubits.values()),
        t2=_median(noise.t2 for noise in qubits.values()),
        time1=_median(time for _, time in ones.values()),
        time2=_median(time for _, time in twos.values()),
        readout=_median_readout(readouts.values()),
        virtual_gates=virtual,
        num_qubits=target.num_qubits,
        qubits={q: _qubit(noise, ones.get(q), readouts.get(q)) for q, noise in qubits.items()},
        edges={edge: EdgeNoise(p2=rate, time2=time) for edge, (rate, time) in twos.items()},
    )


def fake_backend(name: str) -> Any:
    """An IBM device as its calibration is shipped in qiskit-ibm-runtime, ``"fake_torino"`` say.

    Needs the extra ``ibm``. Raises `InputError` for an unknown name.
    """
    provider = needed("qiskit_ibm_runtime.fake_provider")
    kinds = [known for known in vars(provider).values() if isinstance(known, type)]
    names = [str(getattr(kind, "backend_name", "")) for kind in kinds]
    classes = {named: kind for named, kind in zip(names, kinds, strict=True) if named}
    if name not in classes:
        near = get_close_matches(name, classes, n=3)
        known = f"did you mean {', '.join(near)}?" if near else f"there are {len(classes)} of them"
        raise InputError(f"there is no fake backend {name[:40]!r}; {known}")
    return classes[name]()


def depolarizing_rate(infidelity: float, relaxation: GateNoise, num_qubits: int) -> float:
    """The p that, followed by `relaxation`, gives a channel of that average gate infidelity.

    With d = 2^k and F the fidelity of relaxation alone, F_total = F - p (F - 1/d), so
    p = (infidelity - (1 - F)) / (F - 1/d), cut to [0, 1]. Without relaxation the infidelity is
    p (d - 1) / d.

    >>> depolarizing_rate(0.0005, GateNoise(), 1)
    0.001
    """
    fidelity = 1.0
    if relaxation.relaxation:
        fidelity = float(average_gate_fidelity(relaxation_error(relaxation)))
    rate = (infidelity - (1 - fidelity)) / (fidelity - 0.5**num_qubits)
    return min(max(rate, 0.0), 1.0)


def _figures(target: Any) -> tuple[tuple[str, ...], Figures]:
    virtual: list[str] = []
    figures: Figures = {}
    for name in target.operation_names:
        gate, places = target.operation_from_name(name), target[name]
        if not isinstance(gate, Gate) or gate.num_qubits > 2 or name == "id" or not places:
            continue
        found = {where: (has.error, has.duration) for where, has in places.items() if has and where}
        if found and not any(error or seconds for error, seconds in found.values()):
            if any(value == 0 for pair in found.values() for value in pair):
                virtual.append(name)
            continue
        for where, pair in found.items():
            if pair != (None, None):
                figures.setdefault(tuple(sorted(where)), []).append(pair)
    return tuple(sorted(virtual)), figures


def _sized(figures: Figures, size: int) -> Iterable[tuple[tuple[int, ...], Any]]:
    return ((where, found) for where, found in figures.items() if len(where) == size)


def _rate(times: NoiseRates, qubits: tuple[int, ...], found: Any) -> tuple[float | None, float]:
    """(depolarizing parameter, seconds) of the gates on `qubits`."""
    errors = [error for error, _ in found if error is not None]
    seconds = fmean([time for _, time in found if time is not None] or [0.0])
    if not errors:
        return None, seconds
    spec = NoiseRates(time1=seconds, time2=seconds, qubits=times.qubits)
    relaxation, _ = spec.on_gate("", qubits)
    return depolarizing_rate(fmean(errors), relaxation, len(qubits)), seconds


def _coherence(target: Any) -> dict[int, QubitNoise]:
    """T1 and T2 by qubit; a T2 beyond 2 T1, which fits report at times, is cut to it."""
    noise = {}
    for qubit, has in enumerate(target.qubit_properties or []):
        t1, t2 = getattr(has, "t1", None) or None, getattr(has, "t2", None) or None
        noise[qubit] = QubitNoise(t1=t1, t2=min(t2, 2 * t1) if t1 and t2 else t2)
    return noise


def _readouts(target: Any) -> dict[int, Readout]:
    measure = target["measure"] if "measure" in target.operation_names else None
    readouts: dict[int, Readout] = {}
    for qubit in range(target.num_qubits):
        sources = [measure.get((qubit,)) if measure else None]
        sources += [target.qubit_properties[qubit]] if target.qubit_properties else []
        found = next(filter(None, map(_readout, sources)), None)
        if found is not None:
            readouts[qubit] = found
    return readouts


def _readout(source: Any) -> Readout | None:
    one_given_zero = getattr(source, "prob_meas1_prep0", None)
    zero_given_one = getattr(source, "prob_meas0_prep1", None)
    if one_given_zero is not None and zero_given_one is not None:
        return float(one_given_zero), float(zero_given_one)
    error = getattr(source, "error", None)
    return None if error is None else (float(error), float(error))


def _qubit(noise: QubitNoise, gate: Any, readout: Readout | None) -> QubitNoise:
    rate, seconds = gate or (None, None)
    return QubitNoise(p1=rate, time1=seconds, t1=noise.t1, t2=noise.t2, readout=readout)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _median_readout(readouts: Iterable[Readout]) -> Readout | None:
    pairs = list(readouts)
    return (median(a for a, _ in pairs), median(b for _, b in pairs)) if pairs else None


def _name(backend: Any) -> str:
    return str(getattr(backend, "name", None) or type(backend).__name__)
