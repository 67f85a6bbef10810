"""A fit that is killed goes on in another process, and ends as one that was never stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from killable_fit import outcome


def begun(checkpoint: Path) -> subprocess.Popen[str]:
    """The job in a process of its own, past its imports."""
    helpers = Path(__file__).parents[1] / "helpers"
    process = subprocess.Popen(
        [sys.executable, "-m", "killable_fit", str(checkpoint)],
        stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(helpers), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "began\n"
    return process


def result(checkpoint: Path) -> str:
    answer, _ = begun(checkpoint).communicate(timeout=300)
    assert answer
    return answer


def killed(checkpoint: Path, *, after: float) -> bool:
    """Whether SIGKILL came before the job's end; `after` seconds from its beginning."""
    process = begun(checkpoint)
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL


def test_a_fit_killed_while_it_trains_ends_as_if_never_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = begun(path := tmp_path / "killed")
    while not path.exists():  # the first state is written early in the first training
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    monkeypatch.setattr("qdiff.fitting.checkpoint.SECONDS_BETWEEN", 0.0)
    assert result(path) == outcome(str(tmp_path / "whole"))


@pytest.mark.slow
def test_fits_killed_at_fifty_instants_end_as_if_never_stopped(tmp_path: Path) -> None:
    process = begun(tmp_path / "whole")
    started = time.monotonic()
    expected, _ = process.communicate(timeout=300)
    longest = time.monotonic() - started
    stopped = 0
    for number, after in enumerate(np.random.default_rng(1).uniform(0, longest, size=50)):
        path = tmp_path / f"killed_{number}"
        stopped += killed(path, after=after)
        assert result(path) == expected
    assert stopped >= 25  # or the instants were no instants of the fit
