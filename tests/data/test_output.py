"""Writing: refused before the work where it cannot be, and nothing is lost by it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from qdiff import InputError, Shots, convert
from qdiff.data import output
from qdiff.fitting.checkpoint import Checkpoint


def test_a_symbolic_link_is_followed(tmp_path) -> None:
    target, link, dangling = (tmp_path / name for name in ("target", "link", "dangling"))
    target.write_bytes(b"old")
    link.symlink_to(target)
    dangling.symlink_to("not-yet")
    for path in (link, dangling):
        with pytest.raises(InputError, match="exists"):
            output.write_bytes(path, b"new")
        output.write_bytes(path, b"new", force=True)
        assert path.is_symlink()
    assert target.read_bytes() == (tmp_path / "not-yet").read_bytes() == b"new"


def test_a_pipe_or_device_is_written_to_and_stays(tmp_path) -> None:
    pipe, link, got = tmp_path / "pipe", tmp_path / "link", []
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
        reader.start()
        output.write_bytes(path, b"x" * 100_000, force=True)
        reader.join()
    assert [len(each) for each in got] == [100_000, 100_000]
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    assert sorted(os.listdir(tmp_path)) == ["link", "pipe"]
    with pytest.raises(InputError, match=r"cannot write /dev/full: No space left"):
        output.write_bytes("/dev/full", b"x")


def test_a_replaced_file_keeps_its_permissions(tmp_path) -> None:
    path = tmp_path / "private"
    path.write_bytes(b"old")
    path.chmod(0o600)
    output.write_bytes(path, b"new", force=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere/file", "no folder"),
        ("there/file", "Not a directory"),
        (".", "is a folder"),
        ("", "must name one"),
        ("loop", "symbolic links"),
        ("n" * 300, "name too long"),
        ("null\0", "must name one"),
        ("there", "an input or another output"),
        ("link", "an input or another output"),
        ("hard", "an input or another output"),
    ],
)
def test_what_cannot_be_written_is_refused_first(tmp_path, monkeypatch, name, says) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there").write_bytes(b"needed")
    Path("link").symlink_to("there")
    Path("loop").symlink_to("loop")
    os.link("there", "hard")
    files = sorted(os.listdir())
    with pytest.raises(InputError, match=says):
        output.check_output(name, force=True, others=("there", None, 3, "superconducting"))
    assert sorted(os.listdir()) == files
    assert Path("there").read_bytes() == b"needed"


def test_two_outputs_of_one_name_are_refused_before_either_is_there(tmp_path) -> None:
    with pytest.raises(InputError, match="another output"):
        output.check_output(tmp_path / "new", force=False, others=(tmp_path / "x" / ".." / "new",))


@pytest.mark.skipif(os.geteuid() == 0, reason="everything may be written to by root")
def test_permissions_are_asked_first(tmp_path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="may not be written to"):
        output.check_output(tmp_path / "new", force=False)


def test_an_input_is_not_replaced_by_its_own_conversion(tmp_path) -> None:
    path = tmp_path / "counts.json"
    path.write_text('{"01": 3}')
    with pytest.raises(InputError, match="an input"):
        convert(path, path, force=True)
    assert path.read_text() == '{"01": 3}'


def test_a_checkpoint_is_a_file_or_refused_at_once(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "nowhere/at", "."):
        with pytest.raises(InputError):
            Checkpoint(tmp_path / name, "identity")


_WRITES_FOREVER = """
import os, sys
from qdiff.data import output
os.fsync = lambda _: (print("writing", flush=True), os.read(0, 1))
output.write_bytes(sys.argv[1], b"half", force=True)
"""


def test_what_a_killed_process_left_is_removed_by_the_next_run(tmp_path) -> None:
    """And nothing else: not what another process still writes, nor a file that looks like it."""
    path = tmp_path / "model.safetensors"
    command = [sys.executable, "-c", _WRITES_FOREVER, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as killed, subprocess.Popen(command, **pipes) as alive:
        for process in (killed, alive):
            assert process.stdout.readline() == b"writing\n"
        assert len(os.listdir(tmp_path)) == 2
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        (tmp_path / ".model.safetensors.backup").touch()
        (tmp_path / ".other.x.qdiff-part").touch()
        Shots.from_counts({"0": 1}).save(path)
        assert len(os.listdir(tmp_path)) == 4  # the file, the living one's, and the two
        alive.communicate(b"\n")
    assert alive.returncode == 0
    assert path.read_bytes() == b"half"
    assert sorted(os.listdir(tmp_path)) == [
        ".model.safetensors.backup", ".other.x.qdiff-part", "model.safetensors",
    ]  # fmt: skip


_KILLED_AT_THE_END = """
import os, signal, sys
from qdiff.data import output
link = os.link
os.link = lambda *paths: (link(*paths), os.kill(os.getpid(), signal.SIGKILL))
output.write_bytes(sys.argv[1], b"whole")
"""


def test_a_writer_killed_at_its_end_leaves_no_second_name(tmp_path) -> None:
    """The file is there then, so that it is not written again."""
    path = tmp_path / "file"
    done = subprocess.run([sys.executable, "-c", _KILLED_AT_THE_END, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(os.listdir(tmp_path)) == 2
    with pytest.raises(InputError, match="exists"):
        output.check_output(path, force=False)
    assert os.listdir(tmp_path) == ["file"]
    assert path.read_bytes() == b"whole"


def test_writers_at_the_same_time_do_not_disturb_each_other(tmp_path) -> None:
    path, errors = tmp_path / "file", []

    def write(content: bytes) -> None:
        end = time.monotonic() + 0.5
        try:
            while time.monotonic() < end:
                output.write_bytes(path, content * 1000, force=True)
        except InputError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(bytes([each]),)) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(set(path.read_bytes())) == 1
    assert os.listdir(tmp_path) == ["file"]
