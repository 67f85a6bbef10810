"""`SurrogateSampler`: Qiskit's sampler primitive, answered by surrogates."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from qiskit.primitives import (
    BaseSamplerV2,
    PrimitiveJob,
    PrimitiveResult,
    SamplerPubResult,
)
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qdiff.data.argument_checks import check_iterable, check_whole, shown
from qdiff.data.shots import Seed
from qdiff.data.storage import one_line
from qdiff.errors import InputError
from qdiff.noise_learning.learned_noise import LearnedNoise
from qdiff.primitives.answers import Answers, draw
from qdiff.primitives.catalogue import Catalogue, Entry, Match
from qdiff.primitives.on_demand import OnDemand
from qdiff.primitives.result_data import RegisterData, register_data
from qdiff.simulation import aer
from qdiff.simulation.simulate import Noise


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
    noise
        Short for ``on_demand=OnDemand(noise=noise)``. With a `LearnedNoise`, circuits that never
        ran are answered at once, without shots or a fit.
    match
        ``"law"`` or ``"structure"``, see `Match`.
    default_shots
        Shots where neither a pub nor `run` states them.
    seed
        The same seed gives the same shots at every run of the same pubs.

    >>> from qiskit import QuantumCircuit
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
        noise: Noise | LearnedNoise = None,
        match: Match | str = Match.LAW,
        default_shots: int = 1024,
        seed: Seed = None,
    ) -> None:
        self._catalogue = Catalogue(surrogates, match=match)
        if noise is not None:
            if on_demand is not None:
                raise InputError("give noise or on_demand, not both")
            on_demand = OnDemand(noise=noise)
        if not len(self._catalogue) and on_demand is None:
            raise InputError("a sampler needs surrogates, or noise or on_demand to fit them")
        self._answers = Answers(self._catalogue, on_demand)
        self._default_shots = check_whole(default_shots, "default_shots")
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
        number = self._default_shots if shots is None else check_whole(shots, "shots")
        coerced = [_pub(pub, number) for pub in check_iterable(pubs, "pubs")]
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
        seeds = aer.root_seed(self._root).spawn(len(pubs))
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
        data = register_data(pub.circuit, rows, pub.shape)
        matched = sorted({answer.matched_by for answer in found})
        return SamplerPubResult(data, metadata={**metadata, "qdiff": {"matched_by": matched}})


def _pub(pub: Any, shots: int) -> SamplerPub:
    """A pub as Qiskit reads it, whose objections name what is wrong."""
    try:
        return SamplerPub.coerce(pub, shots)
    except (TypeError, ValueError) as error:
        raise InputError(f"pubs holds {shown(pub)}, which is none: {one_line(error)}") from None
