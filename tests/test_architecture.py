"""What importing costs, what the model side needs, and the public names.

Which room may import which is said in pyproject.toml and held by import-linter in `make check`.
"""

from __future__ import annotations

import subprocess
import sys

import pytest


def run_python(code: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return result.stdout


def test_importing_qdiff_is_light() -> None:
    heavy = "{'qiskit', 'qiskit_aer', 'matplotlib', 'scipy', 'torch'}"
    code = f"import sys, qdiff; print(sorted({heavy} & set(sys.modules)))"
    assert run_python(code).strip() == "[]"


def test_the_model_side_runs_where_there_is_only_torch_numpy_and_safetensors() -> None:
    code = """
import sys
for name in ("qiskit", "qiskit_aer", "matplotlib", "rich", "typer"):
    sys.modules[name] = None  # importing it raises ImportError
import qdiff
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.fitting.config import Candidate
shots = qdiff.Shots.from_counts({"00": 60, "11": 40})
training = TrainingConfig(steps=5, evaluate_every=5)
config = qdiff.FitConfig(candidates=(Candidate(training=training),))
print(qdiff.fit(shots, seed=1, config=config).sample(10, seed=1).num_shots)
"""
    assert run_python(code).strip() == "10"


def test_every_public_name_is_there() -> None:
    import qdiff

    for name in qdiff.__all__:
        assert getattr(qdiff, name) is not None
    with pytest.raises(AttributeError):
        qdiff.nonsense  # noqa: B018
