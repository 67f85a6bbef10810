"""The command line as a user meets it; mistakes are one line, exit code 2, nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from circuit_texts import BELL

import qdiff
from qdiff import InputError, Register
from qdiff.cli import option_texts
from qdiff.report.pictures import comparison_pictures as pictures


def test_every_stage_in_turn(qdiff_command) -> None:
    noise = "depolarizing:p1=1e-3,p2=1e-2,readout=0.02/0.03"
    for args in (
        ("simulate", "bell.qasm", "--noise", noise, "--shots", "2000", "--seed", "1"),
        ("exact", "bell.qasm", "--noise", noise),
        ("fit", "shots.safetensors", "--seed", "1", "--effort", "fast"),
        ("sample", "model.safetensors", "--shots", "500", "--seed", "2"),
    ):
        done = qdiff_command(*args)
        assert (done.code, done.err) == (0, ""), args
    done = qdiff_command(
        "compare", "model.safetensors", "exact.safetensors",
        "--training", "shots.safetensors", "--json",
    )  # fmt: skip
    assert done.code == 0
    assert done.json["kl"]["value"] < done.json["kl"]["uniform"] / 10
    assert qdiff.load("samples.safetensors").num_shots == 500
    for file, kind in (
        ("bell.qasm", "circuit"),
        ("shots.safetensors", "shots"),
        ("exact.safetensors", "distribution"),
        ("model.safetensors", "model"),
    ):
        assert qdiff_command("inspect", file, "--json").json["kind"] == kind


@pytest.mark.usefixtures("short_trainings")
def test_shots_are_compared_with_shots(qdiff_command) -> None:
    """No table is needed, so 80 bits will do; a model is drawn from."""
    rng = np.random.default_rng(1)
    first, second = rng.random((300, 80)) < 0.3, rng.random((200, 80)) < 0.3
    qdiff.Shots.from_bits(first).save("first.safetensors")
    qdiff.Shots.from_bits(second).save("second.safetensors")
    done = qdiff_command("compare", "first.safetensors", "second.safetensors", "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json["z1_max"]["value"] == pytest.approx(
        2 * np.abs(first.mean(axis=0) - second.mean(axis=0)).max()
    )
    assert "total_variation" not in done.json  # no string is there twice
    Path("shots.json").write_text('{"000": 300, "111": 300, "010": 40}')
    assert qdiff_command("fit", "shots.json", "--effort", "fast").code == 0
    done = qdiff_command("compare", "model.safetensors", "shots.json")
    assert done.code == 0
    assert "640 shots against 640 of 3 bits" in done.out


@pytest.mark.usefixtures("short_trainings")
def test_questions_and_checkpoints(qdiff_command) -> None:
    Path("shots.json").write_text('{"000": 300, "111": 300, "010": 40}')
    fit = ("fit", "shots.json", "--effort", "fast", "--checkpoint", "unfinished")
    done = qdiff_command(*fit)
    assert done.code == 0
    assert "recurrent networks of 32 units" in done.out
    assert not Path("unfinished").exists()  # the fit is finished
    sample = ("sample", "model.safetensors", "--shots", "400", "--force")
    refused = qdiff_command(*sample, "--steps", "1")
    assert (refused.code, refused.err.count("--any-order")) == (2, 1)
    assert qdiff_command(*fit, "--any-order", "--force").code == 0
    assert qdiff_command(*sample, "--given", "0=1,2=1").code == 0
    assert (qdiff.load("samples.safetensors").bits[:, [0, 2]] == 1).all()
    assert qdiff_command(*sample, "--order", "random").code == 0
    assert qdiff_command(*sample, "--steps", "1").code == 0
    assert qdiff.load("samples.safetensors").provenance["penalty_nats"][0] > 0
    assert qdiff_command(*sample, "--steps", "1", "--given", "1=0").code == 0
    for wrong in (
        ("--given", "0"), ("--given", "9=1"), ("--given", "0=1,0=0"), ("--given", "0=1,00=1"),
        ("--given", ""), ("--order", "up"), ("--steps", "4"), ("--seed", "-1"),
    ):  # fmt: skip
        refused = qdiff_command(*sample, *wrong)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
    # a distribution is compressed
    qdiff.load("model.safetensors").distribution().save("table")
    assert qdiff_command("fit", "table", "--effort", "fast", "--out", "small").code == 0
    assert qdiff.load("small").card["training_shots"] is None


@pytest.mark.usefixtures("short_trainings")
def test_run_writes_its_folder(qdiff_command) -> None:
    done = qdiff_command(
        "run", "bell.qasm", "--shots", "500", "--seed", "1", "--out", "r", "--json",
        "--effort", "fast", "--use-circuit",
    )  # fmt: skip
    assert done.code == 0
    assert done.json["surrogate"]["kl"]["value"] >= 0
    assert {*os.listdir("r")} == {
        "shots.safetensors", "reference.safetensors", "model.safetensors",
        "samples.safetensors", "comparison.json", "report.html",
    }  # fmt: skip
    assert json.loads(Path("r/comparison.json").read_text())["weights"]
    first = qdiff.load("r/samples.safetensors")
    before = {name: Path("r", name).read_bytes() for name in os.listdir("r")}
    refused = qdiff_command("run", "bell.qasm", "--shots", "500", "--out", "r")
    assert (refused.code, "exists" in refused.err) == (2, True)
    assert before == {name: Path("r", name).read_bytes() for name in os.listdir("r")}
    again = qdiff_command(
        "run", "bell.qasm", "--shots", "500", "--seed", "1", "--out", "r", "--force", "--json",
        "--effort", "fast", "--use-circuit", "--pictures", "png",
    )  # fmt: skip
    assert again.code == 0
    assert "What the circuit brought" in Path("r/report.html").read_text()
    assert {path.name for path in Path("r").glob("*.png")} == {
        f"report_{name}.png" for name in pictures.NAMES
    }
    assert qdiff.load("r/samples.safetensors") == first


def test_a_comparison_is_written_as_a_page(qdiff_command) -> None:
    for args in (
        ("simulate", "bell.qasm", "--shots", "400", "--seed", "1"),
        ("exact", "bell.qasm"),
    ):
        assert qdiff_command(*args).code == 0
    compare = ("compare", "shots.safetensors", "exact.safetensors")
    done = qdiff_command(*compare, "--report", "page.html", "--pictures", "svg", "--json")
    assert (done.code, "kl" in done.json) == (0, True)
    text = Path("page.html").read_text()
    assert "qdiff compare shots.safetensors exact.safetensors --report page.html" in text
    assert {path.name for path in Path().glob("page_*")} == {
        f"page_{name}.svg" for name in ("strings", "ranks", "spectrum", "marginals", "pairs")
    }
    for more, says in (
        (("--report", "page.html"), "page.html exists"),
        (("--report", "other.html", "--pictures", "gif"), "png or svg"),
        (("--report", "nowhere/page.html"), "nowhere/page.html"),
        (("--pictures", "png"), "--report"),
    ):
        refused = qdiff_command(*compare, *more)
        assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1), more
        assert says in refused.err
    Path("page.html").unlink()
    Path("page_strings.svg").write_text("mine")
    assert "page_strings.svg exists" in qdiff_command(
        *compare, "--report", "page.html", "--pictures", "svg"
    ).err  # fmt: skip
    assert not Path("page.html").exists()
    assert qdiff_command(*compare, "--report", "page.html", "--force").code == 0
    assert Path("page_strings.svg").read_text() == "mine"


@pytest.mark.usefixtures("short_trainings")
def test_run_of_a_dynamic_circuit_says_that_there_is_no_reference(qdiff_command) -> None:
    Path("dynamic.qasm").write_text(
        'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'
        "h q[0];\nc[0] = measure q[0];\nif (c[0]) { x q[1]; }\nc[1] = measure q[1];\n"
    )
    done = qdiff_command(
        "run", "dynamic.qasm", "--shots", "300", "--out", "d", "--json", "--effort", "fast"
    )
    assert done.code == 0
    assert done.json["surrogate"] is None
    assert "no reference" in done.json["notes"][0]
    assert Path("d/report.html").exists()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("run", "missing.qasm"), "missing.qasm"),
        (("run", "bell.qasm", "--shots", "0"), "positive"),
        (("run", "bell.qasm", "--shots", "-5"), "positive"),
        (("run", "bell.qasm", "--shots", "many"), "--shots"),
        (("run", "bell.qasm", "--seed", "-1"), "seed"),
        (("run", "bell.qasm", "--out", "-"), "writes a folder"),
        (("simulate", "bell.qasm", "--seed", "-1"), "seed"),
        (("fit", "shots.json", "--seed", "-1"), "seed"),
        (("compare", "shots.json", "shots.json", "--seed", "-1"), "seed"),
        (("run", "bell.qasm", "--device", "abacus"), "abacus"),
        (("run", "bell.qasm", "--out", "bell.qasm"), "not a folder"),
        (("run", "bell.qasm", "--pictures", "gif"), "png or svg"),
        (("run", "broken.qasm"), "broken.qasm"),
        (("run", "unmeasured.qasm"), "measure"),
        (("simulate", "bell.qasm", "--noise", "depolarizing:p1=2"), "p1"),
        (("simulate", "bell.qasm", "--noise", "depolarizing:readout=0.1/1.5"), "1.5"),
        (("simulate", "bell.qasm", "--noise", "volcanic"), "volcanic"),
        (("exact", "ghz:40"), "40"),
        (("fit", "missing"), "missing"),
        (("fit", "bell.qasm"), "bell.qasm"),
        (("fit", "mixed.json"), "mixed.json"),
        (("fit", "negative.json"), "negative.json"),
        (("fit", "shots.json", "--effort", "heroic"), "there are fast, default, best"),
        (("fit", "shots.json", "--checkpoint", "bell.qasm"), "not a qdiff file"),
        (("sample", "bell.qasm"), "bell.qasm"),
        (("sample", "shots.json"), "expected a model"),
        (("compare", "shots.json", "bell.qasm"), "bell.qasm"),
        (("compare", "shots.json", "wide.json"), "2 bits, the reference 3"),
        (("compare", "shots.json", "empty.json"), "empty.json"),
        (("compare", "nan.json", "shots.json"), "nan.json"),
        (("compare", "shots.json", "nan.npz"), "nan.npz"),
        (("compare", "shots.json", "nan.csv"), "nan.csv"),
        (("compare", "shots.json", "shots.json", "--training", "wide.json"), "training set"),
        (("inspect", "missing"), "missing"),
        (("inspect", "ragged.csv"), "ragged.csv: the lines of the csv"),
        (("inspect", "mixed.json"), "mixed.json: count keys lost leading zeros"),
        (("inspect", "notes.txt"), "notes.txt: this is neither a qdiff file"),
        (("inspect", "broken.qasm"), "broken.qasm"),
        (("inspect", "headless.qasm"), "headless.qasm is no circuit file"),
        (("fit", "shots.json", "--out", "nowhere/m"), "no folder"),
        (("fit", "shots.json", "--out", "m", "--checkpoint", "./m", "--force"), "another output"),
        (("fit", "shots.json", "--checkpoint", "shots.json"), "an input"),
        (("fit", "shots.json", "--checkpoint", "/dev/null"), "must be a file"),
        (("simulate", "bell.qasm", "--out", "bell.qasm", "--force"), "an input"),
        (("simulate", "bell.qasm", "--out", "-", "--json"), "leave one out"),
        (("exact", "bell.qasm", "--out", "-"), "only shots go to standard output"),
        (
            ("compare", "shots.json", "shots.json", "--report", "./shots.json", "--force"),
            "an input",
        ),
        (("nonsense",), "nonsense"),
        (("run",), "circuit"),
        (("run", "bell.qasm", "--nonsense"), "--nonsense"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(qdiff_command, args, says: str) -> None:
    Path("broken.qasm").write_text(BELL.replace("cx", "c x"))
    Path("headless.qasm").write_text("qubit[2] q;\n")
    Path("ragged.csv").write_text("c,count\n01,5\n11\n")
    Path("notes.txt").write_text("nothing of interest\n")
    Path("unmeasured.qasm").write_text(BELL.replace("c = measure q;\n", ""))
    Path("mixed.json").write_text('{"00": 1, "111": 2}')
    Path("negative.json").write_text('{"00": -1}')
    Path("wide.json").write_text('{"000": 5, "111": 5}')
    Path("empty.json").write_text("{}")
    Path("nan.json").write_text('{"00": NaN, "11": 10}')
    Path("nan.csv").write_text("0,1\n1,nan\n")
    np.savez("nan.npz", bits=np.array([[0.0, np.nan], [1.0, 0.0]]))
    Path("shots.json").write_text('{"00": 10, "11": 10}')
    files = {*os.listdir()}
    done = qdiff_command(*args)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("qdiff: ")
    assert done.err.count("\n") == 1, done.err
    assert says in done.err
    assert {*os.listdir()} - files <= {"runs"}


def test_outputs_are_never_overwritten_without_force(qdiff_command) -> None:
    assert qdiff_command("simulate", "bell.qasm", "--shots", "10", "--out", "s").code == 0
    before = Path("s").read_bytes()
    refused = qdiff_command("simulate", "bell.qasm", "--shots", "20", "--out", "s")
    assert (refused.code, "--force" in refused.err) == (2, True)
    assert Path("s").read_bytes() == before
    assert (
        qdiff_command("simulate", "bell.qasm", "--shots", "20", "--out", "s", "--force").code == 0
    )
    assert qdiff.load("s").num_shots == 20


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("no room")])
def test_out_of_memory_is_one_line(qdiff_command, monkeypatch, error: BaseException) -> None:
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("qdiff.simulation.simulate.simulate", fail)
    done = qdiff_command("simulate", "bell.qasm")
    assert (done.code, done.err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    "command", ["run", "simulate", "exact", "fit", "sample", "compare", "inspect"]
)
def test_help_has_an_example(qdiff_command, command: str) -> None:
    done = qdiff_command(command, "--help")
    assert done.code == 0
    assert f"Example: qdiff {command}" in done.out
    assert "--json" in done.out
    assert "--seed" in done.out


def run_interrupted(folder: Path, job: str) -> subprocess.CompletedProcess[str]:
    """``python -m`` of the command line with `job` for its commands."""
    (folder / "interrupted.py").write_text(
        "import os, signal\nfrom qdiff.cli import interrupts, main\n"
        f"{job}\nmain.app = app\nmain.main()\n"
    )
    return subprocess.run(
        [sys.executable, "-m", "interrupted"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(Path(qdiff.__file__).parent.parent)},
        capture_output=True, text=True, timeout=100,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


@pytest.mark.parametrize(
    "job",
    [
        # inside text that a library executes, where CPython would end by the signal
        "def app(standalone_mode): exec('os.kill(os.getpid(), signal.SIGINT)')",
        # inside a destructor, out of which no exception comes
        """
