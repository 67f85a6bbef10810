"""Files: whole or not at all, never over another, and damaged ones refused with one line."""

from __future__ import annotations

import contextlib
import errno
import os

import numpy as np
import pytest

from qdiff import InputError, Shots, load
from qdiff.data import output

SHOTS = Shots.from_counts({"01": 3, "11": 4})


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "shots.safetensors"
    SHOTS.save(path)
    return path


def test_existing_files_are_kept_unless_forced(saved) -> None:
    before = saved.read_bytes()
    with pytest.raises(InputError, match="exists"):
        Shots.from_counts({"0": 1}).save(saved)
    assert saved.read_bytes() == before
    Shots.from_counts({"0": 1}).save(saved, force=True)
    assert Shots.load(saved).num_bits == 1


def test_a_file_that_appears_meanwhile_is_kept(tmp_path, monkeypatch) -> None:
    path = tmp_path / "late"
    real_link = os.link

    def appear(source, target):
        path.write_bytes(b"theirs")
        real_link(source, target)

    monkeypatch.setattr(os, "link", appear)
    with pytest.raises(InputError, match="exists"):
        output.write_bytes(path, b"ours")
    assert path.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["late"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch, code: int) -> None:
    def fail(_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InputError, match="cannot write"):
        SHOTS.save(tmp_path / "shots.safetensors")
    assert os.listdir(tmp_path) == []


def test_an_interrupt_leaves_nothing_behind(saved, monkeypatch) -> None:
    def interrupt(_):
        raise KeyboardInterrupt

    before = saved.read_bytes()
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        SHOTS.save(saved, force=True)
    assert os.listdir(saved.parent) == [saved.name]
    assert saved.read_bytes() == before


def test_notes_are_json_or_refused_in_one_line(tmp_path) -> None:
    seeded = Shots.from_counts({"0": 1}, provenance={"seed": np.int64(7)})
    seeded.save(tmp_path / "seeded")
    assert Shots.load(tmp_path / "seeded").provenance == {"seed": 7}
    for odd in (object(), float("nan"), {1}):
        with pytest.raises(InputError, match="is no JSON"):
            Shots.from_counts({"0": 1}, provenance={"odd": odd}).save(tmp_path / "odd")
    assert os.listdir(tmp_path) == ["seeded"]


def test_missing_folder_and_missing_file() -> None:
    with pytest.raises(InputError, match="cannot write"):
        SHOTS.save("/nowhere/at/all")
    with pytest.raises(InputError, match="there is no file"):
        load("/nowhere/at/all")


def test_truncated_at_every_length(saved) -> None:
    whole = saved.read_bytes()
    for length in range(0, len(whole), 7):
        saved.write_bytes(whole[:length])
        with pytest.raises(InputError) as caught:
            Shots.load(saved)
        assert "\n" not in str(caught.value)


def test_flipped_bytes_never_escape_as_other_errors(saved) -> None:
    whole = saved.read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[generator.integers(len(whole))] ^= 1 << generator.integers(8)
        saved.write_bytes(bytes(damaged))
        with contextlib.suppress(InputError):
            Shots.load(saved)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 100, b"PK\x03\x04", b"\xff" * 8, b"OPENQASM 3;", b"[" * 100_000, b"\x80\x04."],
)
def test_foreign_files_are_refused(tmp_path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InputError):
        load(path)
    with pytest.raises(InputError):
        Shots.load(path)


def test_kinds_are_told_apart(saved) -> None:
    from qdiff import Distribution

    with pytest.raises(InputError, match="holds 'shots', expected 'distribution'"):
        Distribution.load(saved)
    assert load(saved) == SHOTS


def test_counts_json(tmp_path) -> None:
    path = tmp_path / "counts"
    path.write_text('{"01 1": 3, "00 1": 1}')
    assert load(path).to_counts() == {"01 1": 3, "00 1": 1}
    path.write_text('{"counts": {"01": 3}}')
    assert load(path).to_counts() == {"01": 3}


@pytest.mark.parametrize(
    "text", ['{"01": 1, "01": 2}', '{"01": NaN}', '{"01": 0.5}', "[]", "{}", '{"01": -1}', "3"]
)
def test_odd_counts_json_is_refused(tmp_path, text: str) -> None:
    path = tmp_path / "counts.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"counts\.json"):
        load(path)
