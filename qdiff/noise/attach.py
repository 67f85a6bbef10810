"""Noise on the gates of a circuit: every noisy gate gets a label, every label an Aer error.

Aer finds the error of a gate by the gate's label or name, leaves gates that it does not find
ideal without a word, and runs only gates whose names it knows. Here each gate on one or two
qubits is therefore given as Aer's own gate of that meaning or as its matrix, with the label of
its channel, so that noise follows every gate exactly once, whatever the gate is called.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Delay, Gate, Measure, Operation, Reset
from qiskit.circuit.library import IGate
from qiskit_aer.noise import NoiseModel, QuantumError

from qdiff.circuit.written_out_length import refuse_endless
from qdiff.errors import NoiseWarning
from qdiff.noise.aer_gates import AER_GATES, gate_key, is_gate, is_native, pieces, realised
from qdiff.noise.channels import gate_error, is_pauli_error
from qdiff.noise.rates import GateNoise, NoiseRates, Readout

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}
_NO_NOISE = NoiseRates(p1=0.0, p2=0.0)


@dataclass(frozen=True, kw_only=True)
class NoisyCircuit:
    """A circuit ready for Aer and its noise.

    Attributes
    ----------
    circuit
        The circuit with gates on at most two qubits, noisy ones labelled; no barriers or delays.
    model
        Aer's noise model of those labels and of the measured qubits' readout.
    errors
        The gate channels by label.
    readout
        ``(P(1|0), P(0|1))`` of each measured qubit, by index.
    has_gate_noise
        Whether any gate is noisy.
    is_pauli
        Whether all gate noise is known to be a mixture of Pauli gates and resets.
    num_gates
        How many gates there are.
    ideal_gates
        How many of them, by name, got no noise without the specification's saying so.
    """

    circuit: QuantumCircuit
    model: NoiseModel
    errors: Mapping[str, QuantumError]
    readout: Mapping[int, Readout]
    has_gate_noise: bool
    is_pauli: bool
    num_gates: int
    ideal_gates: Mapping[str, int]


def attach_noise(circuit: QuantumCircuit, noise: NoiseRates | None = None) -> NoisyCircuit:
    """Write `noise` onto `circuit`; None means ideal.

    Raises `InputError` for a qubit that the circuit lacks or a gate nobody can decompose, and
    warns with `NoiseWarning` of gates that get no noise.
    """
    spec = _NO_NOISE if noise is None else noise
    spec.check_fits(circuit.num_qubits)
    refuse_endless(circuit)
    writer = _Writer(spec)
    written = writer.write(circuit, range(circuit.num_qubits))
    _warn(writer.ideal_gates, writer.num_gates)
    readout = {qubit: spec.readout_of(qubit) for qubit in sorted(writer.measured)}
    return NoisyCircuit(
        circuit=written,
        model=_model(writer.errors, readout),
        errors=writer.errors,
        readout=readout,
        has_gate_noise=bool(writer.errors),
        is_pauli=all(map(is_pauli_error, writer.errors.values())),
        num_gates=writer.num_gates,
        ideal_gates=dict(writer.ideal_gates),
    )


def attach_aer_model(circuit: QuantumCircuit, model: NoiseModel) -> NoisyCircuit:
    """`circuit` under a ready-made Aer model, with a `NoiseWarning` of gates it has no error for.

    Only what Aer cannot run is rewritten. What the model holds is not looked into: `errors` and
    `readout` are empty.
    """
    refuse_endless(circuit)
    noisy = set(model.noise_instructions)
    written = circuit.copy_empty_like()
    missed: Counter[str] = Counter()
    num_gates = 0
    for step in circuit.data:
        runnable = step.operation.name in noisy or isinstance(step.operation, ControlFlowOp)
        for piece in [step] if runnable else pieces(step):
            gate = piece.operation
            if is_gate(gate):
                num_gates += 1
                missed[gate.name] += not noisy & {gate.name, gate.label}
                gate = gate if is_native(gate) or runnable else realised(gate, 0.0, gate.label)
            written.append(piece.replace(operation=gate), copy=False)
    _warn(+missed, num_gates)
    return NoisyCircuit(
        circuit=written,
        model=model,
        errors={},
        readout={},
        has_gate_noise=bool(noisy - {"measure"}),
        is_pauli=False,
        num_gates=num_gates,
        ideal_gates=dict(+missed),
    )


class _Writer:
    """Copies a circuit gate by gate, and keeps what it met."""

    def __init__(self, spec: NoiseRates) -> None:
        self.spec = spec
        self.errors: dict[str, QuantumError] = {}
        self.measured: set[int] = set()
        self.touched: set[int] = set()
        self.num_gates = 0
        self.ideal_gates: Counter[str] = Counter()
        self._labels: dict[tuple[GateNoise, int], str | None] = {}
        self._gates: dict[Any, Gate] = {}

    def write(self, circuit: QuantumCircuit, qubits: Sequence[int]) -> QuantumCircuit:
        """Copy `circuit`, whose qubits are `qubits` of the outermost one.

        A reset that finds its qubit as it was at the start is left out.
        """
        place = dict(zip(circuit.qubits, qubits, strict=True))
        written = circuit.copy_empty_like()
        for step in circuit.data:
            for piece in pieces(step):
                where = tuple(place[qubit] for qubit in piece.qubits)
                if isinstance(piece.operation, Reset) and self.touched.isdisjoint(where):
                    continue
                self.touched.update(where)
                operation = self._operation(piece.operation, where)
                if operation is not None:
                    written.append(piece.replace(operation=operation), copy=False)
        return written

    def _operation(self, operation: Operation, qubits: tuple[int, ...]) -> Operation | None:
        if isinstance(operation, ControlFlowOp):
            blocks = [self.write(block, qubits) for block in operation.blocks]
            return operation.replace_blocks(blocks)
        if isinstance(operation, Delay):
            return self._delay(operation, qubits)
        if isinstance(operation, Measure):
            self.measured.update(qubits)
        if not is_gate(operation):
            return operation
        return self._gate(operation, qubits)

    def _gate(self, gate: Operation, qubits: tuple[int, ...]) -> Gate:
        noise, declared = self.spec.on_gate(gate.name, qubits)
        self.num_gates += 1
        if noise.is_ideal and not declared:
            self.ideal_gates[gate.name] += 1
        label = self._label(noise, len(qubits))
        key = gate_key(gate, noise.over_rotation, label)
        if key is None:
            return realised(gate, noise.over_rotation, label)
        if key not in self._gates:
            self._gates[key] = realised(gate, noise.over_rotation, label)
        return self._gates[key]

    def _delay(self, delay: Delay, qubits: tuple[int, ...]) -> Gate | None:
        duration = delay.params[0]
        if self.spec.relaxation_times(qubits[0]) == (None, None) or duration == 0:
            return None
        if delay.unit not in _SECONDS or not isinstance(duration, (int, float)):
            self.num_gates += 1
            self.ideal_gates[f"delay in {delay.unit}"] += 1
            return None
        seconds = float(duration) * _SECONDS[delay.unit]
        label = self._label(GateNoise(relaxation=self.spec.relaxation(qubits[0], seconds)), 1)
        return IGate(label=label)

    def _label(self, noise: GateNoise, num_qubits: int) -> str | None:
        """The label of a channel, one for all gates that share it; None without a channel."""
        channel = (replace(noise, over_rotation=0.0), num_qubits)
        if channel not in self._labels:
            error = gate_error(*channel)
            label = f"noise_{len(self.errors)}"
            self._labels[channel] = None if error is None else label
            if error is not None:
                self.errors[label] = error
        return self._labels[channel]


def _model(errors: Mapping[str, QuantumError], readout: Mapping[int, Readout]) -> NoiseModel:
    model = NoiseModel(basis_gates=sorted(AER_GATES))
    for label, error in errors.items():
        model.add_all_qubit_quantum_error(error, label)
    for qubit, (one_given_zero, zero_given_one) in readout.items():
        if one_given_zero or zero_given_one:
            rows = [[1 - one_given_zero, one_given_zero], [zero_given_one, 1 - zero_given_one]]
            model.add_readout_error(rows, [qubit])
    return model


def _warn(missed: Mapping[str, int], num_gates: int) -> None:
    if missed:
        names = ", ".join(f"{name} ({count})" for name, count in sorted(missed.items()))
        warnings.warn(
            f"{sum(missed.values())} of {num_gates} gates get no noise: {names}; give them a "
            "rate (0 if they are meant to be ideal)",
            NoiseWarning,
            stacklevel=3,
        )
