"""Central ranges and intervals about a value, at their edges."""

from __future__ import annotations

import numpy as np
import pytest

from qdiff.comparison.intervals.central import about, central, within


def test_more_confidence_than_there_are_draws_gives_all_of_them() -> None:
    assert central(np.array([3.0, 1.0, 2.0]), 0.99) == (1.0, 3.0)
    assert central(np.array([1.0, np.inf]), 0.5) is None


def test_an_interval_is_the_value_less_its_deviations_within_bounds() -> None:
    found = about(5.0, np.arange(-10.0, 29.0), 0.95)
    assert found == pytest.approx((-23.0, 15.0))
    assert within(found, (0.0, 10.0)) == (0.0, 10.0)
    assert about(np.inf, np.arange(3.0), 0.95) is None
