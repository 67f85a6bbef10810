from __future__ import annotations

from functools import partial

import pytest


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Small networks on a busy machine lose far more to waiting for threads than they gain."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def short_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few steps as a plan may have and small bonds, where it is not tested how good a fit is."""
    from qdiff.models.matrix_product.fit import MatrixProductConfig, fit_matrix_product

    small = partial(fit_matrix_product, config=MatrixProductConfig(bonds=(1, 2)))
    monkeypatch.setattr("qdiff.fitting.fit_parts.fit_matrix_product", small)
    monkeypatch.setattr("qdiff.fitting.choose_config._part_of_a_training", lambda num_bits: 0.02)
