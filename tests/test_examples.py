"""The examples of the documentation run, and show what they say."""

from __future__ import annotations

import importlib.util
import math
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import qdiff

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "examples"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.usefixtures("short_trainings")
def test_circuit_to_report(tmp_path: Path) -> None:
    assert example("circuit_to_report").main(tmp_path / "run", shots=500) > 0
    assert (tmp_path / "run" / "report.html").is_file()


@pytest.mark.usefixtures("short_trainings")
def test_device_counts(tmp_path: Path) -> None:
    """The drifted batch is found: its p-value is the least that 199 draws allow."""
    alike, drifted = example("device_counts").main(tmp_path)
    assert drifted == 1 / 200
    assert alike > drifted
    assert (tmp_path / "device.safetensors").is_file()


@pytest.mark.usefixtures("short_trainings")
def test_variational_loop(tmp_path: Path) -> None:
    """<ZZ> = cos(angle) up to light noise: least at pi, well below zero."""
    angle, energy = example("variational_loop").main(tmp_path)
    assert angle == pytest.approx(math.pi)
    assert energy < -0.9
    # five angles, three ideal laws: 0 and 2 pi have one, so have pi/2 and 3 pi/2
    assert len([*tmp_path.glob("*.safetensors")]) == 3


def test_qaoa_on_learned_noise() -> None:
    """Within 1 % of the best angles, on a circuit that gave no shot; the start is far from that."""
    qaoa = example("qaoa_on_learned_noise")
    found = qaoa.main(4, shots=2000)
    assert 0.99 * found.best_cut < found.cut <= found.best_cut + 1e-6
    law = qdiff.exact(qaoa.qaoa(4, qaoa.START), qaoa.DEVICE).probabilities
    assert law @ qaoa.cuts(4) < 0.98 * found.best_cut


@pytest.mark.usefixtures("short_trainings")
def test_figures_and_tables(tmp_path: Path, capsys) -> None:
    """Records of all metrics, and a picture of four figures; the bit that drifted is printed."""
    records = example("figures_and_tables").main(tmp_path / "figures.png")
    assert records[0]["metric"] == "kl"
    assert (tmp_path / "figures.png").read_bytes().startswith(b"\x89PNG")
    assert "'entry': 'num_bits', 'value': 5" in capsys.readouterr().out


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="needs the extra 'docs'")
    pytest.importorskip("mkdocstrings", reason="needs the extra 'docs'")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "reference" / "index.html").read_text()
    assert "SurrogateSampler" in page
    shown = (tmp_path / "examples" / "index.html").read_text()
    assert shown.count("__main__") == len([*EXAMPLES.glob("*.py")])  # the scripts are on the page
    shutil.rmtree(tmp_path)
