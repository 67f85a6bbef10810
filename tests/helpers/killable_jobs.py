"""Jobs in processes that are quick to start, since they are forked from one that has imported all.

That one is new and has no threads, unlike the process of the tests.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from killable_fit import CONFIG
from quick_fits import brief
from safetensors import numpy as _safetensors  # noqa: F401

import qdiff
import qdiff.sweeps.sweep
from qdiff.cli import main
from qdiff.executors import by_name  # noqa: F401
from qdiff.files import load as _load  # noqa: F401
from qdiff.fitting.choose_config import ChosenConfig
from qdiff.sweeps.sweep_table import to_parquet

_CONTEXT: Any = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["killable_jobs"])

# what is imported only when it is used
CONFIG.candidates[0].network.build(2, generator=torch.Generator())
torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))])
with suppress(qdiff.InputError):  # without the extra it is not used either
    to_parquet([{"kl": 1.0}])

LARGE = qdiff.Shots.from_indices(
    np.arange(300_000), np.ones(300_000, int), registers=[qdiff.Register("c", 20)]
)


def started(job: Callable[..., None], folder: Path, *arguments: str) -> BaseProcess:
    """A process that does the job in a folder; what it prints goes to ``<folder>.log``."""
    process = _CONTEXT.Process(target=_do, args=(job, str(folder), arguments))
    with mock.patch.dict(os.environ, OMP_NUM_THREADS="1", PYTHONPATH=os.pathsep.join(sys.path)):
        process.start()
    return process


def _do(job: Callable[..., None], folder: str, arguments: tuple[str, ...]) -> None:
    torch.set_num_threads(1)
    os.chdir(folder)
    with (
        open(f"{folder}.log", "a") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        job(*arguments)


def command(*arguments: str) -> None:
    """``qdiff`` with small fits, all states of which are kept."""
    sys.argv = ["qdiff", *arguments]
    small = ChosenConfig(config=brief(CONFIG, 30), why="quick")
    with (
        mock.patch("qdiff.fitting.fit.choose_config", return_value=small),
        mock.patch("qdiff.fitting.checkpoint.SECONDS_BETWEEN", 0.0),
    ):
        main.main()


def save() -> None:
    """Save shots several times, over what an earlier run may have saved."""
    for name in "abcdefgh":
        try:
            LARGE.save(name)
        except qdiff.InputError:
            LARGE.save(name, force=True)
