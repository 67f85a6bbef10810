"""Named noise. docs/noise.md says where the figures come from."""

from __future__ import annotations

from qdiff.noise.rates import NoiseRates

_PHASE_GATES = ("rz", "p", "u1", "z", "s", "sdg", "t", "tdg")

PRESETS: dict[str, NoiseRates] = {
    spec.name: spec
    for spec in (
        NoiseRates(
            name="superconducting",
            description="mean rates of a 133-qubit IBM Heron r1 (ibm_torino, 2025-02-26)",
            p1=1.25e-3,
            p2=8.8e-3,
            t1=185e-6,
            t2=141e-6,
            time1=32e-9,
            time2=79e-9,
            readout=(0.020, 0.023),
            virtual_gates=_PHASE_GATES,
        ),
        NoiseRates(
            name="superconducting_best",
            description="median rates of a 156-qubit IBM Heron r2 (ibm_kingston, 2026-04-15)",
            p1=2.7e-4,
            p2=1.8e-3,
            t1=283e-6,
            t2=144e-6,
            time1=32e-9,
            time2=68e-9,
            readout=(0.0088, 0.0115),
            virtual_gates=_PHASE_GATES,
        ),
        NoiseRates(
            name="trapped_ion",
            description="published averages of IonQ Aria",
            p1=9.1e-4,
            p2=4.7e-3,
            t1=10.0,
            t2=1.0,
            time1=135e-6,
            time2=600e-6,
            readout=(0.0039, 0.0039),
        ),
        NoiseRates(
            name="light",
            description="a tenth of the usual textbook rates",
            p1=1e-4,
            p2=1e-3,
            readout=(0.002, 0.003),
        ),
        NoiseRates(
            name="heavy",
            description="five times the usual textbook rates",
            p1=5e-3,
            p2=5e-2,
            readout=(0.05, 0.08),
        ),
        NoiseRates(
            name="readout_only",
            description="ideal gates, readout errors of 2 and 3 %",
            p1=0.0,
            p2=0.0,
            readout=(0.02, 0.03),
        ),
        NoiseRates(name="ideal", description="no noise", p1=0.0, p2=0.0),
    )
}
"""Every preset by its name."""
