"""Tables of probabilities: indices, marginals, files, and what is no distribution."""

from __future__ import annotations

import numpy as np
import pytest
from known_laws import porter_thomas

from qdiff import Distribution, InputError, Register, Shots


def test_index_and_log_prob_agree() -> None:
    law = porter_thomas(4)
    row = [1, 0, 1, 1]
    assert law.log_prob([row])[0] == np.log(law.probabilities[1 + 4 + 8])


def test_marginal_against_a_direct_sum() -> None:
    law = porter_thomas(5)
    index = np.arange(32)
    expected = np.bincount(((index >> 3) & 1) + 2 * ((index >> 0) & 1), law.probabilities)
    assert np.allclose(law.marginal([3, 0]).probabilities, expected, atol=1e-15)


def test_from_shots() -> None:
    shots = Shots.from_counts({"00": 3, "10": 1})
    assert Distribution.from_shots(shots).probabilities.tolist() == [0.75, 0, 0.25, 0]
    smoothed = Distribution.from_shots(shots, pseudocount=0.5)
    assert np.allclose(smoothed.probabilities, np.array([3.5, 0.5, 1.5, 0.5]) / 6)


def test_save_and_load(tmp_path) -> None:
    law = Distribution(
        probabilities=np.array([0.25, 0.5, 0.25, 0]),
        registers=(Register("a", 1), Register("b", 1)),
        standard_error=np.full(4, 0.01),
        provenance={"method": "trajectories"},
    )
    law.save(tmp_path / "law.safetensors")
    loaded = Distribution.load(tmp_path / "law.safetensors")
    assert np.array_equal(loaded.probabilities, law.probabilities)
    assert np.array_equal(loaded.standard_error, law.standard_error)
    assert (loaded.registers, loaded.provenance) == (law.registers, law.provenance)


@pytest.mark.parametrize(
    "table", [[0.5, 0.5, 0.0], [1.0], [0.5, 0.6], [1.5, -0.5], [np.nan, 1.0], [[0.5, 0.5]]]
)
def test_what_is_not_a_distribution_is_refused(table: list[float]) -> None:
    with pytest.raises(InputError):
        Distribution(probabilities=np.array(table))


def test_tables_out_of_reach_are_refused() -> None:
    shots = Shots.from_bits(np.zeros((1, 40)))
    with pytest.raises(InputError, match="8,192 GiB"):
        Distribution.from_shots(shots)
