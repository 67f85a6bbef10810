"""`SurrogateSampler`: Qiskit's sampler primitive, answered by surrogates."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives import (
    BaseSamplerV2,
    PrimitiveJob,
    PrimitiveResult,
    SamplerPubResult,
)
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qdiff.data.bits import Bits
from qdiff.data.shots import Seed
from qdiff.errors import InputError
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.primitives.catalogue import Catalogue, Entry, Found, Match, family_member
from qdiff.primitives.on_demand import OnDemand
from qdiff.primitives.registers import (
    RegisterData,
    register_arrays,
    shuffled_rows,
    with_unwritten_zero,
)
from qdiff.simulation import aer


class SurrogateSampler(BaseSamplerV2):  # type: ignore[misc]
    """A `BaseSamplerV2` whose shots come from surrogates.

    Each circuit of a pub, parameters bound, is answered by the surrogate that stands for it, which
    is found by its structure or by its ideal law (see `Match`); classical registers are those of
    the pub's circuit. A parametrised circuit with a family surrogate asks that for each set of
    values.

    Parameters
    ----------
    surrogates
        Surrogates, or pairs ``(circuit, surrogate)``, or none. A surrogate fitted to shots of
        `qdiff.simulate` knows its circuit; one fitted to a device's shots is given with it.
    on_demand
        What to do with a circuit that no surrogate stands for: fit one (`OnDemand`), or, if None,
        raise `InputError` from the job's result.
    match
        ``"law"`` or ``"structure"``, see `Match`.
    default_shots
        Shots where neither a pub nor `run` states them.
    seed
        The same seed gives the same shots at every run of the same pubs.

    >>> from qdiff import fit, simulate
    >>> bell = QuantumCircuit(2)
    >>> _ = bell.h(0), bell.cx(0, 1), bell.measure_all()
    >>> model = fit(simulate(bell, "light", shots=500, seed=1), seed=1, effort="fast")
    >>> result = SurrogateSampler(model, seed=1).run([bell], shots=100).result()
    >>> sum(result[0].data.meas.get_counts().values())
    100
    """

    def __init__(
        self,
        surrogates: Entry | Iterable[Entry] = (),
        *,
        on_demand: OnDemand | None = None,
        match: Match | str = Match.LAW,
        default_shots: int = 1024,
        seed: Seed = None,
    ) -> None:
        self._catalogue = Catalogue(surrogates, match=match)
        if not len(self._catalogue) and on_demand is None:
            raise InputError("a sampler needs surrogates, or on_demand to fit them")
        self._answers = Answers(self._catalogue, on_demand)
        self._default_shots = default_shots
        self._root = aer.root_seed(seed)

    @property
    def default_shots(self) -> int:
        return self._default_shots

    @property
    def catalogue(self) -> Catalogue:
        """The circuits that are known so far, those fitted on demand among them."""
        return self._catalogue

    def run(
        self, pubs: Iterable[Any], *, shots: int | None = None
    ) -> PrimitiveJob[PrimitiveResult[SamplerPubResult]]:
        """Sample every pub; see `qiskit.primitives.BaseSamplerV2.run`.

        The job's result raises `InputError` for a circuit that no surrogate stands for.
        """
        number = self._default_shots if shots is None else shots
        coerced = [SamplerPub.coerce(pub, number) for pub in pubs]
        for position, pub in enumerate(coerced):
            if not pub.circuit.cregs:
                warnings.warn(
                    f"circuit {position} has no classical register, so its result is empty; "
                    "measure_all() adds one",
                    UserWarning,
                    stacklevel=2,
                )
        job = PrimitiveJob(self._run, coerced)
        job._submit()
        return job

    def _run(self, pubs: list[SamplerPub]) -> PrimitiveResult[SamplerPubResult]:
        root = np.random.SeedSequence(self._root.entropy, spawn_key=self._root.spawn_key)
        seeds = root.spawn(len(pubs))
        results = [self._run_pub(pub, seed) for pub, seed in zip(pubs, seeds, strict=True)]
        return PrimitiveResult(results, metadata={"version": 2})

    def _run_pub(self, pub: SamplerPub, seed: np.random.SeedSequence) -> SamplerPubResult:
        metadata = {"shots": pub.shots, "circuit_metadata": pub.circuit.metadata}
        if not pub.circuit.cregs:
            return SamplerPubResult(RegisterData({}, shape=pub.shape), metadata=metadata)
        rows, found = [], []
        children = seed.spawn(int(np.prod(pub.shape, dtype=int)))
        for answer, child in zip(self._answers.of_pub(pub), children, strict=True):
            found.append(answer)
            rows.append(draw(answer, pub.circuit, pub.shots, child))
        data = RegisterData(register_arrays(pub.circuit, rows, pub.shape), shape=pub.shape)
        matched = sorted({answer.matched_by for answer in found})
        return SamplerPubResult(data, metadata={**metadata, "qdiff": {"matched_by": matched}})


class Answers:
    """Finds the surrogate of every circuit, and fits one where that is wanted."""

    def __init__(self, catalogue: Catalogue, on_demand: OnDemand | None) -> None:
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
            member = family_member(family.at, values, template.num_clbits)
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
        return Found(surrogate=self._fitted(circuit, self._on_demand), matched_by="fitted")

    def _fitted(self, circuit: QuantumCircuit, on_demand: OnDemand) -> Surrogate:
        """A surrogate fitted now or before; the catalogue does not know where qubits sit."""
        key = (on_demand.place_of(circuit), circuit.num_clbits)
        with self._fitting:
            if key not in self._fits:
                surrogate = on_demand.surrogate(circuit)
                if not on_demand.is_placed:
                    self._catalogue.add((circuit, surrogate))
                self._fits[key] = surrogate
            return self._fits[key]


def draw(found: Found, circuit: QuantumCircuit, shots: int, seed: Seed) -> Bits:
    """Rows of `shots` outcomes of `circuit` in random order, ``(shots, num_clbits)``."""
    generator = np.random.default_rng(seed)
    if not shots:
        return np.zeros((0, circuit.num_clbits), np.uint8)
    drawn = found.surrogate.sample(shots, seed=generator)
    return with_unwritten_zero(shuffled_rows(drawn, generator), circuit)
