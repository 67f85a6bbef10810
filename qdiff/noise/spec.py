"""`NoiseSpec`: the noise of a device in a dozen numbers, and the forms that it comes in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qdiff.data.argument_checks import check_is
from qdiff.errors import InputError
from qdiff.noise import text as forms
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
        """From a preset's name, the path of a TOML or JSON file, or the one-line forms.

        The one-line form is ``depolarizing:`` followed by ``key=value`` pairs, any of ``p1``,
        ``p2``, ``over_rotation``, ``t1``, ``t2``, ``time1``, ``time2``, ``readout`` (one number,
        or ``a/b``), ``virtual_gates`` (names joined by ``+``) and ``num_qubits``.
        """
        return cls._of(_parsed(text))

    @classmethod
    def load(cls, path: str | Path) -> NoiseSpec:
        """From a TOML or JSON file (see docs/noise.md). Raises `InputError` for any other."""
        return cls._of(forms.load(path))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NoiseSpec:
        """From the schema of docs/noise.md as nested mappings. Unknown keys are refused."""
        return cls._of(forms.from_dict(data))

    @classmethod
    def from_backend(cls, backend: Any) -> NoiseSpec:
        """From the `Target` of a Qiskit ``BackendV2``; see `qdiff.noise.backend`."""
        from qdiff.noise.backend import from_backend

        return cls._of(from_backend(backend))

    @classmethod
    def _of(cls, rates: NoiseRates) -> NoiseSpec:
        return cls(**vars(rates))

    def to_dict(self) -> dict[str, Any]:
        """The schema as JSON-ready mappings, only what is set."""
        return forms.to_dict(self)

    def to_text(self) -> str:
        """The one-line forms. Raises `InputError` when there are per-qubit or per-edge rates."""
        return forms.to_text(self)

    def to_toml(self) -> str:
        """The schema as a TOML document, which `load` reads."""
        return forms.to_toml(self)

    def to_json(self) -> str:
        """The schema as a JSON document, which `load` reads."""
        return forms.to_json(self)

    def scaled(self, factor: float) -> NoiseSpec:
        """All of the noise `factor` times as strong: errors multiplied, T1 and T2 divided.

        Raises `InputError` for a factor that is not positive, and where a probability would exceed
        1.

        >>> NoiseSpec(p2=0.01, readout=0.02, t1=1e-4).scaled(3).to_text()
        'depolarizing:p2=0.03,t1=3.3333333333333335e-05,readout=0.06/0.06'
        """
        from qdiff.noise.scaling import scaled

        return self._of(scaled(self, factor))

    def to_aer(self, circuit: Any) -> NoisyCircuit:
        """`circuit` with every noisy gate labelled, and the Aer ``NoiseModel`` of those labels.

        Run them together: ``AerSimulator(noise_model=noisy.model).run(noisy.circuit)``.
        """
        from qiskit import QuantumCircuit

        from qdiff.noise.attach import attach_noise

        return attach_noise(check_is(circuit, QuantumCircuit, "circuit"), self)

    def __str__(self) -> str:
        """The one-line form, or what there is beyond it in brief."""
        if not self.qubits and not self.edges:
            return self.to_text()
        return f"{self.name or 'noise'} ({len(self.qubits)} qubits, {len(self.edges)} edges)"


def _parsed(text: str) -> NoiseRates:
    from qdiff.noise.presets import PRESETS

    if not isinstance(text, str):
        raise InputError(f"noise is given as text, got {text!r}")
    text = text.strip()
    if text.startswith(forms.LINE_PREFIX):
        return forms.from_line(text)
    if text in PRESETS:
        return PRESETS[text]
    if text.startswith("fake_") and not os.path.exists(text):
        from qdiff.noise.backend import fake_backend, from_backend

        return from_backend(fake_backend(text))
    if "\0" not in text and (text.endswith((".toml", ".json")) or _can_be_read(text)):
        return forms.load(text)
    raise InputError(
        f"unknown noise {text!r}; give a preset ({', '.join(PRESETS)}), a .toml or .json file, "
        f"a fake backend (fake_torino), or '{forms.LINE_PREFIX}p1=1e-3,p2=1e-2,readout=0.02/0.03'"
    )


def _can_be_read(path: str) -> bool:
    """Whether there is a file, or a pipe."""
    return os.path.exists(path) and not os.path.isdir(path)


def as_spec(noise: NoiseSpec | str | None) -> NoiseSpec | None:
    """`noise`, parsed when it is text. Raises `InputError` for anything else."""
    if isinstance(noise, str):
        return NoiseSpec.parse(noise)
    if noise is None or isinstance(noise, NoiseSpec):
        return noise
    raise InputError(f"noise must be a NoiseSpec, its text or None, got {type(noise).__name__}")
