"""A variational loop whose sampler is a surrogate.

Run it with ``python docs/examples/variational_loop.py [CACHE]``; it takes some ten seconds. Each
new ideal law that the loop meets is fitted once, from a sampler that may be a device, and kept in
the cache: a second run needs no device at all.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

import qdiff


def ansatz() -> QuantumCircuit:
    """Two qubits whose parity the angle decides: <ZZ> = cos(angle) without noise."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.ry(Parameter("angle"), 1)
    circuit.measure_all()
    return circuit


def main(cache: Path, *, points: int = 5) -> tuple[float, float]:
    """Return the angle of least energy on a grid, and that energy <ZZ>."""
    wish = qdiff.OnDemand(noise="light", shots=2000, effort="fast", cache=cache, seed=1)
    sampler = qdiff.SurrogateSampler(on_demand=wish, seed=1)
    angles = np.linspace(0, 2 * np.pi, points)
    # one pub, all points: the result has the shape of the array
    data = sampler.run([(ansatz(), angles[:, None])], shots=4000).result()[0].data
    energies = data.meas.expectation_values("ZZ")
    best = int(np.argmin(energies))
    print(f"least <ZZ> = {energies[best]:.3f} at {angles[best]:.3f}")
    return float(angles[best]), float(energies[best])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/cache"))
