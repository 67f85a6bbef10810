"""Stores and sweeps from the command line."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import qdiff

JOB = ("simulate", "ghz:3", "--seed", "2", "--batch", "50", "--workers", "1")
PLAN = 'circuits = ["ghz:2"]\nnoise = ["light"]\nshots = [40]\nseeds = [1]\n'


def test_a_store_is_filled_shared_and_pooled(qdiff_command) -> None:
    assert "120 shots drawn" in qdiff_command(*JOB, "--store", "a", "--shots", "120").out
    assert "20 shots" not in qdiff_command(*JOB, "--store", "a", "--shots", "120").out
    for part in ("1/2", "2/2"):
        assert qdiff_command(*JOB, "--store", "b", "--shots", "200", "--part", part).code == 0
    done = qdiff_command("store", "a", "--merge", "b")
    assert "2 taken, 2 present, 0 differing, 0 damaged" in done.out
    assert "200 shots of ghz_3, superconducting, seed 2, in batches of 50" in done.out
    done = qdiff_command(*JOB, "--store", "a", "--shots", "200", "--json")
    assert done.json == {"kind": "store", "drawn": 0, "store": "a"}
    assert qdiff_command(*JOB, "--store", "a", "--shots", "200", "--out", "all").code == 0
    store = qdiff.ShotStore("b")
    noise = qdiff.NoiseSpec.parse("superconducting")
    assert qdiff.load("all") == store.shots("ghz:3", noise, shots=200, seed=2, batch=50)
    refused = qdiff_command(*JOB, "--store", "a", "--shots", "200", "--out", "all")
    assert (refused.code, "--force" in refused.err) == (2, True)
    assert qdiff_command("store", "a", "--json").json["jobs"][0]["shots"] == 200


def test_an_odd_index_is_shown_all_the_same(qdiff_command) -> None:
    assert qdiff_command(*JOB, "--store", "a", "--shots", "50").code == 0
    index = next(Path("a").rglob("job.json"))
    for text in ("{", "[]", '{"noise": [], "batch": {}, "seed": "\\u001b[31m"}', '{"seed": NaN}'):
        index.write_text(text)
        for more in ((), ("--json",)):
            done = qdiff_command("store", "a", *more)
            assert (done.code, done.err) == (0, "")
            assert "\x1b" not in done.out


@pytest.mark.usefixtures("tiny_fits")
def test_a_sweep_prints_where_its_table_is(qdiff_command) -> None:
    Path("plan.toml").write_text(PLAN)
    done = qdiff_command("sweep", "plan.toml", "--workers", "1")
    assert (done.code, done.err) == (0, "")
    assert "1 cells, 1 of them measured now" in done.out
    assert Path("runs/plan/table.csv").read_text().count("\n") == 2
    done = qdiff_command("sweep", "plan.toml", "--workers", "1", "--json")
    assert (done.json["measured"], len(done.json["records"])) == (0, 1)
    Path("plan.toml").write_text(PLAN.replace("]\nnoise", ', "ghz:40"]\nnoise'))
    done = qdiff_command("sweep", "plan.toml", "--workers", "1", "--store", "elsewhere")
    assert done.code == 0
    notes = [json.loads(path.read_text())["record"] for path in Path("runs/plan/cells").iterdir()]
    assert any("too many for a table" in (record["note"] or "") for record in notes)


NARROW = PLAN.replace("light", "depolarizing:p1=1e-3,p2=1e-2,num_qubits=2")
BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q; bit[2] c;
h q[0]; cx q[0], q[1]; x q[0]; c = measure q;
"""
BROKEN = {
    "missing": (None, "is neither a file"),
    "damaged": (BELL.replace("h q[0]", "h q[7"), "b.qasm"),
    "without measurement": (BELL.replace("c = measure q;", ""), "measures nothing"),
    "wider than its noise": (BELL.replace("[2]", "[3]"), "the circuit has 3 qubits but the noise"),
}
"""What is wrong with a circuit, and what its row says."""


def table() -> list[dict[str, str]]:
    return list(csv.DictReader(Path("out/table.csv").read_text().splitlines()))


