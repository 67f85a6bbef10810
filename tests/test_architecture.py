"""The import rules: data flows one way, and the model side runs without Qiskit."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "qdiff"

LAYERS = [
    ["errors", "progress"],
    ["memory", "machine"],
    ["extras"],
    ["bits", "storage"],
    ["tally"],
    ["shots"],
    ["distribution"],
    ["exchange"],
    # circuit and noise to shots and reference
    ["families"],
    ["circuit"],
    ["noise"],
    ["aer"],
    ["methods", "density"],
    ["sketches"],
    ["fingerprint"],
    ["reference"],
    ["simulator"],
    # shots to model to surrogate
    ["arguments", "laws", "pairwise"],
    ["diffusion", "interactions", "matrix_product"],
    ["physics"],
    ["parts"],
    ["notebook", "questions"],
    ["surrogate"],
    ["z_strings"],
    ["checkpoint", "fit_config"],
    ["heldout"],
    ["candidates"],
    ["fitted_parts"],
    ["circuit_told"],
    ["fitting"],
    ["mitigation"],
    ["programs"],
    ["informed"],
    ["model_cache"],
    # surrogates behind Qiskit's interfaces
    ["primitives"],
    # comparison and report
    ["metrics", "baselines", "few_body", "two_sample"],
    ["shot_multiplier", "drift", "pointwise", "likelihood", "novelty"],
    ["comparison"],
    ["pictures"],
    ["report"],
    ["pages"],
    ["formats"],
    ["conversion"],
    ["run_page"],
    ["pipeline"],
    ["cli"],
    ["__main__"],
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
QISKIT_SIDE = {"circuit", "families", "noise", "aer", "density", "methods", "reference",
               "simulator", "pipeline", "sketches", "fingerprint", "primitives", "programs",
               "informed"}  # fmt: skip
MODEL_SIDE = {"memory", "machine", "bits", "storage", "tally",
              "shots", "distribution", "laws", "pairwise", "diffusion",
              "interactions", "matrix_product", "physics", "parts", "arguments", "questions",
              "notebook",
              "surrogate", "checkpoint", "fit_config", "heldout", "candidates", "fitted_parts",
              "circuit_told", "fitting", "mitigation", "z_strings", "model_cache", "extras",
              "two_sample", "baselines", "drift", "pointwise", "likelihood", "novelty"}  # fmt: skip


def modules() -> dict[str, list[Path]]:
    found = {path.stem: [path] for path in PACKAGE.glob("*.py") if path.stem != "__init__"}
    found |= {
        path.name: sorted(path.rglob("*.py"))
        for path in PACKAGE.iterdir()
        if path.is_dir() and any(path.glob("*.py"))
    }
    return found


def imports(paths: list[Path], *, everywhere: bool) -> set[str]:
    """Dotted names a module imports: at its top level, or also inside functions."""
    names: set[str] = set()
    for path in paths:
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree) if everywhere else tree.body:
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def own(names: set[str]) -> set[str]:
    parts = (name.split(".") for name in names if name.startswith("qdiff."))
    return {name[1] for name in parts} & set(LEVEL)


def test_every_module_has_a_layer() -> None:
    assert set(modules()) == set(LEVEL)


@pytest.mark.parametrize("module", sorted(LEVEL))
def test_no_module_imports_one_above_it(module: str) -> None:
    wrong = {
        name
        for name in own(imports(modules()[module], everywhere=False)) - {module}
        if LEVEL[name] >= LEVEL[module]
    }
    assert not wrong


@pytest.mark.parametrize("module", sorted(MODEL_SIDE))
def test_the_model_side_knows_no_qiskit(module: str) -> None:
    named = imports(modules()[module], everywhere=True)
    assert not {name for name in named if name.split(".")[0] in ("qiskit", "qiskit_aer")}
    assert not own(named) & QISKIT_SIDE


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
from qdiff.diffusion.training import TrainingConfig
from qdiff.fit_config import Candidate
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
