"""`NoiseSpec`: what the noise of a device is, in a dozen numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qdiff.noise import text as form
from qdiff.noise.rates import NoiseRates

if TYPE_CHECKING:
    from qdiff.noise.attach import NoisyCircuit


@dataclass(frozen=True, kw_only=True)
class NoiseSpec(NoiseRates):
    """The noise of a device: global rates, and what differs per qubit or per pair of qubits.

    Every gate of the circuit as written, whatever its name, is followed by depolarizing noise and
    then by relaxation of each of its qubits; measured bits are flipped by the readout error. Gates
    on three or more qubits are decomposed first. A rate that is None was not given: gates that get
    no noise for that reason are reported by a `NoiseWarning`, a rate of 0 is meant and is not.

    Attributes
    ----------
    p1, p2
        Depolarizing parameter after every one- and two-qubit gate, as in Aer's
        ``depolarizing_error(p, k)``: rho -> (1 - p) rho + p I/2^k. In [0, 1].
    over_rotation
        Relative coherent error: a gate U becomes U^(1 + over_rotation), so that ``rx(a)`` becomes
        ``rx((1 + over_rotation) a)``. In [-1, 1]; see `qdiff.noise.channels.fractional_power`.
    t1, t2
        Relaxation and dephasing times in seconds, T2 <= 2 T1. T2 alone is pure dephasing; T1
        alone means T2 = 2 T1.
    time1, time2
        How long one- and two-qubit gates take, in seconds. Delays take the time they state.
    readout
        ``(P(read 1 | 0), P(read 0 | 1))``; one number means both.
    virtual_gates
        Names of gates that the device does in software: no time, no error.
    num_qubits
        The device's size, when it has one; then only circuits that fit are accepted.
    qubits, edges
        Overrides: ``{3: QubitNoise(p1=...)}`` and ``{(0, 1): EdgeNoise(p2=...)}``.
    name, description
        For people; two specifications that differ only here are equal.

    Raises `InputError` for probabilities outside [0, 1], T2 > 2 T1, negative times and the like.

    >>> spec = NoiseSpec.parse("depolarizing:p1=1e-3,p2=1e-2,readout=0.02/0.03")
    >>> spec.readout, str(spec)
    ((0.02, 0.03), 'depolarizing:p1=0.001,p2=0.01,readout=0.02/0.03')
    """

    @classmethod
    def parse(cls, text: str) -> NoiseSpec:
        """From a preset's name, the path of a TOML or JSON file, or the one-line form.

        The one-line form is ``depolarizing:`` followed by ``key=value`` pairs, any of ``p1``,
        ``p2``, ``over_rotation``, ``t1``, ``t2``, ``time1``, ``time2``, ``readout`` (one number,
        or ``a/b``), ``virtual_gates`` (names joined by ``+``) and ``num_qubits``.
        """
        return cls(**vars(form.parse(text)))

    @classmethod
    def load(cls, path: str | Path) -> NoiseSpec:
        """From a TOML or JSON file (see docs/noise.md). Raises `InputError` for any other."""
        return cls(**vars(form.load(path)))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NoiseSpec:
        """From the schema of docs/noise.md as nested mappings. Unknown keys are refused."""
        return cls(**vars(form.from_dict(data)))

    @classmethod
    def from_backend(cls, backend: Any) -> NoiseSpec:
        """From the `Target` of a Qiskit ``BackendV2``; see `qdiff.noise.device`."""
        from qdiff.noise.device import from_backend

        return cls(**vars(from_backend(backend)))

    def to_dict(self) -> dict[str, Any]:
        """The schema as JSON-ready mappings, only what is set."""
        return form.to_dict(self)

    def to_text(self) -> str:
        """The one-line form. Raises `InputError` when there are per-qubit or per-edge rates."""
        return form.to_text(self)

    def to_toml(self) -> str:
        """The schema as a TOML document, which `load` reads."""
        return form.to_toml(self)

    def to_json(self) -> str:
        """The schema as a JSON document, which `load` reads."""
        return form.to_json(self)

    def to_aer(self, circuit: Any) -> NoisyCircuit:
        """`circuit` with every noisy gate labelled, and the Aer ``NoiseModel`` of those labels.

        Run them together: ``AerSimulator(noise_model=noisy.model).run(noisy.circuit)``.
        """
        from qdiff.noise.attach import prepare

        return prepare(circuit, self)

    def __str__(self) -> str:
        """The one-line form, or what there is beyond it in brief."""
        if not self.qubits and not self.edges:
            return self.to_text()
        return f"{self.name or 'noise'} ({len(self.qubits)} qubits, {len(self.edges)} edges)"
