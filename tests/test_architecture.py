"""What importing costs, what the model side needs, and the public names.

Which room may import which is said in pyproject.toml and held by import-linter in `make check`.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from exact_surrogates import surrogate_of

import qdiff


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
swept = qdiff.FamilyShots.of(["a"], [[0.1], [0.2]], [shots, shots])
family = qdiff.fit_family(swept, seed=1, config=qdiff.FamilyConfig(training=training))
print(family.at([0.15]).sample(10, seed=1).num_shots)
"""
    assert run_python(code).split() == ["10", "10"]


def test_every_public_name_is_there() -> None:
    for name in qdiff.__all__:
        assert getattr(qdiff, name) is not None
    with pytest.raises(AttributeError):
        qdiff.nonsense  # noqa: B018


HEAVY = ("torch", "qiskit", "scipy", "matplotlib")


@pytest.mark.parametrize(
    ("arguments", "unneeded", "modules"),
    [
        (("--version",), (*HEAVY, "numpy", "rich"), 250),
        (("--help",), (*HEAVY, "numpy"), 450),
        (("inspect", "model"), HEAVY, 600),
        (("inspect", "model", "--json"), HEAVY, 600),
        (("inspect", "shots"), HEAVY, 600),
        (("inspect", "law"), ("torch", "qiskit", "matplotlib"), 900),
        (("score", "shots", "law"), ("torch", "qiskit", "matplotlib"), 1500),
    ],
)
def test_a_command_imports_what_it_needs(tmp_path, arguments, unneeded, modules) -> None:
    """Counted, since a clock says little on a busy machine; and a clock, generously."""
    law = qdiff.Distribution(probabilities=np.array([0.5, 0.25, 0.125, 0.125]))
    law.save(tmp_path / "law")
    law.sample(100, seed=1).save(tmp_path / "shots")
    surrogate_of(law).save(tmp_path / "model")
    started = time.monotonic()
    code = f"""
import sys
sys.argv = ["qdiff", *{arguments!r}]
from qdiff.cli.main import main
try:
    main()
except SystemExit as stopped:
    found = sorted({set(unneeded)!r} & sys.modules.keys())
    print(stopped.code, len(sys.modules), *found, file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(qdiff.__file__).parents[1])},
    )  # fmt: skip
    status, count, *imported = done.stderr.split()
    assert (status, imported) == ("0", []), done.stderr
    assert int(count) < modules
    assert time.monotonic() - started < 20


PACKAGE = Path(qdiff.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of what a function does: its signature and its docstring are for its callers."""
    body = function.body[ast.get_docstring(function) is not None :]
    return function.end_lineno - body[0].lineno + 1 if body else 0


def test_files_and_functions_are_short() -> None:
    """Files of at most 300 lines, functions that do what they do in 50."""
    assert len(MODULES) > 200
    for path in MODULES:
        text = path.read_text()
        assert text.count("\n") <= 300, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert body_lines(node) <= 50, f"{path}: {node.name}"


def test_the_package_has_few_rooms() -> None:
    """Those of the data flow, long work, the service, and what all rooms share."""
    kept = {"__init__.py", "__main__.py", "py.typed", "__pycache__"}
    assert len({path.name for path in PACKAGE.iterdir()} - kept) <= 22
