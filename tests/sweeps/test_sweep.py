"""A sweep measures each cell once, adds to what is there, and says what could not be measured."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit

import qdiff
from qdiff import InputError, LocalProcesses, Shots, ShotStore, SweepPlan
from qdiff.store import shot_job
from qdiff.sweeps.cell import Cell
from qdiff.sweeps.cell_files import write_cell
from qdiff.sweeps.sweep_table import to_csv, to_page, to_parquet

PLAN: dict[str, Any] = {
    "circuits": ["ghz:2"], "noise": ["light"], "shots": [40], "seeds": [1], "batch": 40,
    "effort": "fast",
}  # fmt: skip
REFUSED = ["memory does not suffice"] * 2


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tiny_fits: None) -> list[Cell]:
    """The cells that are measured, as they are."""
    seen, measure = [], Cell.measure
    monkeypatch.setattr(
        Cell, "measure", lambda self, shots: seen.append(self) or measure(self, shots)
    )
    return seen


def plan(**changed: Any) -> SweepPlan:
    return SweepPlan(**{**PLAN, **changed})


def contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_a_larger_plan_adds_to_what_is_there(tmp_path: Path, measured: list[Cell]) -> None:
    first = qdiff.sweep(plan(), tmp_path / "a")
    assert (len(first.records), first.measured) == (1, 1)
    larger = plan(shots=[40, 80], seeds=[1, 2])
    second = qdiff.sweep(larger, tmp_path / "a")
    assert (len(second.records), second.measured) == (4, 3)
    assert len(measured) == 4
    assert first.records[0] in second.records
    assert [(each["shots"], each["seed"]) for each in second.records] == [
        (40, 1), (40, 2), (80, 1), (80, 2),
    ]  # fmt: skip
    assert qdiff.sweep(plan(), tmp_path / "a").measured == 0
    whole = qdiff.sweep(larger, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert whole.to_records() == second.to_records()


@pytest.mark.usefixtures("tiny_fits")
def test_a_record_is_what_the_functions_give(tmp_path: Path) -> None:
    found = qdiff.sweep(plan(told=[True]), tmp_path, store=tmp_path / "elsewhere").records[0]
    shots = ShotStore(tmp_path / "elsewhere").shots("ghz:2", "light", shots=40, seed=1, batch=40)
    assert found["distinct"] == len(shots.counts)
    told = json.loads(next((tmp_path / "cells").iterdir()).read_text())["metrics"]
    assert found["kl"] == told["kl"]["value"]
    raw = qdiff.compare(
        qdiff.Distribution.from_shots(shots), qdiff.exact("ghz:2", "light"), training=shots, seed=1
    )
    assert found["total_variation_of_the_shots"] == pytest.approx(raw["total_variation"].value)
    low, high = found["total_variation_floor_low"], found["total_variation_floor_high"]
    assert 0 <= low < high < 1
    assert found["verdict"]


def test_a_damaged_cell_is_measured_again(tmp_path: Path, measured: list[Cell]) -> None:
    qdiff.sweep(plan(), tmp_path)
    before = contents(tmp_path)
    path = next((tmp_path / "cells").iterdir())
    for text in ("{", "[]", '{"record": {"cell": "another"}}'):
        path.write_text(text)
        assert qdiff.sweep(plan(), tmp_path).measured == 1
        assert contents(tmp_path) == before


def test_what_cannot_be_fitted_is_said_and_stops_no_other(
    tmp_path: Path, measured: list[Cell]
) -> None:
    (tmp_path / "mid.qasm").write_text(
        'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; c[0] = measure q[0];'
        "if (c[0]) { x q[1]; } c[1] = measure q[1];"
    )
    circuits = [str(tmp_path / "mid.qasm"), "ghz:2"]
    for _ in range(2):  # and it is tried again
        found = qdiff.sweep(plan(circuits=circuits, told=[False, True]), tmp_path / "out")
        errors = [record for record in found.records if record["error"]]
        assert [record["told"] for record in errors] == [True]
        assert "note" in found.records[2]
    assert len(measured) == 5
    assert "control flow" in errors[0]["error"]


def test_what_the_simulator_refuses_is_said_and_stops_no_other(
    tmp_path: Path, measured: list[Cell], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batch by batch, after others of the same circuit were drawn."""
    draw = shot_job.draw_shots

    def full(circuit: QuantumCircuit, *args: Any, **kwargs: Any) -> Shots:
        if circuit.num_qubits == 3 and kwargs["shots"] == 30:
            raise InputError("memory does not suffice")
        return draw(circuit, *args, **kwargs)

    both = plan(circuits=["ghz:3", "ghz:2"], shots=[40, 70])
    with monkeypatch.context() as patched:
        patched.setattr(shot_job, "draw_shots", full)
        found = qdiff.sweep(both, tmp_path / "a")
        assert [each["error"] for each in found.records] == [None, None, *REFUSED]
        assert qdiff.sweep(both, tmp_path / "a").measured == 0
        with pytest.raises(InputError, match=r"^memory does not suffice$"):
            qdiff.sweep(plan(circuits=["ghz:3"], shots=[70]), tmp_path / "b")
    assert len(measured) == 2
    assert qdiff.sweep(both, tmp_path / "a").measured == 2
    qdiff.sweep(both, tmp_path / "whole")
    assert contents(tmp_path / "a") == contents(tmp_path / "whole")


