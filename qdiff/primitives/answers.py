"""What answers a circuit: its surrogate, and rows drawn from that."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qdiff.data.argument_checks import check_is
from qdiff.data.bits import Bits
from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.primitives.catalogue import Catalogue, Found, MemberAt
from qdiff.primitives.family import Values, check_bits
from qdiff.primitives.on_demand import OnDemand

_PREDICTIONS = 64
"""How many are kept; those of a loop over parameters would fill the memory."""


class Answers:
    """Finds the surrogate of every circuit, and fits one where that is wanted."""

    def __init__(self, catalogue: Catalogue, on_demand: OnDemand | None) -> None:
        if on_demand is not None:
            check_is(on_demand, OnDemand, "on_demand")
        self._catalogue, self._on_demand = catalogue, on_demand
        self._fits: dict[tuple[str, int], Surrogate] = {}
        self._fitting = threading.Lock()  # jobs run in threads, and one fit answers them all

    def __reduce__(self) -> tuple[Any, ...]:
        return Answers, (self._catalogue, self._on_demand)  # a lock cannot be copied

    def of_pub(self, pub: SamplerPub) -> Iterator[Found]:
        """The surrogates of a pub's bindings, in C order of its shape."""
        template = pub.circuit
        family = self._catalogue.find_family(template) if template.num_parameters else None
        if family is None:
            for bound in np.ravel(pub.parameter_values.bind_all(template)):
                yield self.of_circuit(bound)
            return
        names = [family.names[item.name] for item in template.parameters]
        table = pub.parameter_values.as_array(template.parameters).reshape(-1, len(names))
        for row in table:
            values = dict(zip(names, row.tolist(), strict=True))
            member = _member(family.at, values, template.num_clbits)
            yield Found(surrogate=member, matched_by=f"family by {family.matched_by}")

    def of_circuit(self, circuit: QuantumCircuit) -> Found:
        """The surrogate of one circuit. Raises `InputError` when there is none."""
        found = self._catalogue.find(circuit)
        if found is not None:
            return found
        if self._on_demand is None:
            raise InputError(
                f"no surrogate stands for circuit {circuit.name!r} ({circuit.num_clbits} bits); "
                "give (circuit, surrogate), or on_demand=OnDemand(noise=...) to fit one"
            )
        how = "predicted" if self._on_demand.predicts else "fitted"
        return Found(surrogate=self._fitted(circuit, self._on_demand), matched_by=how)

    def _fitted(self, circuit: QuantumCircuit, on_demand: OnDemand) -> Surrogate:
        """A surrogate fitted now or before; the catalogue does not know where qubits sit."""
        key = (on_demand.identity_of(circuit), circuit.num_clbits)
        with self._fitting:
            if key not in self._fits:
                if on_demand.predicts and len(self._fits) >= _PREDICTIONS:
                    del self._fits[next(iter(self._fits))]
                surrogate = on_demand.surrogate(circuit)
                if not on_demand.depends_on_qubits:
                    self._catalogue.add((circuit, surrogate))
                self._fits[key] = surrogate
            return self._fits[key]


def _member(family: MemberAt, values: Values, num_bits: int) -> Surrogate:
    """The surrogate at some values. Raises `InputError` when the function gives something else."""
    member = family(values)
    if not isinstance(member, Surrogate):
        raise InputError(f"a family surrogate must give a Surrogate, got {type(member).__name__}")
    check_bits(member, num_bits)
    return member


def draw(found: Found, circuit: QuantumCircuit, shots: int, seed: Seed) -> Bits:
    """Rows of `shots` outcomes of `circuit` in random order, ``(shots, num_clbits)``.

    Bits that nothing in `circuit` writes are 0.
    """
    generator = np.random.default_rng(seed)
    if not shots:
        return np.zeros((0, circuit.num_clbits), np.uint8)
    rows = _shuffled_rows(found.surrogate.sample(shots, seed=generator), generator)
    written = _written_clbits(circuit)
    rows[:, [bit for bit in range(circuit.num_clbits) if bit not in written]] = 0
    return rows


def _shuffled_rows(shots: Shots, generator: np.random.Generator) -> Bits:
    """Every shot as a row, ``(shots, n)``, in random order: shots keep counts, not order."""
    order = np.repeat(np.arange(len(shots.counts)), shots.counts)
    generator.shuffle(order)
    return shots.bits[order]


def _written_clbits(circuit: QuantumCircuit) -> set[int]:
    """Classical bits that some instruction may write, by index."""
    place = {bit: index for index, bit in enumerate(circuit.clbits)}
    return {
        place[bit]
        for step in circuit.data
        for bit in step.clbits
        if step.operation.num_clbits or isinstance(step.operation, ControlFlowOp)
    }