class Swallows:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

def app(standalone_mode):
    Swallows()
    interrupts.heed()
""",
    ],
    ids=["exec", "destructor"],
)
def test_ctrl_c_inside_a_library_is_the_same(tmp_path, job: str) -> None:
    done = run_interrupted(tmp_path, job)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "qdiff: interrupted; results already written are kept\n"


def test_a_swallowed_interrupt_ends_the_training(monkeypatch) -> None:
    from qdiff.cli import console, interrupts

    monkeypatch.setattr(interrupts, "_seen", [signal.SIGINT])
    for shown in (False, True):
        with pytest.raises(KeyboardInterrupt), console.training_bar(shown=shown) as watch:
            watch(None)


@pytest.mark.parametrize("stage", ["shots.safetensors", "reference.safetensors"])
def test_ctrl_c_keeps_what_was_written(tmp_path, stage: str) -> None:
    """Interrupt as soon as a stage's file is there: 130, one line, and that file is whole."""
    out = tmp_path / "run"
    command = [sys.executable, "-m", "qdiff", "run", "ising:8", "--out", str(out)]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # a test run started in the background may have inherited an ignored SIGINT
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 100
    while not (out / stage).exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "interrupted" in err.splitlines()[-1]
    qdiff.load(out / stage)
    assert not [name for name in os.listdir(out) if name.startswith(".")]


