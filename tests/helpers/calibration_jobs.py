"""Readout calibration of a simulated device, from its job to its specification."""

from __future__ import annotations

import json
import math
from pathlib import Path

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qpy

import qdiff
from qdiff import NoiseSpec, Shots
from qdiff.cli import main as cli
from qdiff.files import formats as forms
from qdiff.files.formats import Form

DEVICE = {5: (0.01, 0.06), 3: (0.03, 0.02), 6: (0.05, 0.1)}
"""Readout errors of the qubits that bits 0, 1 and 2 read."""


def device_circuits() -> list[QuantumCircuit]:
    """The two circuits as a device runs them, beside a fourth bit that reads nothing."""
    circuits = []
    for flipped in (False, True):
        circuit = QuantumCircuit(QuantumRegister(7), ClassicalRegister(3, "meas"))
        circuit.add_register(ClassicalRegister(1, "spare"))
        if flipped:
            circuit.x([*DEVICE])
        circuit.measure([*DEVICE], [0, 1, 2])
        circuits.append(circuit)
    return circuits


def job(folder: Path, *, first: tuple[Shots, ...] = ()) -> Path:
    """One runtime job: maybe other pubs, then |000> and |111> with the device's readout errors."""
    noise = NoiseSpec.from_dict(
        {
            "p1": 0.0,
            "p2": 0.0,
            "num_qubits": 7,
            "qubits": {str(qubit): {"readout": [*rates]} for qubit, rates in DEVICE.items()},
        }
    )
    shots = [*first]
    for seed, circuit in enumerate(device_circuits()):
        shots.append(qdiff.simulate(circuit, noise, shots=40_000, seed=seed))
    whole, *others = [json.loads(forms.write(each, Form.RUNTIME)) for each in shots]
    for other in others:
        whole["__value__"]["pub_results"] += other["__value__"]["pub_results"]
    path = folder / "job.json"
    path.write_text(json.dumps(whole))
    with open(folder / "ones.qpy", "wb") as file:
        qpy.dump(device_circuits()[1], file)
    return path


def calibrate(*arguments: str | Path) -> None:
    cli.app(["calibrate", *map(str, arguments)], standalone_mode=False)


def assert_device(spec: NoiseSpec, read: dict[int, tuple[float, float]]) -> None:
    assert {qubit for qubit, own in spec.qubits.items() if own.readout} == {*read}
    for qubit, rates in read.items():
        for found, rate in zip(spec.readout_of(qubit), rates, strict=True):
            # 5.5 standard errors: a false alarm of 4e-8 for each of six
            assert abs(found - rate) <= 5.5 * math.sqrt(rate * (1 - rate) / 40_000)
