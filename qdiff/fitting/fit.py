"""`fit`, told of the circuit if there is one; Qiskit is imported only then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.fitting import fit_shots as fitting
from qdiff.fitting import mitigation
from qdiff.models.clifford.affine_law import AffineLaw
from qdiff.models.noisy_circuit.fit import MAX_TABLE_QUBITS, CircuitFitConfig
from qdiff.models.noisy_circuit.program import Program
from qdiff.models.readout.confusion import Confusion
from qdiff.models.surrogate.surrogate import Surrogate

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qdiff.noise.spec import NoiseSpec


def fit(
    data: Shots | Distribution,
    *,
    circuit: str | Path | QuantumCircuit | None = None,
    noise: NoiseSpec | str | None = None,
    **options: Any,
) -> Surrogate:
    """Fit a surrogate to shots, with what is known of the circuit they came from.

    Without a `circuit` this is `fit_shots.fit`, whose other arguments (`seed`, `device`,
    `effort`, `config`, `watch`, `checkpoint`) it takes. With one, the circuit's law under noise
    of unknown strength is fitted too, and held-out shots decide whether it stays: the card says
    which steps brought what (``card["circuit"]``), and where the shots contradict the circuit the
    surrogate is the one fitted without it. Each shot is then worth far more.

    Parameters
    ----------
    circuit
        The circuit, a file, or a family such as ``ising:12``: at most 24 classical bits, and
        measured once, at its end; a Clifford circuit may have any number.
    noise
        Where the fit of the noise starts from, and which gates are virtual. It stays unknown.

    Raises `InputError` as `fit_shots.fit` does, for a circuit of other bits than the shots,
    and, with the reason, for one whose ideal law cannot be had.

    >>> shots = Shots.from_counts({"00": 51, "11": 47, "01": 2})
    >>> model = fit(shots, circuit="ghz:2", effort="fast")
    >>> model.card["circuit"]["verdict"].split(",")[0]
    'accepted'
    """
    if circuit is None:
        if noise is not None:
            raise InputError("noise goes with a circuit: give circuit=, or leave noise out")
        return fitting.fit(data, **options)
    spec = _spec(noise)
    known = CircuitFitConfig() if spec is None else CircuitFitConfig(**expectations(spec))
    return fitting.fit(data, program=_known(circuit, spec), physics=known, **options)


def mitigate(
    shots: Shots,
    readout: Confusion | NoiseSpec | str,
    *,
    circuit: str | Path | QuantumCircuit | None = None,
    seed: int = 0,
) -> Surrogate:
    """The law that the shots had before readout; see `qdiff.fitting.mitigation.mitigate`.

    Parameters
    ----------
    readout
        What readout does: a `Confusion`, or a noise specification, whose readout is that of the
        qubits that the circuit measures into the bits, or, without a circuit, of bit ``j`` as
        qubit ``j``.
    circuit
        The circuit, if it is known.

    Raises `InputError` as `mitigation.mitigate` does, and for a specification without any
    readout error.

    >>> read = Shots.from_counts({"00": 46, "11": 44, "01": 5, "10": 5})
    >>> clean = mitigate(read, "depolarizing:readout=0.05").distribution().probabilities
    >>> bool(clean[[0, 3]].sum() > 0.95)
    True
    """
    if not isinstance(shots, Shots):
        raise InputError(f"mitigate takes Shots, got {type(shots).__name__}")
    confusion = (
        readout
        if isinstance(readout, Confusion)
        else confusion_of(readout, shots.num_bits, circuit=circuit)
    )
    program = None if circuit is None else _known(circuit, None)
    return mitigation.mitigate(shots, confusion, program=program, seed=seed)


def confusion_of(
    noise: NoiseSpec | str, num_bits: int, *, circuit: str | Path | QuantumCircuit | None = None
) -> Confusion:
    """The readout that a specification says each bit has.

    A bit is read from the qubit that `circuit` measures into it, and without a circuit from the
    qubit of the same number. Bits that the circuit leaves alone are 0 without error.

    Raises `InputError` for a specification without any readout error on these qubits.

    >>> spec = "depolarizing:readout=0.02/0.03"
    >>> confusion_of(spec, 2).of_bit(1).tolist()
    [[0.98, 0.03], [0.02, 0.97]]
    """
    spec = _spec(noise)
    if spec is None:
        raise InputError("the readout is unknown: give a confusion or a noise specification")
    qubits = dict(zip(range(num_bits), range(num_bits), strict=True))
    if circuit is not None:
        qubits = _measured(circuit, num_bits)
    rates = [spec.readout_of(qubits[b]) if b in qubits else (0.0, 0.0) for b in range(num_bits)]
    if not any(map(any, rates)):
        raise InputError(
            "the noise has no readout error, so there is nothing to undo; "
            "state it, as in 'depolarizing:readout=0.02/0.03'"
        )
    return Confusion.independent(*zip(*rates, strict=True))


def _measured(circuit: str | Path | QuantumCircuit, num_bits: int) -> dict[int, int]:
    """``{classical bit: qubit}`` of a circuit with as many classical bits as the shots have."""
    from qdiff.circuit.loading import load_circuit
    from qdiff.circuit.measurement import split_measurements

    loaded = load_circuit(circuit)
    if loaded.num_clbits != num_bits:
        raise InputError(
            f"the circuit has {loaded.num_clbits} classical bits, the shots {num_bits}"
        )
    return dict(split_measurements(loaded)[1])


def _known(circuit: str | Path | QuantumCircuit, noise: NoiseSpec | None) -> Program | AffineLaw:
    """The circuit as the model side takes it: a program, or beyond tables an affine law."""
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


def expectations(noise: NoiseSpec) -> Mapping[str, Any]:
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
    return {"rates": rates, "readout": _mean_readout(noise)}


def _mean_readout(noise: NoiseSpec) -> tuple[float, float] | None:
    given = [own.readout for own in noise.qubits.values() if own.readout is not None]
    given = given or ([noise.readout] if noise.readout else [])
    if not given:
        return None
    return fmean(up for up, _ in given), fmean(down for _, down in given)


def _spec(noise: NoiseSpec | str | None) -> NoiseSpec | None:
    from qdiff.simulation.exact import as_spec

    return as_spec(noise)
