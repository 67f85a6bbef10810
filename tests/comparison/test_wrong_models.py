"""Models of others that answer with something else than logarithms of probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from qdiff import InputError, Shots, heldout_likelihoods, pointwise_distances, score

SHOTS = Shots.from_counts({"00": 60, "11": 40, "01": 3})


class Model:
    num_bits = 2

    def __init__(self, answer) -> None:
        self._answer = answer

    def log_prob(self, bits):
        return self._answer(len(bits))

    def sample(self, shots, *, seed):
        return Shots.from_counts({"00": shots - 1, "11": 1})


@pytest.mark.parametrize(
    "answer",
    [
        lambda rows: np.full(rows, np.nan),
        lambda rows: np.full(rows, np.inf),
        lambda rows: np.full(rows, 0.5),
        lambda rows: np.full(rows, 1j),
        lambda rows: np.zeros(rows + 1),
        lambda rows: np.zeros((rows, 1)),
        lambda rows: [None] * rows,
        lambda rows: "volcanic",
        lambda rows: {}["x"] if rows < 0 else float("x"),
    ],
)
def test_one_line_says_which_model_and_what_it_said(answer) -> None:
    model = Model(answer)
    calls = {
        "the model": lambda: score(SHOTS, model),
        "model 'mine'": lambda: heldout_likelihoods({"mine": model}, SHOTS),
        "a law": lambda: pointwise_distances(model, model, draws=10),
    }
    for name, call in calls.items():
        with pytest.raises(InputError, match=f"log_prob of {name}") as caught:
            call()
        assert "\n" not in str(caught.value)


def test_impossible_shots_are_no_mistake() -> None:
    model = Model(lambda rows: np.where(np.arange(rows) == 0, 0.0, -np.inf))
    assert heldout_likelihoods({"mine": model}, SHOTS)["mine"].value == -np.inf