def test_score_says_what_changed_and_raises_the_alarm(qdiff_command) -> None:
    law = qdiff.Distribution(probabilities=np.array([0.4, 0.3, 0.2, 0.1]))
    law.save("model.safetensors")
    law.sample(2000, seed=1).save("good.safetensors")
    qdiff.Shots.from_counts({"00": 500, "01": 900, "10": 300, "11": 300}).save("bad.safetensors")
    done = qdiff_command("score", "good.safetensors", "model.safetensors", "--alarm", "0.001")
    assert (done.code, done.err) == (0, "")
    assert "p-value of any change" in done.out
    done = qdiff_command(
        "score", "bad.safetensors", "model.safetensors", "--json", "--alarm", "0.001",
        "--calibration", "good.safetensors",
    )  # fmt: skip
    assert done.code == 1
    assert done.json["p_value"] < 0.01
    assert done.json["bits"][0]["bits"] == [0]
    assert done.json["reference"] == "2,000 calibration shots"
    for wrong in (
        ("good.safetensors", "good.safetensors"),
        ("model.safetensors", "model.safetensors"),
        ("good.safetensors", "model.safetensors", "--alarm", "2"),
    ):
        done = qdiff_command("score", *wrong)
        assert done.code == 2
        assert done.err.count("\n") == 1