@pytest.mark.usefixtures("tiny_fits")
def test_an_earlier_reason_is_gone_even_if_a_run_was_killed_before_it_could_be(
    tmp_path: Path,
) -> None:
    qdiff.sweep(plan(), tmp_path)
    before = contents(tmp_path)
    (planned,) = plan().planned().read
    write_cell(tmp_path / "cells", planned.refusal("there was no such file"))
    assert qdiff.sweep(plan(), tmp_path).measured == 0
    assert contents(tmp_path) == before


@pytest.mark.slow
def test_workers_find_what_this_process_does(tmp_path: Path) -> None:
    larger = plan(seeds=[1, 2], told=[False, True])
    qdiff.sweep(larger, tmp_path / "here")
    qdiff.sweep(larger, tmp_path / "there", executor=LocalProcesses(workers=2))
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


RECORDS = [
    {"cell": "a", "circuit": "<b>", "noise": "light", "shots": 10, "seed": 1, "told": False,
     "kl": "inf", "kl_of_the_shots": 0.25, "kl_floor_low": 0.1, "kl_floor_high": 0.2,
     "error": None},
    {"cell": "b", "circuit": "ghz:2", "noise": "light", "shots": 20, "seed": 1, "told": True,
     "error": "too, \"wide\""},
]  # fmt: skip


def test_tables_say_the_same() -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="needs the extra 'parquet'")
    lines = list(csv.DictReader(to_csv(RECORDS).splitlines()))
    assert [line["kl"] for line in lines] == ["inf", ""]
    assert lines[1]["error"] == 'too, "wide"'
    import pyarrow.parquet as parquet

    table = parquet.read_table(pyarrow.BufferReader(to_parquet(RECORDS))).to_pylist()
    assert table[0]["kl"] == math.inf
    assert [row["shots"] for row in table] == [10, 20]
    page = to_page(RECORDS)
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "[0.25; 0.1 to 0.2]" in page


def test_plans_are_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "sweep.toml"
    path.write_text(
        'circuits = ["ghz:2"]\nnoise = ["light", "ideal"]\nshots = [10]\nseeds = [0, 1]\n'
    )
    assert len(SweepPlan.load(path).cells()) == 4
    for text, says in (
        ("circuits = [", "is no sweep"),
        ("\xff", "is no sweep"),
        ("colours = [1]", "'colours'"),
        ('circuits = ["ghz:2"]', "no 'noise'"),
        ('circuits = "ghz:2"\nnoise = ["light"]\nshots = [1]\nseeds = [1]', "circuits must be a"),
        (
            f'circuits = ["ghz:2"]\nnoise = ["light"]\nshots = [1]\nseeds = [{2**63}]',
            "seeds: each must",
        ),
        ('circuits = ["ghz:2"]\nnoise = []\nshots = [1]\nseeds = [1]', "noise must have"),
        ('circuits = ["ghz:2"]\nnoise = ["light"]\nshots = [0]\nseeds = [1]', "shots: each"),
        ('circuits = ["ghz:2"]\nnoise = ["light"]\nshots = [1]\nseeds = [-1]', "seeds: each"),
    ):
        path.write_text(text, encoding="latin-1")
        with pytest.raises(InputError, match=says):
            SweepPlan.load(path)
    with pytest.raises(InputError, match="volcanic"):
        plan(noise=["volcanic"]).cells()