def files(folder: str) -> dict[str, bytes]:
    found = (
        path for path in Path(folder).rglob("*") if path.is_file() and "store" not in path.parts
    )
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.mark.usefixtures("tiny_fits")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_circuit_is_a_row_until_it_is_mended(qdiff_command, name) -> None:
    text, says = BROKEN[name]
    circuit, command = Path("b.qasm"), ("sweep", "plan.toml", "--workers", "1", "--out")
    Path("plan.toml").write_text(NARROW.replace('"ghz:2"', '"b.qasm", "ghz:2"'))
    if text is not None:
        circuit.write_text(text)
    for measured in (1, 0):  # and the broken one is tried again
        done = qdiff_command(*command, "out")
        assert done.code == 0, done.err
        assert f"2 cells, {measured} of them measured now" in done.out
        assert "1 cells could not be measured" in done.out + done.err
        broken, good = table()
        assert (broken["circuit"], broken["kl"]) == ("b.qasm", "")
        assert says in broken["error"]
        assert (good["circuit"], good["error"], good["distinct"] != "") == ("ghz:2", "", True)
        assert float(good["kl"]) >= 0
    circuit.write_text(BELL)
    assert "2 cells, 1 of them measured now" in qdiff_command(*command, "out").out
    assert [row["error"] for row in table()] == ["", ""]
    assert qdiff_command(*command, "whole").code == 0
    assert files("out") == files("whole")


@pytest.mark.usefixtures("tiny_fits")
def test_a_noise_that_cannot_be_read_stops_no_other(qdiff_command) -> None:
    Path("plan.toml").write_text(PLAN.replace('"light"', '"volcanic", "light"'))
    assert qdiff_command("sweep", "plan.toml", "--workers", "1", "--out", "out").code == 0
    assert [row["noise"] for row in table() if "volcanic" in row["error"]] == ["volcanic"]
    assert [row["noise"] for row in table() if row["kl"]] == ["light"]


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (PLAN.replace('"ghz:2"', '"a.qasm", "b.qasm"'), "a.qasm"),
        (PLAN.replace('"light"', '"volcanic"'), "volcanic"),
        (NARROW.replace("ghz:2", "ghz:3"), "the circuit has 3 qubits but the noise"),
        (PLAN.replace('"ghz:2"', ""), "circuits must have at least one"),
        (PLAN + "colours = [1]", "'colours'"),
    ],
)
def test_a_plan_of_nothing_but_mistakes_ends_at_once(qdiff_command, plan, says) -> None:
    Path("plan.toml").write_text(plan)
    done = qdiff_command("sweep", "plan.toml", "--workers", "1", "--out", "out")
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert says in done.err
    assert not Path("out/table.csv").exists()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("simulate", "ghz:2", "--batch", "10"), "go with --store"),
        (("simulate", "ghz:2", "--executor", "ray"), "go with --store"),
        (("simulate", "ghz:2", "--store", "a", "--executor", "pigeon"), "local, ray, slurm, dask"),
        (("simulate", "ghz:2", "--store", "a", "--workers", "0"), "workers must be a positive"),
        (("simulate", "ghz:2", "--store", "a", "--part", "3"), "--part must look like 2/3"),
        (("simulate", "ghz:2", "--store", "a", "--part", "3/2"), "--part must look like 2/3"),
        (("simulate", "ghz:2", "--store", "a", "--part", "1/2", "--out", "b"), "leave out one"),
        (("simulate", "ghz:2", "--store", "file"), "is a file"),
        (("simulate", "ghz:2", "--store", "file/below"), "cannot make the folder"),
        (("simulate", "ghz", "--store", "a"), "ghz"),
        (("store", "nowhere"), "there is no folder nowhere"),
        (("store", "a", "--merge", "nowhere"), "no store of shots in nowhere"),
        (("store", "file"), "is a file"),
        (("sweep", "missing.toml"), "missing.toml"),
        (("sweep", "file"), "has no 'circuits'"),
        (("sweep", "plan.toml", "--out", "file"), "cannot make the folder"),
        (("sweep", "plan.toml", "--store", "file"), "is a file"),
    ],
)
def test_mistakes_are_one_line(qdiff_command, args: tuple[str, ...], says: str) -> None:
    Path("file").touch()
    Path("plan.toml").write_text(PLAN)
    files = {*os.listdir()}
    done = qdiff_command(*args)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("qdiff: ")
    assert done.err.count("\n") == 1, done.err
    assert says in done.err
    assert {*os.listdir()} == files or "--store" in args or args[0] == "sweep"


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_ctrl_c_keeps_the_batches(tmp_path: Path, workers: str) -> None:
    command = [
        *(sys.executable, "-m", "qdiff", "simulate", "ising:10", "--store", "store"),
        *("--shots", "200000", "--batch", "100", "--workers", workers),
    ]
    process = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(qdiff.__file__).parents[1])},
        # a test run started in the background may have inherited an ignored SIGINT
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while not list(tmp_path.rglob("*.safetensors")) and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == "qdiff: interrupted; results already written are kept\n"
    for path in tmp_path.rglob("*.safetensors"):
        assert qdiff.load(path).num_shots == 100
    assert not list(tmp_path.rglob(".*"))
