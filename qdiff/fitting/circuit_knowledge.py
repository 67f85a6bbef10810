"""What is known of a circuit and its noise, as the model side takes it; Qiskit stays in this file.

It is imported only where a Qiskit circuit or a noise specification is given, so that all else runs
without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

import numpy as np

from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.clifford.affine_law import AffineLaw
from qdiff.models.noisy_circuit.fit import MAX_TABLE_QUBITS, CircuitFit, fit_circuit
from qdiff.models.noisy_circuit.noise_likelihood import CircuitFitConfig
from qdiff.models.noisy_circuit.program import Program
from qdiff.models.readout.confusion import Confusion

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit import QuantumCircuit

    from qdiff.noise.spec import NoiseSpec

    QiskitCircuit: TypeAlias = str | Path | QuantumCircuit
    """A circuit, its file, or a family such as ``ising:12``."""

    CircuitLike: TypeAlias = QiskitCircuit | Program | AffineLaw
    NoiseLike: TypeAlias = NoiseSpec | str | CircuitFitConfig | "DeviceNoise"
    ReadoutLike: TypeAlias = Confusion | NoiseSpec | str


@runtime_checkable
class DeviceNoise(Protocol):
    """Noise that was learned from other circuits of a device, as `qdiff.LearnedNoise` is."""

    @property
    def start(self) -> NoiseSpec | None:
        """Says which gates are virtual."""
        ...

    def fit_circuit(
        self, program: Program, train: Shots, *, seed: np.random.SeedSequence
    ) -> CircuitFit:
        """Correct what was learned by shots of one circuit."""
        ...


@dataclass(frozen=True, eq=False, kw_only=True)
class KnownCircuit:
    """A circuit, or its law where that is Clifford, and how its noise is fitted."""

    program: Program | AffineLaw
    config: CircuitFitConfig
    device: DeviceNoise | None = None

    def fit(self, train: Shots, heldout: Shots, *, seed: np.random.SeedSequence) -> CircuitFit:
        """The circuit's most probable law given `train`."""
        if self.device is not None and isinstance(self.program, Program):
            return self.device.fit_circuit(self.program, train, seed=seed)
        return fit_circuit(self.program, train, heldout, seed=seed, config=self.config)


def known_circuit(
    circuit: CircuitLike | None, noise: NoiseLike | None, num_bits: int
) -> KnownCircuit | None:
    """What a fit of shots of `num_bits` bits is told of their circuit; None for no circuit.

    Raises `InputError` for noise without a circuit, a circuit of other bits, and one whose ideal
    law cannot be had: one of more than 24 bits that is not Clifford, or not measured once, at its
    end.

    >>> known_circuit("ghz:3", "depolarizing:p2=0.016", 3).config.rates["pauli2"]
    0.015
    """
    if circuit is None:
        if noise is not None:
            raise InputError("noise goes with a circuit: give circuit=, or leave noise out")
        return None
    device = None
    if isinstance(noise, DeviceNoise):
        device, spec, config = noise, noise.start, CircuitFitConfig()
    elif isinstance(noise, CircuitFitConfig):
        spec, config = None, noise
    else:
        from qdiff.noise.spec import as_spec

        spec = as_spec(noise)
        config = CircuitFitConfig() if spec is None else _expected(spec)
    program = circuit if isinstance(circuit, Program | AffineLaw) else _program(circuit, spec)
    _check_bits(program.num_bits, num_bits)
    if device is not None and isinstance(program, AffineLaw):
        raise InputError(f"learned noise has laws up to {MAX_TABLE_QUBITS} bits: leave it out")
    return KnownCircuit(program=program, config=config, device=device)


def confusion_of(
    noise: NoiseSpec | str, num_bits: int, *, circuit: CircuitLike | None = None
) -> Confusion:
    """The readout that a specification says each bit has.

    A bit is read from the qubit that `circuit` measures into it, and without a circuit from the
    qubit of the same number. Bits that the circuit leaves alone are 0 without error.

    Raises `InputError` for a specification without any readout error on these qubits, and for a
    `Program` or `AffineLaw`, which do not say what the device's qubits are.

    >>> spec = "depolarizing:readout=0.02/0.03"
    >>> confusion_of(spec, 2).of_bit(1).tolist()
    [[0.98, 0.03], [0.02, 0.97]]
    """
    from qdiff.noise.spec import as_spec

    spec = as_spec(noise)
    if spec is None:
        raise InputError("the readout is unknown: give a confusion or a noise specification")
    qubits = {bit: bit for bit in range(num_bits)} if circuit is None else _read(circuit, num_bits)
    rates = [spec.readout_of(qubits[b]) if b in qubits else (0.0, 0.0) for b in range(num_bits)]
    if not any(map(any, rates)):
        raise InputError(
            "the noise has no readout error, so there is nothing to undo; "
            "state it, as in 'depolarizing:readout=0.02/0.03'"
        )
    return Confusion.independent(*zip(*rates, strict=True))


def _read(circuit: CircuitLike, num_bits: int) -> dict[int, int]:
    """``{classical bit: qubit}`` of a circuit with as many classical bits as the shots have."""
    from qdiff.circuit.loading import load_circuit
    from qdiff.circuit.measurement import split_measurements

    if isinstance(circuit, Program | AffineLaw):
        raise InputError(
            f"a {type(circuit).__name__} does not say which qubit a bit is read from; "
            "give the readout as a Confusion"
        )
    loaded = load_circuit(circuit)
    _check_bits(loaded.num_clbits, num_bits)
    return dict(split_measurements(loaded)[1])


def _program(circuit: QiskitCircuit, noise: NoiseSpec | None) -> Program | AffineLaw:
    """A program, or beyond tables an affine law."""
    from qdiff.circuit.clifford_law import affine_of
    from qdiff.circuit.loading import load_circuit
    from qdiff.simulation.program import program_of

    loaded = load_circuit(circuit)
    if loaded.num_clbits <= MAX_TABLE_QUBITS:
        return program_of(loaded, noise)
    try:
        return affine_of(loaded)
    except InputError as error:
        raise InputError(
            f"beyond {MAX_TABLE_QUBITS} bits a circuit must be Clifford to have a law here: {error}"
        ) from None


def _expected(noise: NoiseSpec) -> CircuitFitConfig:
    """Error rates a place and readout that a specification leads one to expect.

    A depolarizing parameter ``p`` on ``k`` qubits errs with ``p (4^k - 1) / 4^k``; rates of phase
    errors and relaxation are those of a two-qubit gate's duration.
    """
    rates: dict[str, float] = {}
    if noise.p1 is not None:
        rates["pauli1"] = 0.75 * noise.p1
    if noise.p2 is not None:
        rates["pauli2"] = 0.9375 * noise.p2
    time = noise.time2 or 0.0
    relaxations = noise.relaxation(0, time)
    if relaxations:
        relaxation = relaxations[0]
        rates["relax1"] = time / relaxation.t1
        dephasing = max(1 / relaxation.t2 - 1 / relaxation.t1, 0.0)
        rates["phase1"] = 0.5 * time * dephasing
    return CircuitFitConfig(rates=rates, readout=_mean_readout(noise))


def _mean_readout(noise: NoiseSpec) -> tuple[float, float] | None:
    given = [own.readout for own in noise.qubits.values() if own.readout is not None]
    given = given or ([noise.readout] if noise.readout else [])
    if not given:
        return None
    return fmean(up for up, _ in given), fmean(down for _, down in given)


def _check_bits(own: int, num_bits: int) -> None:
    if own != num_bits:
        raise InputError(f"the circuit has {own} classical bits, the shots {num_bits}")
