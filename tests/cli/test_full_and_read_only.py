"""A full disk and a folder that nothing may be written to: one line, and earlier results whole."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SWEEP = 'circuits = ["ghz:2"]\nnoise = ["light"]\nshots = [%s]\nseeds = [1]\nbatch = 20\n'


pytestmark = pytest.mark.usefixtures("tiny_fits")


@dataclass(frozen=True)
class Trouble:
    """A folder, and how it comes that nothing can be written there, and that it can again."""

    folder: Path
    begin: Callable[[], object]
    end: Callable[[], object]
    says: str


def mounted(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    """To the last byte."""
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"0" * 512):
            pass


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Trouble]:
    (folder := tmp_path / "disk").mkdir()
    if not mounted("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)):
        pytest.skip("a disk of a few megabytes cannot be mounted here")
    filler = folder / "filler"
    yield Trouble(folder, lambda: fill(filler), filler.unlink, "No space left on device")
    unmount(folder)


@pytest.fixture
def full_disk_pretended(tmp_path: Path) -> Iterator[Trouble]:
    """Where nothing can be mounted: the system says so when a file is to be on the disk."""

    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        (folder := tmp_path / "disk").mkdir()
        yield Trouble(
            folder, lambda: patch.setattr(os, "fsync", refuse), patch.undo, "No space left"
        )


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Trouble]:
    """Also for root, who may write to every folder but not to such a disk."""
    (folder := tmp_path / "disk").mkdir()
    if not mounted("--bind", str(folder), str(folder)):
        pytest.skip("nothing can be mounted here")

    def remount(how: str) -> None:
        assert mounted("-o", f"remount,bind,{how}", str(folder))

    yield Trouble(folder, lambda: remount("ro"), lambda: remount("rw"), "may not be written to")
    unmount(folder)


@pytest.fixture(
    params=[
        "full_disk_pretended",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("full_disk", "read_only")),
    ]
)
def trouble(request: pytest.FixtureRequest) -> Trouble:
    return request.getfixturevalue(request.param)


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "filler")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def stored(folder: Path, shots: int) -> tuple[str, ...]:
    return ("simulate", "ghz:3", "--store", f"{folder}/store", "--batch", "20",
            "--shots", str(shots), "--workers", "1")  # fmt: skip


def swept(folder: Path, shots: int) -> tuple[str, ...]:
    Path("sweep.toml").write_text(SWEEP % ", ".join(map(str, range(20, shots + 1, 20))))
    return ("sweep", "sweep.toml", "--out", f"{folder}/out", "--workers", "1")


def plain(folder: Path, shots: int) -> tuple[str, ...]:
    return ("simulate", "ghz:3", "--shots", str(shots), "--out", f"{folder}/{shots}")


def fitted(folder: Path, shots: int) -> tuple[str, ...]:
    Path("counts").write_text(f'{{"00": {shots}, "11": 30}}')
    return ("fit", "counts", "--out", f"{folder}/{shots}", "--checkpoint", f"{folder}/c{shots}")


def check(
    qdiff_command, tmp_path: Path, trouble: Trouble, job: Callable[..., tuple[str, ...]]
) -> None:
    """One line, earlier results whole, and afterwards it goes on as if nothing had been."""
    assert qdiff_command(*job(trouble.folder, 40)).code == 0
    before = files(trouble.folder)
    trouble.begin()
    done = qdiff_command(*job(trouble.folder, 60))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("qdiff: cannot ")
    assert trouble.says in done.err
    assert done.err.count("\n") == 1
    assert files(trouble.folder) == before
    trouble.end()
    assert qdiff_command(*job(trouble.folder, 60)).code == 0
    after = files(trouble.folder)
    if job is not swept:  # whose table is a new one
        assert before.items() <= after.items()
    if job in (stored, swept):
        (whole := tmp_path / "whole").mkdir()
        assert qdiff_command(*job(whole, 40)).code == qdiff_command(*job(whole, 60)).code == 0
        assert files(whole) == after


@pytest.mark.parametrize("job", [stored, swept, plain, fitted])
def test_one_line_and_earlier_results_stay_whole(
    qdiff_command, tmp_path: Path, trouble: Trouble, job: Callable[..., tuple[str, ...]]
) -> None:
    check(qdiff_command, tmp_path, trouble, job)


def test_a_store_on_a_disk_that_is_full(qdiff_command, tmp_path: Path, full_disk: Trouble) -> None:
    check(qdiff_command, tmp_path, full_disk, stored)


def test_a_store_on_a_disk_that_may_only_be_read(
    qdiff_command, tmp_path: Path, read_only: Trouble
) -> None:
    check(qdiff_command, tmp_path, read_only, stored)
