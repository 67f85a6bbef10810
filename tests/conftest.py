from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Small networks on a busy machine lose far more to waiting for threads than they gain."""
    import torch

    torch.set_num_threads(1)
