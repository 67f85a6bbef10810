"""Circuits of MQT Bench, ``"mqt:ghz:8"``, in an extra.

Quetschlich, Burgholzer and Wille, Quantum 7, 1062 (2023).
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from qiskit.circuit import QuantumCircuit

from qdiff.environment import needed
from qdiff.errors import InputError

PREFIX = "mqt:"

_NUMBERED = re.compile(r"c*circuit-\d+(_dg)?(-\d+)?$")
_ROUNDS = 4


def build_mqt(text: str) -> QuantumCircuit:
    """The circuit that ``"mqt:NAME:SIZE"`` describes, at MQT Bench's algorithm level.

    Circuits without classical bits are measured at their end; parameters that a benchmark leaves
    free get MQT Bench's own values; gates named after a running number are written out, so that the
    circuit is the same in every process. Dynamic circuits stay what they are.

    Raises `InputError` for an unknown name, a size that the benchmark does not have, and when the
    extra ``mqt`` is missing.
    """
    name, _, size = text.strip().removeprefix(PREFIX).partition(":")
    bench = needed("mqt.bench")
    names = needed("mqt.bench.benchmarks").get_available_benchmark_names()
    if name not in names:
        near = get_close_matches(name, names, n=3)
        known = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(names)}"
        raise InputError(f"MQT Bench has no {name[:40]!r}; {known}")
    if not (size.isascii() and size.isdigit() and len(size) < 6):
        raise InputError(f"an MQT Bench circuit needs a size, as in 'mqt:{name}:8', got {text!r}")
    try:
        circuit = bench.get_benchmark(name, bench.BenchmarkLevel.ALG, int(size))
    except Exception as error:  # each benchmark refuses sizes in its own way
        raise InputError(f"MQT Bench has no {name} of size {size}: {error}") from None
    return _regular(circuit, f"mqt_{name}_{size}")


def _regular(circuit: QuantumCircuit, name: str) -> QuantumCircuit:
    if circuit.num_parameters:
        raise InputError(f"{name} has free parameters, which MQT Bench should have set")
    for _ in range(_ROUNDS):
        numbered = {
            step.operation.name for step in circuit.data if _NUMBERED.match(step.operation.name)
        }
        if not numbered:
            break
        circuit = circuit.decompose(sorted(numbered))
    if not circuit.num_clbits:
        circuit.measure_all()
    circuit.name = name
    return circuit
