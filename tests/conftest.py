from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import chromium
import pytest


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Small networks on a busy machine lose far more to waiting for threads than they gain."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def small_chains() -> Iterator[None]:
    """Small matrix-product laws, where it is not tested how good a fit is."""
    import quick_fits

    with quick_fits.small_chains():
        yield


@pytest.fixture
def tiny_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits of which it does not matter how good they are, whatever the effort."""
    from killable_fit import CONFIG
    from quick_fits import brief

    from qdiff.fitting.choose_config import ChosenConfig

    chosen = ChosenConfig(config=brief(CONFIG, 10), why="quick")
    monkeypatch.setattr("qdiff.fitting.fit.choose_config", lambda *_, **__: chosen)


@pytest.fixture
def short_trainings(monkeypatch: pytest.MonkeyPatch, small_chains: None) -> None:
    """And as few steps as a plan may have."""
    from qdiff.fitting import choose_config

    few = {effort: replace(work, steps=25, folds=2) for effort, work in choose_config.WORK.items()}
    monkeypatch.setattr(choose_config, "WORK", few)


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Tab]:
    """A tab of a browser, where there is one."""
    browser = chromium.installed()
    if browser is None:
        pytest.skip(f"none of {', '.join(chromium.NAMES)} is on the path")
    with chromium.running(browser, tmp_path_factory.mktemp("profile")) as found:
        yield found
