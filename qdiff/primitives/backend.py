"""`SurrogateBackend`: a Qiskit backend whose shots come from surrogates."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Delay, Measure, Parameter, Reset
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.providers import BackendV2, JobStatus, JobV1, Options
from qiskit.result import Result
from qiskit.transpiler import CouplingMap, Target

from qdiff.circuit.measurement import registers_of
from qdiff.data import bits, count_keys
from qdiff.data.argument_checks import (
    check_flag,
    check_is,
    check_iterable,
    check_list,
    check_whole,
    shown,
)
from qdiff.data.shots import Seed
from qdiff.environment import __version__
from qdiff.errors import InputError
from qdiff.primitives.answers import Answers, draw
from qdiff.primitives.catalogue import Catalogue, Entry, Match
from qdiff.primitives.on_demand import OnDemand
from qdiff.simulation import aer

BASIS = ("id", "rz", "sx", "x", "cx", "cz")
"""Gates of the target when no device is given."""


class SurrogateBackend(BackendV2):  # type: ignore[misc]
    """A `BackendV2` that answers circuits by the surrogates that stand for them.

    For what wraps backends: `qiskit.primitives.BackendSamplerV2`, say. A circuit may come as it is
    or transpiled to `target`; both are found, as in `SurrogateSampler`.

    Parameters
    ----------
    surrogates, on_demand, match, seed
        As in `SurrogateSampler`.
    device
        A backend whose `Target` (gates, coupling map) this one takes over.
    num_qubits, coupling_map
        Without a device: the size, as many qubits as the largest surrogate has bits unless given,
        and the pairs that two-qubit gates reach (all, unless given).
    """

    def __init__(
        self,
        surrogates: Entry | Iterable[Entry] = (),
        *,
        on_demand: OnDemand | None = None,
        match: Match | str = Match.LAW,
        seed: Seed = None,
        device: BackendV2 | None = None,
        num_qubits: int | None = None,
        coupling_map: CouplingMap | list[tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(
            name="qdiff_surrogate",
            description="shots drawn from fitted surrogates",
            backend_version=__version__,
        )
        catalogue = Catalogue(surrogates, match=match)
        if not len(catalogue) and on_demand is None:
            raise InputError("a backend needs surrogates, or on_demand to fit them")
        self._answers = Answers(catalogue, on_demand)
        self._root = aer.root_seed(seed)
        if num_qubits is not None:
            check_whole(num_qubits, "num_qubits", most=_MOST_QUBITS)
        if device is not None:
            self._target = check_is(device, BackendV2, "device").target
        else:
            self._target = plain_target(num_qubits or catalogue.num_bits, coupling_map)

    @property
    def target(self) -> Target:
        return self._target

    @property
    def max_circuits(self) -> None:
        return None

    @classmethod
    def _default_options(cls) -> Options:
        return Options(shots=1024, memory=False, seed_simulator=None)

    def run(self, run_input: Any, **options: Any) -> SurrogateJob:
        """Draw the shots of one circuit or several.

        Options are `shots`, `memory` (every outcome in order, beside counts) and `seed_simulator`;
        others are ignored with a warning.

        Raises `InputError` for a circuit that no surrogate stands for, for free parameters and for
        a wrong number of shots.
        """
        one = isinstance(run_input, QuantumCircuit)
        circuits = [run_input] if one else check_iterable(run_input, "run_input")
        chosen = _options(self.options, options)
        seed = self._root if chosen["seed_simulator"] is None else chosen["seed_simulator"]
        seeds = aer.root_seed(seed).spawn(len(circuits))
        results = [
            self._experiment(circuit, int(chosen["shots"]), bool(chosen["memory"]), seed)
            for circuit, seed in zip(circuits, seeds, strict=True)
        ]
        identity = str(uuid.uuid4())
        result = Result.from_dict(
            {
                "results": results,
                "backend_name": self.name,
                "backend_version": __version__,
                "job_id": identity,
                "success": True,
                "status": "COMPLETED",
            }
        )
        return SurrogateJob(self, identity, result)

    def _experiment(
        self, circuit: QuantumCircuit, shots: int, memory: bool, seed: np.random.SeedSequence
    ) -> dict[str, Any]:
        if not isinstance(circuit, QuantumCircuit) or circuit.num_parameters:
            raise InputError("a backend runs circuits without free parameters; bind them first")
        data: dict[str, Any] = {}
        if circuit.num_clbits:
            found = self._answers.of_circuit(circuit)
            rows = draw(found, circuit, shots, seed)
            outcomes = count_keys.format_hex(bits.pack(rows), circuit.num_clbits)
            values, counts = np.unique(outcomes, return_counts=True)
            data["counts"] = dict(zip(values.tolist(), counts.tolist(), strict=True))
            if memory:
                data["memory"] = outcomes
        return {
            "shots": shots,
            "success": True,
            "status": "DONE",
            "data": data,
            "header": _header(circuit),
        }


class SurrogateJob(JobV1):  # type: ignore[misc]
    """A job that is already done."""

    def __init__(self, backend: SurrogateBackend, job_id: str, result: Result) -> None:
        super().__init__(backend, job_id)
        self._result = result

    def submit(self) -> None:
        """Nothing is left to do."""

    def result(self) -> Result:
        return self._result

    def status(self) -> JobStatus:
        return JobStatus.DONE


_MOST_QUBITS = 10_000
"""Beyond any device, and few enough for a table of all pairs."""


def plain_target(
    num_qubits: int, coupling_map: CouplingMap | list[tuple[int, int]] | None = None
) -> Target:
    """A target of `BASIS` gates, measurement, reset and delay, without errors or durations."""
    if num_qubits < 1:
        raise InputError("how many qubits? give num_qubits, a device, or surrogates")
    if coupling_map is None:
        pairs = CouplingMap.from_full(num_qubits).get_edges()
    else:
        pairs = _pairs(coupling_map)
    if any(qubit >= num_qubits for pair in pairs for qubit in pair):
        raise InputError(f"the coupling map names qubits beyond the {num_qubits} there are")
    gates = get_standard_gate_name_mapping()
    target = Target(num_qubits=num_qubits, description="qdiff surrogate")
    single = {(qubit,): None for qubit in range(num_qubits)}
    for name in BASIS:
        where = single if gates[name].num_qubits == 1 else {tuple(pair): None for pair in pairs}
        target.add_instruction(gates[name], dict(where))
    target.add_instruction(Measure(), dict(single))
    target.add_instruction(Reset(), dict(single))
    target.add_instruction(Delay(Parameter("t")), dict(single))
    return target


def _pairs(coupling_map: CouplingMap | list[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    if isinstance(coupling_map, CouplingMap):
        return [(first, second) for first, second in coupling_map.get_edges()]
    found = []
    for pair in check_list(coupling_map, "coupling_map"):
        ends = [
            check_whole(q, "a qubit of coupling_map", least=0)
            for q in check_list(pair, "a pair of coupling_map")
        ]
        if len(ends) != 2:
            raise InputError(f"coupling_map must hold pairs of qubits, got {shown(pair)}")
        found.append((ends[0], ends[1]))
    return found


def _options(defaults: Options, given: dict[str, Any]) -> dict[str, Any]:
    chosen = {name: getattr(defaults, name) for name in ("shots", "memory", "seed_simulator")}
    unknown = sorted(given.keys() - chosen.keys())
    if unknown:
        warnings.warn(
            f"a surrogate has no option {', '.join(unknown)}; its options are {', '.join(chosen)}",
            UserWarning,
            stacklevel=3,
        )
    chosen |= {name: value for name, value in given.items() if name in chosen}
    check_whole(chosen["shots"], "shots")
    check_flag(chosen["memory"], "memory")
    return chosen


def _header(circuit: QuantumCircuit) -> dict[str, Any]:
    return {
        "name": circuit.name,
        "n_qubits": circuit.num_qubits,
        "memory_slots": circuit.num_clbits,
        "creg_sizes": [[register.name, register.size] for register in registers_of(circuit)],
        "qreg_sizes": [[register.name, register.size] for register in circuit.qregs],
        "metadata": circuit.metadata or {},
    }
