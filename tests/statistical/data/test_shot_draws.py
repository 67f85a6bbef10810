"""Shots drawn from tables and dealt out of sets, against their laws."""

from __future__ import annotations

import numpy as np
import pytest
from chi_square import FALSE_ALARM, biased, p_value
from known_laws import porter_thomas
from scipy import stats

from qdiff import Shots


@pytest.mark.parametrize("shots", [100, 20_000])  # both ways of drawing from a table
def test_samples_follow_the_law(shots: int) -> None:
    law = porter_thomas(6 if shots > 1000 else 10)
    assert p_value(law.sample(shots, seed=1), law) > FALSE_ALARM


def test_a_sampler_biased_by_2_percent_is_caught() -> None:
    law = porter_thomas(6)
    assert p_value(biased(law).sample(200_000, seed=1), law) < FALSE_ALARM


def test_split_is_hypergeometric() -> None:
    """Of 40 equal shots among 100, how many fall into a half: chi-square, false alarm 1e-6."""
    shots = Shots.from_counts({"0": 40, "1": 60})
    seen = [shots.split(0.5, seed=s)[0].to_counts().get("0", 0) for s in range(3000)]
    law = stats.hypergeom(100, 40, 50)
    edges = np.arange(14, 27)
    observed = np.array(
        [
            sum(s <= 14 for s in seen),
            *(sum(s == k for s in seen) for k in edges[1:-1]),
            sum(s >= 26 for s in seen),
        ]
    )
    expected = np.array([law.cdf(14), *law.pmf(edges[1:-1]), law.sf(25)]) * 3000
    assert stats.chisquare(observed, expected).pvalue > FALSE_ALARM
