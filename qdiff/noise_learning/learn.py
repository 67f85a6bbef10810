"""`learn_noise`: what a device does wrong, from the shots of a few circuits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qdiff.noise.spec import NoiseSpec, as_spec
from qdiff.noise_learning.learned_noise import LearnedNoise
from qdiff.noise_learning.posterior import Posterior
from qdiff.noise_learning.prior import DevicePrior
from qdiff.noise_learning.update import Pair, updated

OPERATIONS = 6e9
"""Gates times amplitudes that errors of all circuits are simulated with: some ten seconds."""


def learn_noise(
    pairs: Iterable[Pair],
    *,
    start: NoiseSpec | str | Any | None = None,
    seed: int = 0,
    operations: float = OPERATIONS,
) -> LearnedNoise:
    """Learn the noise of a device from circuits and the shots that it gave of each.

    One fit of all pairs together: the most probable rates of errors of gates by kind and by qubit
    or pair of qubits, readout errors of each qubit, over-rotations by kind of gate, coupled qubits
    that are misread together, and a background, each as far as the shots ask for it. Qubits are
    those of the device, that is the indices of a transpiled circuit's qubits, so that circuits on
    different qubits add up.

    Parameters
    ----------
    pairs
        ``[(circuit, shots), ...]``, circuits as `load_circuit` takes them: at most 24 bits, and
        measured once, at their ends. Circuits of different kinds tell more than many shots of one.
    start
        Noise that is right within a factor of two or so, a `NoiseSpec`, its text, or a backend that
        reports its calibration: then few shots correct it. It also says which gates are virtual;
        without it, rotations about Z are.
    seed
        Decides everything random. The same seed gives the same numbers.
    operations
        Gates times amplitudes to simulate errors with, over all circuits.

    Raises `InputError` for anything but such pairs, and where a circuit's shots have other bits.

    >>> import qdiff
    >>> circuits = ["ansatz:3,seed=1", "ising:3"]
    >>> pairs = [(c, qdiff.simulate(c, "light", shots=2000, seed=1)) for c in circuits]
    >>> learned = learn_noise(pairs, operations=1e6)
    >>> learned.predict("ghz:3").num_bits
    3
    """
    known = Posterior.of(DevicePrior(start=_start(start)))
    found = updated(known, pairs, seed=seed, operations=operations)
    return LearnedNoise(posterior=found.posterior, lessons=(found.record,))


def _start(start: NoiseSpec | str | Any | None) -> NoiseSpec | None:
    is_backend = start is not None and not isinstance(start, NoiseSpec | str)
    return NoiseSpec.from_backend(start) if is_backend else as_spec(start)
