"""Work by any workers: all of it done, once; lost workers replaced; nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pytest
import small_tasks
from small_tasks import Job

from qdiff import DaskCluster, InputError, LocalProcesses, RayCluster, SlurmJobs
from qdiff.executors.by_name import engine_named
from qdiff.executors.completed import completed
from qdiff.executors.engine import Engine, cores
from qdiff.executors.one_task_each import OneTaskEach
from qdiff.executors.slurm_jobs import settings_of_environment
from qdiff.executors.this_process import ThisProcess

HELPERS = str(Path(small_tasks.__file__).parent)


@pytest.fixture(scope="module")
def importable() -> Iterator[None]:
    """Workers that know only what the environment tells them find the helpers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([HELPERS, os.environ.get("PYTHONPATH", "")]))
        yield


@pytest.fixture(scope="module")
def ray(importable: None) -> Iterator[RayCluster]:
    """A cluster of this machine for all tests of the file: one takes seconds to start."""
    pytest.importorskip("ray", reason="needs the extra 'ray'")
    engine = RayCluster(workers=2)
    with engine.open():
        yield engine


@pytest.fixture(scope="module")
def dask() -> DaskCluster:
    pytest.importorskip("distributed", reason="needs the extra 'dask'")
    return DaskCluster(workers=2)


@pytest.fixture
def slurm(tmp_path: Path, importable: None) -> SlurmJobs:
    """submitit's local executor, which has jobs of this machine as Slurm has them elsewhere."""
    pytest.importorskip("submitit", reason="needs the extra 'slurm'")
    shared = tmp_path / "shared"
    shared.mkdir()
    return SlurmJobs(workers=3, folder=shared, cluster="local")


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("ray", "dask")]


@pytest.fixture(params=["here", "local", "slurm", *SLOW])
def engine(request: pytest.FixtureRequest) -> Engine:
    made: dict[str, Callable[[], Engine]] = {
        "here": ThisProcess,
        "local": lambda: LocalProcesses(workers=2),
    }
    name = request.param
    return made[name]() if name in made else request.getfixturevalue(name)


def jobs(folder: Path, numbers: range, losing: int | None = None, losses: int = 1) -> list[Job]:
    folder.mkdir(exist_ok=True)
    return [
        Job(number=number, folder=folder, losses=losses if number == losing else 0)
        for number in numbers
    ]


def test_all_work_is_done_and_a_lost_worker_s_done_again(engine: Engine, tmp_path: Path) -> None:
    losing = None if isinstance(engine, ThisProcess | SlurmJobs) else 2
    tasks = jobs(tmp_path / "begun", range(4), losing)
    found = dict(completed(engine, small_tasks.squared, tasks))
    assert found == {task: task.number**2 for task in tasks}
    if losing is not None:
        assert tasks[losing].begun() >= 2


@pytest.mark.slow  # submitit waits a quarter of a minute for what a lost job might have left
def test_a_lost_job_is_begun_again_and_no_files_stay(slurm: SlurmJobs, tmp_path: Path) -> None:
    tasks = jobs(tmp_path / "begun", range(4), losing=2)
    found = dict(completed(slurm, small_tasks.squared, tasks))
    assert found == {task: task.number**2 for task in tasks}
    assert [task.begun() for task in tasks] == [1, 1, 2, 1]
    assert not os.listdir(slurm.folder)


def test_an_error_of_the_work_arrives_as_it_is_and_nothing_finished_is_lost(
    engine: Engine, tmp_path: Path
) -> None:
    if isinstance(engine, DaskCluster | SlurmJobs):
        pytest.skip("the same code, and seconds")
    found: list[tuple[int, int]] = []
    run = completed(engine, small_tasks.refused, jobs(tmp_path, range(50)))
    with pytest.raises(InputError, match=r"^two is not wanted$"):
        found.extend((task.number, square) for task, square in run)
    assert dict(found).items() >= {0: 0, 1: 1}.items()
    assert len(found) < 50  # no more is begun once one has failed


def test_a_lost_worker_costs_only_its_own_task(tmp_path: Path) -> None:
    """Those beside it are not begun again, and lose none of their own tries."""
    tasks = jobs(tmp_path, range(6), losing=3, losses=2)
    found = dict(completed(LocalProcesses(workers=2), small_tasks.squared, tasks, retries=2))
    assert found == {task: task.number**2 for task in tasks}
    assert [task.begun() for task in tasks] == [1, 1, 1, 3, 1, 1]


def test_work_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    tasks = jobs(tmp_path, range(2), losing=1, losses=99)
    with pytest.raises(InputError, match="lost 2 times at the same work"):
        list(completed(LocalProcesses(workers=1), small_tasks.squared, tasks, retries=1))
    assert tasks[1].begun() == 2