def test_impossible_shots_and_levels_of_an_alarm(qdiff_command) -> None:
    """4,000 of 4,000 shots that the model calls impossible ended with 0."""
    qdiff.Distribution(probabilities=np.array([0.5, 0, 0, 0.5])).save("model.safetensors")
    Path("bad.json").write_text('{"01": 2000, "10": 2000}')
    done = qdiff_command("score", "bad.json", "model.safetensors", "--alarm", "0.001")
    assert done.code == 1
    assert "4,000 shots have no probability under the model: p-value 0" in done.out
    for level, says in (("1e-9", "cannot be reached"), ("0", "strictly between")):
        done = qdiff_command("score", "bad.json", "model.safetensors", "--alarm", level)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert says in done.err


def test_texts_of_options() -> None:
    assert option_texts.bit_values("0=1,5=0") == {0: 1, 5: 0}
    assert option_texts.registers("a b:3,c:2") == (Register("a b", 3), Register("c", 2))
    assert option_texts.index("1,2") == (1, 2)
    for read, wrong in (
        (option_texts.bit_values, "0"),
        (option_texts.bit_values, "0=1,0=1"),
        (option_texts.registers, "a"),
        (option_texts.registers, "a:x"),
        (option_texts.index, "one"),
    ):
        with pytest.raises(InputError):
            read(wrong)
