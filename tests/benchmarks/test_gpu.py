"""The graphics card's benchmark runs where there is none, and without Qiskit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from quick_fits import QUICK, brief

from qdiff import fit as fitted

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu.py"


@pytest.mark.parametrize("exact", [True, False])
def test_both_devices_are_measured_against_the_law(monkeypatch, exact: bool) -> None:
    """From tables or from draws; a uniform surrogate would be as far as the law's entropy."""
    import gpu

    def fit(shots, *, seed, device):
        return fitted(shots, seed=seed, device=device, config=brief(QUICK, steps=20))

    monkeypatch.setattr(gpu.qdiff, "fit", fit)
    monkeypatch.setattr(gpu, "DRAWS", 1000)
    monkeypatch.setattr(gpu, "DEVICES", {"card": "cpu", "processor": "cpu"})
    monkeypatch.setattr(gpu, "TABLE_BITS", 6 if exact else 5)
    row = gpu.measure_fit({"bits": 6, "seed": 1})
    assert row["kl"]["card"] == row["kl"]["processor"]
    assert (row["kl_error"]["card"] == 0) == exact
    assert 0 < row["kl"]["card"] < 0.5
    assert min(row["draws_a_second"].values()) > 0


def test_it_needs_no_qiskit() -> None:
    code = (
        "import sys; sys.modules['qiskit'] = sys.modules['qiskit_aer'] = None;"
        f"sys.path.insert(0, {str(SCRIPT.parent)!r}); import gpu; print(gpu.BITS[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "12"
