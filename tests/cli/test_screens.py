"""What is printed fits a screen of 80 columns and 24 lines, without control characters."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from exact_surrogates import surrogate_of

import qdiff
from qdiff.cli import console, pipeline
from qdiff.cli.job import Job, Outcome

WIDTH, HEIGHT = 80, 23  # and the prompt below

ROOT = Path(__file__).parents[2]

DOZEN = (
    "KL divergence",
    "Jensen-Shannon",
    "Total variation",
    "Hellinger fidelity",
    "Shot multiplier",
    "Linear XEB",
    "Heavy outputs",
    "Z, weight 1, rms error",
    "Z, weight 2, rms error",
    "Z, weight 3, rms error",
    "3-bit marginals, TV",
    "Hamming weight, TV",
)


def screen(done) -> list[str]:
    """The lines that a terminal shows of both streams; each is looked at."""
    lines = [*done.err.splitlines(), *done.out.splitlines()]
    assert len(lines) <= HEIGHT, lines
    assert [line for line in lines if len(line) > WIDTH] == []
    return lines


def in_order(names, lines: list[str]) -> bool:
    """Whether each name begins a line, one after another."""
    rest = iter(lines)
    return all(any(line.startswith(name) for line in rest) for name in names)


@pytest.fixture
def quick_run(short_trainings, monkeypatch) -> None:
    """Short trainings, no page, and a job that was done before is not done again."""
    done: dict[tuple, Outcome] = {}

    def remembered(job: Job, **how) -> Outcome:
        key = (job.circuit, job.use_circuit)
        done[key] = done.get(key) or pipeline_run(job, **how)
        return done[key]

    pipeline_run = pipeline.run
    monkeypatch.setattr(pipeline, "run", remembered)
    monkeypatch.setattr(pipeline, "run_page", lambda *_, **__: None)
    monkeypatch.setattr(pipeline.results, "save_page", lambda *_, **__: None)


@pytest.mark.usefixtures("quick_run")
def test_run_prints_one_screen_with_both_fits_side_by_side(qdiff_command) -> None:
    run = ("run", "ising:4", "--shots", "500", "--seed", "1", "--effort", "fast")
    done = qdiff_command(*run, "--out", "r")
    lines = screen(done)
    assert done.code == 0
    assert in_order(DOZEN, lines)
    heads = lines.index(next(line for line in lines if line.startswith("metric")))
    assert lines[heads - 1].split() == ["told", "the", "from", "shots", "a", "perfect", "raw"]
    assert lines[heads].split() == ["metric", "circuit", "alone", "sampler", "histogram"]
    saved = json.loads(Path("r/comparison.json").read_text())
    (row,) = (line for line in lines if line.startswith("KL"))
    told, alone, _, _, _, raw = row.removeprefix(DOZEN[0]).split()
    assert told == f"{saved['surrogate']['kl']['value']:.4g}"
    assert alone == f"{saved['without_circuit']['kl']['value']:.4g}"
    assert raw == f"{saved['surrogate']['kl']['training']:.4g}"
    assert not any("…" in line for line in lines)
    assert lines[-1] == "page: r/report.html; all metrics: --full, --json"
    full = qdiff_command(*run, "--out", "f", "--full")
    assert "Z strings of weight 3, largest error" in full.out
    assert full.out.count("Hellinger fidelity") == 3  # two laws, and shots drawn


@pytest.mark.usefixtures("quick_run")
def test_run_tells_the_circuit_where_it_can_and_says_where_not(qdiff_command) -> None:
    run = ("run", "bell.qasm", "--shots", "300", "--seed", "1", "--effort", "fast")
    done = qdiff_command(*run, "--out", "alone", "--shots-alone")
    assert "told" not in done.out
    assert "circuit" not in qdiff.load("alone/model.safetensors").card
    Path("twice.qasm").write_text(
        'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[1] q;\nbit[2] c;\nh q[0];\n'
        "c[0] = measure q[0];\nh q[0];\nc[1] = measure q[0];\n"
    )
    twice = ("run", "twice.qasm", "--shots", "300", "--effort", "fast", "--out", "twice")
    done = qdiff_command(*twice)
    assert done.code == 0
    assert "from shots alone, since the circuit cannot be told" in " ".join(screen(done))
    large = Job(circuit="ghz:17")
    found, (why,) = pipeline._told(large, qdiff.load_circuit("ghz:17"))
    assert found is None
    assert "--use-circuit" in why
    refused = qdiff_command(*twice, "--force", "--use-circuit")
    assert (refused.code, refused.out) == (2, "")


@pytest.mark.usefixtures("quick_run")
def test_the_bar_is_there_while_the_surrogate_is_fitted_and_no_longer(tmp_path) -> None:
    """Whatever else is printed while a bar is shown would break it and stay on the screen."""
    seen: list[str] = []

    @contextmanager
    def bar() -> Iterator[Callable[[object], None]]:
        seen.append("begins")
        yield lambda _: seen.append("step")
        seen.append("ends")

    job = Job(circuit="ghz:2", shots=100, effort="fast", out=tmp_path / "r")
    pipeline.run(job, watching=bar, announce=lambda line: seen.append(line.split()[0]))
    assert list(dict.fromkeys(seen)) == [
        *("simulating", "computing", "fitting", "begins", "step", "ends", "comparing"),
    ]


@pytest.fixture
def files(qdiff_command) -> None:
    """Shots, a law, a model, and shots of a calibration, in the folder of the command."""
    truth = qdiff.Distribution(probabilities=np.random.default_rng(1).dirichlet(np.ones(16)))
    truth.save("law")
    shots = truth.sample(400, seed=1)
    shots.save("shots")
    shots.save("today")
    model = surrogate_of(qdiff.Distribution.from_shots(shots, pseudocount=0.5))
    model.card.update(training_shots=400, training=[{"step": k} for k in range(900)], weights={})
    model.save("model")
    Path("zeros.json").write_text('{"0000": 95, "0001": 5}')
    Path("ones.json").write_text('{"1111": 90, "0111": 10}')


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "command",
    [
        "compare model law --training shots",
        "compare model law --training shots --report page.html",
        "compare model law",
        "compare shots law",
        "compare shots law --training today",
        "compare shots today",
        "inspect model",
        "inspect shots",
        "inspect law",
        "inspect bell.qasm",
        "score today model",
        "mitigate shots --readout 0.02/0.03 --out mitigated",
        "calibrate zeros.json ones.json --out readout.toml",
        "sample model --shots 100 --out samples",
        "convert shots shots.csv",
        "simulate bell.qasm --shots 100 --out simulated",
    ],
)
def test_other_commands_print_a_screen(qdiff_command, command: str) -> None:
    done = qdiff_command(*command.split())
    assert done.code == 0, done.err
    lines = screen(done)
    if command.startswith(("compare", "inspect")):
        assert "--full, --json" in lines[-1]
        full = qdiff_command(*command.replace("page", "other").split(), "--full")
        assert full.code == 0
        assert "…" not in full.out


def test_messages_are_a_few_lines_without_control_characters(qdiff_command) -> None:
    hostile = "red\x1b[31m\u202e\x07\x9b\udcff"
    for args in (
        ("inspect", hostile),
        ("fit", hostile),
        ("run", hostile * 200),
        ("simulate", "bell.qasm", "--noise", hostile * 200),
        ("sample", "bell.qasm", "--given", hostile),
        (hostile,),
        ("run", "bell.qasm", "--" + hostile),
    ):
        done = qdiff_command(*args)
        assert (done.code, done.out) == (2, ""), args
        assert done.err.count("\n") == 1
        assert done.err[:-1].isprintable(), done.err
        assert len(done.err) <= 4 * 80 + 1
        assert "\\x1b[31m" in done.err or len(hostile * 200) > len(done.err), done.err


def test_results_show_control_characters_of_files_written_out(qdiff_command) -> None:
    shots = qdiff.Shots.from_counts({"0": 1}, provenance={"source": "a\x1b[2J\nb", "n\x07": 1})
    shots.save("shots\x1b")
    for command in (("inspect", "shots\x1b"), ("compare", "shots\x1b", "shots\x1b")):
        for full in ((), ("--full",)):
            done = qdiff_command(*command, *full)
            assert done.code == 0
            assert all(line.isprintable() for line in done.out.splitlines()), done.out
            assert "\\x1b" in done.out or "\\u001b" in done.out
    assert "source: a\\x1b[2J\\nb" in qdiff_command("inspect", "shots\x1b").out


def test_long_answers_say_how_much_is_left_out(capsys) -> None:
    console.print_screen(f"{number}: {'x' * 100}" for number in range(40))
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), max(map(len, lines))) == (HEIGHT, WIDTH)
    assert lines[0].endswith("…")
    assert lines[-1] == "and 18 lines more: --full, --json"


def test_the_screen_in_the_documentation_has_what_is_printed() -> None:
    for page in ("README.md", "docs/index.md"):
        lines = (ROOT / page).read_text().splitlines()
        assert in_order(DOZEN, lines), page


def test_a_version_and_a_warning(qdiff_command, capsys) -> None:
    done = qdiff_command("--version")
    assert (done.code, done.out) == (0, f"qdiff {qdiff.__version__}\n")
    console.show_warning(UserWarning("look\x1b out"))
    assert capsys.readouterr().err == "qdiff: look\\x1b out\n"
    assert qdiff_command().err == ""
    assert sys.argv == ["qdiff"]
