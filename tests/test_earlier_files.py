"""Files written by the first version, before the package was laid out anew, give the same numbers.

`earlier/expected.json` holds what that version (revision f2c5b36) answered for each file beside it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qdiff
from qdiff.data import bits as bitorder

FOLDER = Path(__file__).parent / "earlier"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text())
MODELS = sorted(path.stem.removeprefix("model_") for path in FOLDER.glob("model_*.safetensors"))

FLOAT32 = 1e-5  # nats: networks round by the processor


def test_every_kind_of_part_is_among_the_files() -> None:
    parts = {part for name in MODELS for part in EXPECTED[name]["weights"]}
    assert parts == {
        "shots",
        "diffusion",
        "recurrent",
        "interactions",
        "matrix_product",
        "circuit",
        "unfolded",
    }


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_the_same_weights_probabilities_and_draws(name: str) -> None:
    model = qdiff.Surrogate.load(FOLDER / f"model_{name}.safetensors")
    expected = EXPECTED[name]
    assert dict(model.weights) == pytest.approx(expected["weights"], abs=1e-12)
    words = np.arange(16, dtype=np.uint64)[:, None]
    rows = bitorder.unpack(words, model.num_bits)
    assert model.log_prob(rows) == pytest.approx(expected["log_prob"], abs=FLOAT32)
    assert model.sample(50, seed=2).to_counts() == expected["drawn"]


def test_shots_and_an_exact_law_are_the_same() -> None:
    assert qdiff.Shots.load(FOLDER / "shots.safetensors").to_counts() == EXPECTED["shots"]
    law = qdiff.Distribution.load(FOLDER / "exact.safetensors")
    assert law.probabilities.tolist() == EXPECTED["exact"]


def test_a_comparison_of_the_files_gives_the_same_figures() -> None:
    model = qdiff.Surrogate.load(FOLDER / "model_mixture.safetensors")
    shots = qdiff.Shots.load(FOLDER / "shots.safetensors")
    law = qdiff.Distribution.load(FOLDER / "exact.safetensors")
    found = qdiff.compare(model.distribution(), law, training=shots, seed=3).to_dict()
    expected = json.loads((FOLDER / "comparison.json").read_text())
    assert leaves(json.loads(json.dumps(found))) == pytest.approx(leaves(expected), abs=1e-5)


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every number and text of nested JSON by its place."""
    if isinstance(value, dict):
        pairs = [leaves(item, f"{path}/{key}") for key, item in value.items()]
    elif isinstance(value, list):
        pairs = [leaves(item, f"{path}/{index}") for index, item in enumerate(value)]
    else:
        return {path: value}
    return {place: leaf for part in pairs for place, leaf in part.items()}