def test_no_more_is_taken_than_there_is_room_for(tmp_path: Path) -> None:
    taken = []

    def tasks() -> Iterator[Job]:
        for task in jobs(tmp_path, range(20)):
            taken.append(task)
            yield task

    for engine in (ThisProcess(), LocalProcesses(workers=2)):
        taken.clear()
        for given, _ in enumerate(completed(engine, small_tasks.squared, tasks())):
            assert len(taken) <= given + engine.in_flight
        assert len(taken) == 20


def test_a_worker_has_one_thread_and_ends_after_so_many_tasks() -> None:
    engine = LocalProcesses(workers=1, tasks_each=2)
    before = os.environ.get("OMP_NUM_THREADS")
    found = [found for _, found in completed(engine, small_tasks.threads, range(4))]
    assert {number for number, _ in found} == {"1"}
    assert len({process for _, process in found}) == 2
    assert os.environ.get("OMP_NUM_THREADS") == before


def processes_of(folder: Path, number: int, alive: Callable[[], bool]) -> list[psutil.Process]:
    """The workers that have noted themselves in the folder, once there are so many."""
    while len(names := os.listdir(folder)) < number:
        assert alive()
    return [psutil.Process(int(name)) for name in names]


@pytest.mark.parametrize(
    "engine", ["local", *SLOW, pytest.param("slurm", marks=pytest.mark.slow)], indirect=True
)
def test_what_runs_is_ended_with_the_iteration(engine: Engine, tmp_path: Path) -> None:
    """By Ctrl-C, that is: it comes out of the waiting as an exception."""
    (folder := tmp_path / "begun").mkdir()

    def tasks() -> Iterator[Path]:
        yield folder
        yield folder
        found.extend(processes_of(folder, 2, lambda: True))
        raise KeyboardInterrupt

    found: list[psutil.Process] = []
    run = completed(engine, small_tasks.endless, tasks(), in_flight=3)
    with pytest.raises(KeyboardInterrupt), closing(run):
        list(run)
    assert psutil.wait_procs(found, timeout=30)[1] == []


def test_a_killed_parent_leaves_no_worker(tmp_path: Path) -> None:
    code = f"""
import sys; sys.path[:0] = {sys.path!r}
if __name__ == "__main__":
    import small_tasks
    from pathlib import Path
    from qdiff import LocalProcesses
    from qdiff.executors.completed import completed
    list(completed(LocalProcesses(workers=2), small_tasks.endless, [Path({str(tmp_path)!r})] * 2))
"""
    script = tmp_path.with_suffix(".py")
    script.write_text(code)
    parent = subprocess.Popen([sys.executable, script], stderr=subprocess.DEVNULL)
    workers = processes_of(tmp_path, 2, lambda: parent.poll() is None)
    parent.kill()
    parent.wait()
    assert psutil.wait_procs(workers, timeout=30)[1] == []


def test_engines_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def named(name: str, workers: int | None = None) -> Engine:
        return engine_named(name, workers, folder=tmp_path)

    assert isinstance(named("local", 1), ThisProcess)
    assert named("local", 3) == LocalProcesses(workers=3)
    assert named("ray") == RayCluster(workers=cores())
    assert named("dask", 5) == DaskCluster(workers=5)
    monkeypatch.setenv("QDIFF_SLURM", "slurm_partition=short, timeout_min=60")
    settings = {"slurm_partition": "short", "timeout_min": 60}
    assert named("slurm", 9) == SlurmJobs(workers=9, folder=tmp_path, settings=settings)
    monkeypatch.setenv("QDIFF_SLURM", "partition")
    with pytest.raises(InputError, match="name=value"):
        settings_of_environment()
    with pytest.raises(InputError, match="there are local, ray, slurm, dask"):
        named("carrier pigeon")


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("ray", "ray", "ray"), ("slurm", "submitit", "slurm"), ("dask", "distributed", "dask")],
)
def test_a_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    engine = engine_named(name, 1, folder=tmp_path)
    with pytest.raises(InputError, match=rf"qdiff-sampler\[{extra}\]"):
        list(completed(engine, abs, [1]))


def test_slurm_s_refusal_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("submitit", reason="needs the extra 'slurm'")
    engine = SlurmJobs(folder=tmp_path, cluster="local", settings={"nonsense": 1})
    with pytest.raises(InputError, match="jobs cannot be given to local"):
        list(completed(engine, abs, [1]))
    assert not os.listdir(tmp_path)


def test_a_process_lost_between_two_tasks_costs_neither() -> None:
    """It is noticed when the next task is handed to it, which another then does."""

    class Short(ThreadPoolExecutor):
        used = False

        def submit(self, *args, **kwargs):
            if self.used:
                raise BrokenExecutor
            self.used = True
            return super().submit(*args, **kwargs)

    pool = OneTaskEach(1, lambda: Short(1))
    found = [pool.submit(abs, -number) for number in range(4)]
    assert [each.result(timeout=10) for each in found] == [0, 1, 2, 3]
    assert pool.submit(abs, -5).result(timeout=10) == 5
    pool.shutdown()
