"""Jobs in processes that are quick to start, since they are forked from one that has imported all.

That one is new and has no threads, unlike the process of the tests.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from killable_fit import CONFIG
from quick_fits import brief

import qdiff
from qdiff.cli import main
from qdiff.fitting.choose_config import ChosenConfig

_CONTEXT: Any = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["killable_jobs", "imported_beforehand"])

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
