"""Whether a circuit's shots are drawn by grouping those with the same errors, and drawing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qdiff.data import bits
from qdiff.data.bits import Counts, Words
from qdiff.errors import InputError
from qdiff.noise.attach import NoisyCircuit
from qdiff.progress import progress_bar
from qdiff.simulation.aer_method import Choice, Workload
from qdiff.simulation.machine import Machine

if TYPE_CHECKING:
    from qdiff.simulation.error_patterns.sampler import PatternSampler

GROUPING = "pattern_grouping"
"""What provenance calls this way of drawing shots."""

_START = 2.0
"""Seconds that loading torch and planning may take; where Aer takes less, it is left alone."""

_AT_LEAST = 2.0
"""How many times faster than Aer it has to look: both estimates are rough."""

_TICKS = 100


def grouped_if_it_pays(
    noisy: NoisyCircuit, workload: Workload, aer: Choice, machine: Machine
) -> tuple[PatternSampler, str] | None:
    """A sampler and the reason for it; None where Aer's method is likely to be as fast."""
    if not workload.noisy or workload.dynamic or not pays(0.0, aer.seconds, cores=machine.cores):
        return None
    try:
        sampler = grouped(noisy, memory=machine.memory)
    except InputError:  # another kind of noise or circuit, or too little memory
        return None
    seconds = sampler.seconds(workload.shots)
    if not pays(seconds, aer.seconds, cores=machine.cores):
        return None
    reason = (
        f"{workload.num_qubits} qubits, {workload.num_gates} gates, {workload.shots} shots: about "
        f"{seconds:.1g} s of one core (Aer's {aer.method.value} {aer.seconds:.1g} s)"
    )
    return sampler, reason


def pays(seconds: float, aer: float, *, cores: int) -> bool:
    """Whether that many seconds of a core, and the start, are clearly fewer than Aer's.

    Aer's are those of one core too, but it spreads its shots over as many as it has.
    """
    return _AT_LEAST * (seconds + _START) <= aer / cores


def grouped(noisy: NoisyCircuit, *, memory: int) -> PatternSampler:
    """A sampler for this circuit on a machine of so many bytes.

    Raises `InputError`, with the reason, where there is none.
    """
    from qdiff.simulation.error_patterns.sampler import PatternSampler

    try:
        sampler = PatternSampler.read(noisy)
        sampler.check_memory(memory)
    except InputError as error:
        raise InputError(f"shots cannot be grouped by their errors: {error}") from None
    return sampler


def draw(
    sampler: PatternSampler, shots: int, root: np.random.SeedSequence, *, progress: bool
) -> tuple[Words, Counts]:
    """Rows of bits as words, and how often each was drawn."""
    parts = sampler.parts(shots)
    done = shown = 0
    found: list[tuple[Words, Counts]] = []
    with progress_bar("simulate", _TICKS, shown=progress) as tick:

        def finished(number: int) -> None:
            nonlocal done, shown
            done += number
            while shown < _TICKS * done // shots:
                shown += 1
                tick()

        for size, child in zip(parts, root.spawn(len(parts)), strict=True):
            rows = sampler.bits(size, np.random.default_rng(child), finished=finished)
            found.append(bits.aggregate(bits.pack(rows), np.ones(size, dtype=np.int64)))
    words, counts = zip(*found, strict=True)
    return np.concatenate(words), np.concatenate(counts)
