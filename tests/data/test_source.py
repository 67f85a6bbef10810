"""What comes through a pipe is read as a file is."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from qdiff import InputError, NoiseSpec, Shots, load, load_circuit
from qdiff.data import source

SHOTS = Shots.from_counts({"01": 3, "11": 4})
GHZ = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[1] q;\nbit[1] c;\nh q[0];\nc = measure q;\n'


@contextmanager
def piped(folder: Path, name: str, content: bytes):
    path = folder / name
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(content))
    writer.start()
    yield path
    writer.join()


def native(value, folder: Path) -> bytes:
    value.save(folder / "saved")
    return (folder / "saved").read_bytes()


def test_files_of_every_kind(tmp_path) -> None:
    with piped(tmp_path, "a", native(SHOTS, tmp_path)) as path:
        assert load(path) == SHOTS
    with piped(tmp_path, "b", (tmp_path / "saved").read_bytes()) as path:
        assert Shots.load(path) == SHOTS
    with piped(tmp_path, "c.csv", b"q0,q1\n1,0\n1,0\n") as path:
        read = load(path)
    assert read.to_counts() == {"01": 2}
    assert read.provenance["source"] == "c.csv"
    with piped(tmp_path, "d", GHZ.encode()) as path:
        assert load_circuit(path).num_qubits == 1
    with piped(tmp_path, "e", b"p1 = 0.001\n") as path:
        assert NoiseSpec.parse(str(path)).p1 == 0.001


def test_nothing_stays_also_of_a_run_that_was_killed(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(source.tempfile, "tempdir", str(folder))
    (folder / "qdiff-pipe-killed").mkdir()
    (folder / "qdiff-pipe-killed" / "stdin").touch()
    with piped(tmp_path, "a", b'{"00": 1}') as path, source.seekable(path) as copy:
        assert [each.name for each in folder.iterdir()] == [copy.parent.name]
        with piped(tmp_path, "b", b'{"00": 2}') as other:
            assert load(other).num_shots == 2  # while the first copy is used
        assert load(copy).num_shots == 1
    assert not [*folder.iterdir()]


def test_messages_name_the_pipe(tmp_path) -> None:
    with piped(tmp_path, "bad.json", b'{"00": -1}') as path, pytest.raises(InputError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    half = native(SHOTS, tmp_path)[:-3]
    with piped(tmp_path, "bad", half) as path, pytest.raises(InputError, match="bad is damaged"):
        Shots.load(path)


def test_no_more_than_the_limit_and_no_device(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(source, "MAX_PIPED_BYTES", 2**21)
    wrong = pytest.raises(InputError, match="more than 2 MiB come through")
    with piped(tmp_path, "endless", b"0" * (2**21 + 2**20)) as path, wrong:
        load(path)
    for device in ("/dev/zero", "/dev/null"):
        with pytest.raises(InputError, match="is a device"):
            load(device)
