"""Two processes that train together over gloo, as ``torchrun`` starts them, on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from quick_fits import training_shots
from scipy import stats

import qdiff
from qdiff import InputError
from qdiff.models.diffusion.training.distributed import Ranks, current, joined

HELPERS = Path(__file__).parents[1] / "helpers"
FALSE_ALARM = 1e-6
SEEDS = 12


def torchrun(*command: str, processes: int = 2, **options: Any) -> subprocess.Popen[str]:
    """The program in so many processes."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "torch.distributed.run"),
            *("--nproc-per-node", str(processes), "--rdzv-backend", "c10d"),
            *("--rdzv-endpoint", "127.0.0.1:0", "--local-addr", "127.0.0.1", *command),
        ],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={
            **os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "",
            "PYTHONPATH": os.pathsep.join([str(Path(qdiff.__file__).parents[1]), str(HELPERS)]),
        },
        **options,
    )  # fmt: skip


def together(job: str, *arguments: str, processes: int = 2) -> Any:
    """What the first process said."""
    process = torchrun(str(HELPERS / "fit_by_ranks.py"), job, *arguments, processes=processes)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return json.loads(out)


def test_two_processes_take_the_steps_of_the_whole_batch() -> None:
    found = together("basics")
    assert found["world"] == 2
    assert found["off"] < 1e-6 * found["scale"] < 1e-3 * found["off_alone"]
    assert found["loss_off"] < 1e-6
    assert found["same"]  # weights, losses and scores of all processes, to the bit
    assert found["generators"] == 2


@pytest.mark.slow
def test_two_processes_reach_the_held_out_score_of_one() -> None:
    """Fits of the same seeds hold out the same shots, so that scores are compared in pairs."""
    one, two, less = (
        np.array(together("scores", str(SEEDS), steps, processes=processes))
        for processes, steps in ((1, "400"), (2, "400"), (2, "40"))
    )
    print(f"one process {one.mean():.5f}, two {two.mean():.5f}, a tenth {less.mean():.5f}")
    low, high = interval(two - one, 1 - FALSE_ALARM)
    print(f"two less one: {np.mean(two - one):.5f}, 95 %: {interval(two - one, 0.95)}")
    assert low < 0 < high
    assert interval(less - one, 1 - FALSE_ALARM)[0] > 0  # power: less training is seen


def interval(differences: np.ndarray, confidence: float) -> tuple[float, float]:
    low, high = stats.t.interval(
        confidence, len(differences) - 1, loc=differences.mean(), scale=stats.sem(differences)
    )
    return float(low), float(high)


@pytest.mark.slow
def test_two_processes_killed_end_as_if_never_stopped(tmp_path: Path) -> None:
    whole = together("outcome", str(tmp_path / "whole"))
    path = tmp_path / "killed"
    process = torchrun(
        str(HELPERS / "fit_by_ranks.py"), "outcome", str(path), start_new_session=True
    )
    while not path.exists():
        assert process.poll() is None
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert together("outcome", str(path)) == whole
    with pytest.raises(AssertionError, match="one of 2 processes"):
        together("outcome", str(path), processes=1)


@pytest.mark.slow
def test_the_command_writes_and_prints_once(tmp_path: Path) -> None:
    training_shots(num_bits=4, shots=500).save(tmp_path / "shots")
    command = ("-m", "qdiff", "fit", "shots", "--effort", "fast", "--seed", "1", "--out", "model")
    process = torchrun(*command, "--checkpoint", "unfinished", cwd=tmp_path)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert out.count("network: ") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "shots"]
    model = qdiff.Surrogate.load(tmp_path / "model")
    assert model.sample(100, seed=1).num_shots == 100


def test_one_process_alone_changes_nothing() -> None:
    generator = torch.Generator().manual_seed(1)
    with joined() as ranks:
        assert ranks == current() == Ranks()
        assert ranks.own_generator(generator) is generator
        assert ranks.share(7) == 7
        assert ranks.gathered(state := np.arange(3)) is state


def test_parts_make_up_the_batch_and_none_is_empty() -> None:
    for world in (1, 2, 3, 7):
        parts = [Ranks(rank=rank, world=world).share(64) for rank in range(world)]
        assert sum(parts) == 64
        assert max(parts) - min(parts) <= 1
    with pytest.raises(InputError, match="3 processes cannot share batches of 2"):
        Ranks(rank=0, world=3).share(2)


def test_each_process_has_random_numbers_of_its_own_and_the_same_again() -> None:
    def first(rank: int, seed: int) -> float:
        root = torch.Generator().manual_seed(seed)
        own = Ranks(rank=rank, world=3).own_generator(root)
        return float(torch.rand(1, generator=own))

    found = {(rank, seed): first(rank, seed) for rank in range(3) for seed in (1, 2)}
    assert len(set(found.values())) == 6
    assert found == {key: first(*key) for key in found}


def test_a_checkpoint_of_other_processes_is_refused() -> None:
    with pytest.raises(InputError, match="one of 2 processes; go on with as many, not 1"):
        Ranks().own(np.zeros((2, 5), np.uint8))
    with pytest.raises(InputError, match="one of 1 processes"):
        Ranks(rank=1, world=2).own(np.zeros(5, np.uint8))


def test_memory_that_runs_out_in_one_process_ends_it() -> None:
    with (
        pytest.raises(InputError, match="process 1 of 2 is out of memory"),
        Ranks(rank=1, world=2).failing_together(),
    ):
        raise MemoryError
    with pytest.raises(MemoryError), Ranks().failing_together():
        raise MemoryError
