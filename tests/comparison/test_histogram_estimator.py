"""Plug-in metrics of shots against those of whole tables."""

from __future__ import annotations

import numpy as np
import pytest
from known_laws import disturbed, porter_thomas
from numpy.typing import NDArray

from qdiff.comparison.intervals import histogram_estimator as histograms
from qdiff.comparison.intervals.histogram_estimator import Estimator, affordable, stretched
from qdiff.comparison.metrics.table_metrics import METRICS
from qdiff.data.distribution import Distribution


@pytest.mark.parametrize(("num_bits", "shots"), [(1, 5), (3, 1), (6, 20), (6, 5000), (12, 900)])
def test_pooling_unseen_strings_changes_no_metric(num_bits: int, shots: int) -> None:
    reference = porter_thomas(num_bits, seed=num_bits)
    p = reference.probabilities
    drawn = disturbed(reference, 3).sample(shots, seed=2)
    found = Estimator(p).plug_in(drawn.indices, drawn.counts)
    raw = Distribution.from_shots(drawn).probabilities
    smoothed = Distribution.from_shots(drawn, pseudocount=0.5).probabilities
    for name, measure in METRICS.items():
        expected = float(measure.function(p, smoothed if name == "kl" else raw))
        assert found[name] == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_scoring_whole_tables_or_seen_strings_is_the_same(monkeypatch) -> None:
    reference = porter_thomas(5)
    estimator = Estimator(reference.probabilities)
    law = disturbed(reference, 3).probabilities

    def drawn() -> dict[str, NDArray[np.float64]]:
        return estimator.replicates(law, 40, 30, np.random.default_rng(2))

    whole = drawn()
    monkeypatch.setattr(histograms, "_WHOLE", 0)
    for name, scores in drawn().items():
        np.testing.assert_allclose(whole[name], scores, rtol=1e-10, atol=1e-12)


def test_a_law_is_stretched_from_the_reference_through_the_histogram() -> None:
    p, indices, counts = np.array([0.5, 0.25, 0.25]), np.array([0, 2]), np.array([3, 1])
    np.testing.assert_allclose(stretched(p, indices, counts, 0.0), p)
    np.testing.assert_allclose(stretched(p, indices, counts, 0.5), [0.625, 0.125, 0.25])
    np.testing.assert_allclose(stretched(p, indices, counts, 1.0), [0.75, 0, 0.25])
    np.testing.assert_allclose(stretched(p, indices, counts, 2.0), [0.8, 0, 0.2])  # not below 0


def test_cross_entropy_scores_of_shots_are_unbiased() -> None:
    reference = porter_thomas(6)
    law = disturbed(reference, 2)
    estimator = Estimator(reference.probabilities)
    drawn = estimator.replicates(law.probabilities, 50, 4000, np.random.default_rng(1))
    exact = estimator.exact(law.probabilities)
    for name in ("xeb", "log_xeb", "heavy_output"):
        error = drawn[name].std() / np.sqrt(4000)
        assert abs(drawn[name].mean() - exact[name]) < 5 * error  # false alarm 6e-7
    bias = drawn["total_variation"].mean() - exact["total_variation"]
    assert bias > 100 * drawn["total_variation"].std() / np.sqrt(4000)  # and this one is not


def test_large_tables_get_fewer_replicates() -> None:
    assert [affordable(200, 1 << n) for n in (12, 17, 18, 20, 24)] == [200, 200, 128, 40, 40]
    assert affordable(10, 1 << 20) == 10


def test_the_path_goes_past_the_score_though_most_strings_were_not_seen(monkeypatch) -> None:
    """Taken as a law, a histogram of two shots a string is nearer than its own distance says."""
    reference = porter_thomas(10, seed=4)
    law, rng, ends = disturbed(reference, 20, seed=5), np.random.default_rng(6), []
    monkeypatch.setattr(histograms, "interval", lambda *of, **_: ends.append(of[:3]))
    estimator = Estimator(reference.probabilities)
    floor = estimator.replicates(reference.probabilities, 2400, 100, rng)
    for _ in range(5):
        estimator.intervals(law.sample(2400, seed=rng), floor, 0.95, rng)
    beyond = [(path[-1].mean() - value) / path[-1].std() for value, _, path in ends]
    assert len(beyond) == 5 * sum(not measure.linear for measure in METRICS.values())
    assert min(beyond) > 0.5
    assert np.mean(beyond) > 2
