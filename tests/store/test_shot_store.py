"""A store of shots: what is there is kept, found again, checked, and never counted twice."""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit

import qdiff
from qdiff import InputError, LocalProcesses, NoiseSpec, NoiseWarning, Shots, ShotStore
from qdiff.errors import StoreWarning
from qdiff.store import shot_job
from qdiff.store.batch_files import batch_named, read_batch, write_batch
from qdiff.store.drawing import SHOTS
from qdiff.store.merging import Merged
from qdiff.store.shot_job import Batch, ShotJob

NOISE = NoiseSpec.parse("light")
JOB: dict[str, Any] = {"circuit": "ising:3", "noise": NOISE, "seed": 4, "batch": 100}


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def batches(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.safetensors"))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Batch]:
    """The batches that are simulated, as they are."""
    seen, draw = [], shot_job.Drawing.draw
    monkeypatch.setattr(
        shot_job.Drawing, "draw", lambda self: seen.append(self.batch) or draw(self)
    )
    return seen


def test_more_shots_begin_where_the_earlier_ones_ended(tmp_path: Path, drawn: list[Batch]) -> None:
    store = ShotStore(tmp_path / "a")
    few = store.shots(**JOB, shots=250)
    assert [(each.index, each.shots) for each in drawn] == [(0, 100), (1, 100), (2, 50)]
    more = store.shots(**JOB, shots=400)
    assert [(each.index, each.shots) for each in drawn[3:]] == [(2, 100), (3, 100)]
    again = store.shots(**JOB, shots=250)
    assert len(drawn) == 5
    assert again == few
    assert (few.num_shots, more.num_shots) == (250, 400)
    assert ShotStore(tmp_path / "b").shots(**JOB, shots=400) == more
    assert store.jobs()[0]["shots"] == 400


def test_batches_are_independent_shots_of_simulate(tmp_path: Path) -> None:
    """Each by a child of its own of the seed, and pooled they are all of them."""
    store = ShotStore(tmp_path)
    parts = list(store.parts(**JOB, shots=250))
    assert [part.num_shots for part in parts] == [100, 100, 50]
    assert len({part.words.tobytes() + part.counts.tobytes() for part in parts}) == 3
    assert parts[0].merge(*parts[1:]) == store.shots(**JOB, shots=250)
    assert parts[0].provenance["spawn_key"] == [0]
    pooled = store.shots(**JOB, shots=250).provenance
    assert pooled["batches"] == 3
    assert pooled["noise"] == NOISE.to_dict()
    plain = qdiff.simulate(JOB["circuit"], NOISE, shots=100, seed=4)
    assert plain not in parts


def test_workers_draw_what_this_process_does(tmp_path: Path) -> None:
    here = ShotStore(tmp_path / "here").shots(**JOB, shots=450)
    engine = LocalProcesses(workers=2)
    assert ShotStore(tmp_path / "there").shots(**JOB, shots=450, executor=engine) == here
    assert files(tmp_path / "here") == files(tmp_path / "there")


def test_gates_without_noise_are_said_once_and_not_by_workers(tmp_path: Path, capfd: Any) -> None:
    noise, engine = NoiseSpec(p1=0.01), LocalProcesses(workers=2)
    with pytest.warns(NoiseWarning) as warned:
        ShotStore(tmp_path).draw("ghz:2", noise, shots=30, batch=10, executor=engine)
    assert len(warned) == 1
    assert capfd.readouterr().err == ""


def keys(**changed: Any) -> str:
    circuit = QuantumCircuit(1, 1)
    circuit.rx(0.5, 0)
    circuit.measure(0, 0)
    given: dict[str, Any] = {"circuit": circuit, "noise": NOISE, "seed": 1, "batch": 10}
    return ShotJob(**{**given, **changed}).key


def test_all_that_moves_the_shots_is_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    other = QuantumCircuit(1, 1, name="other")
    other.rx(0.5, 0)
    other.measure(0, 0)
    turned = QuantumCircuit(1, 1)
    turned.rx(0.5 + 1e-15, 0)
    turned.measure(0, 0)
    renamed = replace(NOISE, name="by another name", description="the same")
    assert keys(circuit=other) == keys(noise=renamed) == keys()
    stronger = NOISE.scaled(1.1)
    found = [
        keys(), keys(circuit=turned), keys(noise=None), keys(noise=stronger), keys(seed=2),
        keys(batch=20),
    ]  # fmt: skip
    monkeypatch.setattr(shot_job, "_DRAWS", 0)
    found.append(keys())
    monkeypatch.setattr("qdiff.simulation.provenance.version", lambda name: "0")
    found.append(keys())
    assert len({*found}) == len(found)


@pytest.mark.parametrize("spoil", ["cut", "changed", "moved", "counted"])
def test_a_damaged_batch_is_drawn_again_and_said(tmp_path: Path, spoil: str) -> None:
    store = ShotStore(tmp_path)
    whole = store.shots(**JOB, shots=200)
    first, second = batches(tmp_path)
    content = first.read_bytes()
    if spoil == "cut":
        first.write_bytes(content[:-9])
    elif spoil == "changed":  # a bit of the last count, which leaves a valid file
        first.write_bytes(content[:-8] + bytes([content[-8] ^ 1]) + content[-7:])
    elif spoil == "moved":
        first.write_bytes(second.read_bytes())
    else:
        Shots.load(first).split(0.5, seed=1)[0].save(first, force=True)
    with pytest.warns(StoreWarning, match="drawn again"):
        assert store.shots(**JOB, shots=200) == whole
    assert first.read_bytes() == content
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert store.shots(**JOB, shots=200) == whole


def test_three_machines_share_a_job(tmp_path: Path) -> None:
    stores = [ShotStore(tmp_path / name) for name in "abc"]
    drawn = [store.draw(**JOB, shots=750, part=(k + 1, 3)) for k, store in enumerate(stores)]
    assert drawn == [300, 250, 200]
    whole = ShotStore(tmp_path / "whole").shots(**JOB, shots=750)
    damaged = batches(tmp_path / "b")[0]
    good = damaged.read_bytes()
    damaged.write_bytes(good[:-1])
    assert stores[0].merge(stores[1], tmp_path / "c") == Merged(taken=4, damaged=1)
    damaged.write_bytes(good)
    assert stores[0].merge(stores[1]) == Merged(taken=1, present=2)
    assert files(tmp_path / "a") == files(tmp_path / "whole")
    assert stores[0].draw(**JOB, shots=750) == 0
    assert stores[0].shots(**JOB, shots=750) == whole


def test_other_shots_of_the_same_name_stay_what_they_are(tmp_path: Path) -> None:
    a, b = ShotStore(tmp_path / "a"), ShotStore(tmp_path / "b")
    ours = a.shots(**JOB, shots=100)
    b.draw(**JOB, shots=100)
    place = batches(tmp_path / "b")[0]
    key, batch = place.parent.name, batch_named(place.name)
    others = Shots.from_counts({"000": 100})
    write_batch(place, key, batch, others)
    assert read_batch(place, key, batch) == others
    assert a.merge(b) == Merged(differing=1)
    assert a.shots(**JOB, shots=100) == ours
    (tmp_path / "b" / SHOTS / ("0" * 64)).touch()  # named as a job, and none
    assert a.merge(b) == Merged(differing=1)
    with pytest.raises(InputError, match="no store"):
        a.merge(tmp_path / "c")


def test_copying_files_merges(tmp_path: Path) -> None:
    a, b = ShotStore(tmp_path / "a"), ShotStore(tmp_path / "b")
    a.draw(**JOB, shots=300, part=(1, 2))
    b.draw(**JOB, shots=300, part=(2, 2))
    for path in batches(tmp_path / "b"):
        target = tmp_path / "a" / path.relative_to(tmp_path / "b")
        target.write_bytes(path.read_bytes())
    assert a.draw(**JOB, shots=300) == 0


def test_a_lost_or_damaged_index_is_written_again(tmp_path: Path) -> None:
    store = ShotStore(tmp_path)
    store.draw(**JOB, shots=100)
    index = next(tmp_path.rglob("job.json"))
    text = index.read_text()
    assert json.loads(text)["circuit_hash"] == qdiff.circuit_hash(qdiff.load_circuit("ising:3"))
    for spoiled in (lambda: index.unlink(), lambda: index.write_text("{")):
        spoiled()
        store.draw(**JOB, shots=100)
        assert index.read_text() == text


def test_names_of_batches_come_back_and_others_are_none() -> None:
    for batch in (Batch(index=0, shots=1), Batch(index=12345678, shots=10**12)):
        assert batch_named(batch.name) == batch
    for name in ("job.json", "0000000_0.safetensors", "0_1.safetensors", ".0000000_1.safetensors"):
        assert batch_named(name) is None


def test_what_cannot_be_is_refused_before_any_work(tmp_path: Path, drawn: list[Batch]) -> None:
    (tmp_path / "file").touch()
    store = ShotStore(tmp_path / "new")
    for wrong, says in (
        ({"shots": 0}, "shots"), ({"batch": 0}, "batch"), ({"seed": -1}, "seed"),
        ({"noise": "volcanic"}, "volcanic"), ({"circuit": "ghz"}, "ghz"),
        ({"shots": 10**12, "batch": 1}, "batch must be at least 1,000,000"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=says):
            store.shots(**{**JOB, "shots": 100, **wrong})
    with pytest.raises(InputError, match=r"part.*\(1, 4\)"):
        store.draw(**JOB, shots=100, part=(2, 1))
    with pytest.raises(InputError, match="is a file"):
        ShotStore(tmp_path / "file")
    with pytest.raises(InputError, match="cannot make the folder"):
        ShotStore(tmp_path / "file" / "below").draw(**JOB, shots=10)
    assert not drawn
    assert sorted(os.listdir(tmp_path)) == ["file"]
