"""The recipe of the container is read, not built."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import qdiff

ROOT = Path(qdiff.__file__).parents[1]


@pytest.fixture(scope="module")
def recipe() -> str:
    path = ROOT / "Dockerfile"
    if not path.exists():
        pytest.skip("needs the repository")
    return path.read_text()


def test_files_that_are_copied_exist(recipe: str) -> None:
    copied = re.findall(r"^COPY (.*) \S+$", recipe, re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert {"pyproject.toml", "README.md", "LICENSE", "constraints.txt", "qdiff"} <= {*names}
    assert all((ROOT / name.rstrip("/")).exists() for name in names)


def test_it_runs_as_no_root_and_asks_for_its_health(recipe: str) -> None:
    lines = recipe.splitlines()
    user = lines.index("USER qdiff")
    assert any("useradd" in line for line in lines[:user])
    assert not any(line.startswith("RUN") for line in lines[user:])
    assert "HEALTHCHECK" in recipe
    assert "/health" in recipe
    assert '"serve", "--host", "0.0.0.0"' in recipe


def test_it_installs_what_serving_takes_and_no_qiskit(recipe: str) -> None:
    """Each package is one that qdiff names, with a pinned version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    named = {re.split(r"[\[<>=; ]", each)[0] for each in project["dependencies"] + extras["serve"]}
    pins = (ROOT / "constraints.txt").read_text().lower().replace("_", "-")
    lines = recipe.replace("\\\n", " ").splitlines()
    listed = next(line for line in lines if line.startswith("ARG PACKAGES="))
    packages = listed.partition("=")[2].strip('"').split()
    assert {*packages} <= named
    assert {each.partition(">")[0] for each in extras["serve"]} <= {*packages}
    assert not any("qiskit" in package for package in packages)
    for package in packages:
        assert re.search(rf"^{package}==", pins, re.MULTILINE), package
