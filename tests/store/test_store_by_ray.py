"""Ray draws a store's batches, one of two workers is killed in the middle, and all is there."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import psutil
import pytest

from qdiff import RayCluster, ShotStore

JOB = {"circuit": "ising:10", "noise": "superconducting", "shots": 4000, "seed": 3, "batch": 200}


def working() -> list[psutil.Process]:
    """Ray's processes of this one that are at work."""
    found = psutil.Process().children(recursive=True)
    return [each for each in found if "ray::_call" in " ".join(each.cmdline())]


@pytest.mark.slow
def test_a_worker_killed_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="needs the extra 'ray'")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    losses, there = [], tmp_path / "there"
    plain = RayCluster.is_loss

    def noted(self: RayCluster, error: BaseException) -> bool:
        losses.append(error)
        return plain(self, error)

    monkeypatch.setattr(RayCluster, "is_loss", noted)

    def kill_one() -> None:
        """As soon as some batches are there and both workers draw."""
        while len(list(there.rglob("*.safetensors"))) < 4 or len(found := working()) < 2:
            if done.wait(0.01):
                return
        found[0].kill()
        killed.append(found[0].pid)

    done, killed = threading.Event(), []
    killer = threading.Thread(target=kill_one)
    killer.start()
    try:
        drawn = ShotStore(there).shots(**JOB, executor=RayCluster(workers=2))
    finally:
        done.set()
        killer.join()
    assert killed
    assert losses
    here = tmp_path / "here"
    assert drawn == ShotStore(here).shots(**JOB)
    names = sorted(path.name for path in here.rglob("*.safetensors"))
    assert len(names) == 20
    assert sorted(path.name for path in there.rglob("*.safetensors")) == names
    for path in there.rglob("*.safetensors"):
        assert path.read_bytes() == (here / path.relative_to(there)).read_bytes()
    assert not [name for path, _, found in os.walk(there) for name in found if name[0] == "."]
