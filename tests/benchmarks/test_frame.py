"""Runs of benchmarks: what is measured, kept and measured again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import frame
import pytest
import small_cells
from record import same_code
from small_cells import Row

QUESTION = "Is the frame sound?"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Row]]:
    """One run as from a command line; the rows that are then kept."""
    monkeypatch.setenv("FRAME_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # put back afterwards

    def run(
        *command: str, measure: frame.Measure = small_cells.drawn, settings: Any = None, **more: Any
    ) -> list[Row]:
        given = ["--out", str(tmp_path), *command]
        options = frame.arguments(QUESTION, seeds=2).parse_args(given)
        cells = frame.grid(seed=options.seeds, noise=["none"])
        frame.collect("frame", cells, measure, options, settings or {}, **more)
        content = json.loads((tmp_path / "frame.json").read_text())
        assert content["question"] == QUESTION
        assert content["device"].endswith(", 1 thread")
        return sorted(content["rows"], key=lambda row: (row["seed"], row.get("steps", 0)))

    return run


def measured(tmp_path: Path) -> list[int]:
    """The seeds of the cells that were measured, in that order."""
    return [int(line) for line in (tmp_path / "log").read_text().split()]


def values(rows: list[Row]) -> dict[int, float]:
    return {row["seed"]: row["value"] for row in rows}


def test_a_grid_has_every_choice_and_its_last_key_changes_fastest() -> None:
    cells = frame.grid(seed=range(1, 3), circuit="ab")
    assert [tuple(cell.values()) for cell in cells] == [(1, "a"), (1, "b"), (2, "a"), (2, "b")]


def test_cells_of_all_keys_and_any_value_asked_for_are_chosen() -> None:
    cells = frame.grid(shots=[10, 100, 1000], circuit=["ghz:2", "ising:2"])
    found = frame.chosen(cells, ["shots=10", "circuit=ghz:2", "shots=1000"])
    assert found == [{"shots": n, "circuit": "ghz:2"} for n in (10, 1000)]
    with pytest.raises(SystemExit, match="shots=11"):
        frame.chosen(cells, ["shots=11"])


def test_workers_find_what_a_plain_loop_does(run: Callable[..., list[Row]]) -> None:
    rows = run("--seeds", "3", "--workers", "2")
    cells = frame.grid(seed=range(1, 4), noise=["none"])
    assert [{**cell, **small_cells.drawn(cell)} for cell in cells] == [
        {key: row[key] for key in ("seed", "noise", "value")} for row in rows
    ]
    assert all(row["cell_seconds"] >= 0 and row["revision"] for row in rows)


def test_a_run_measures_only_what_is_missing(run: Callable[..., list[Row]], tmp_path: Path) -> None:
    first = run("--only", "seed=2")
    assert [row["seed"] for row in first] == [2]
    both = run()
    assert measured(tmp_path) == [2, 1]
    assert both[1] == first[0]
    run()
    assert measured(tmp_path) == [2, 1]


def test_fresh_measures_the_chosen_cells_again_and_other_settings_all(
    run: Callable[..., list[Row]], tmp_path: Path
) -> None:
    first = run()
    again = run("--fresh", "--only", "seed=1")
    assert values(again) == values(first)
    assert measured(tmp_path)[2:] == [1]
    assert [row["seed"] for row in run("--only", "seed=1", settings={"shots": 10})] == [1]


def test_a_cell_of_several_rows_is_replaced_as_a_whole(run: Callable[..., list[Row]]) -> None:
    for command in ((), (), ("--fresh", "--only", "seed=2")):
        rows = run(*command, measure=small_cells.two_rows)
        assert [(row["seed"], row["steps"]) for row in rows] == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_rows_of_another_revision_are_told_apart_and_renewed_where_asked(
    run: Callable[..., list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, command in (("earlier", ["--only", "seed=1"]), ("later", [])):
        monkeypatch.setattr("record.revision", lambda name=name: name)
        rows = run(*command)
    assert [row["revision"] for row in rows] == ["earlier", "later"]
    renewed = run(again=small_cells.renewed)
    assert [row["revision"] for row in renewed] == ["later", "later"]
    assert values(renewed) == {1: -rows[0]["value"], 2: rows[1]["value"]}


def test_rows_that_other_code_measured_are_measured_again_where_asked(
    run: Callable[..., list[Row]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("frame.same_code", lambda one, other: {one, other} <= {"new", "a text"})
    for name in ("old", "new", "a text"):
        monkeypatch.setattr("record.revision", lambda name=name: name)
        rows = run("--renew", *(["--only", "seed=1"] if name == "new" else []))
    assert [row["revision"] for row in rows] == ["new", "a text"]
    assert measured(tmp_path) == [1, 2, 1, 2]


def test_the_code_of_two_revisions_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    (repository / "qdiff").mkdir(parents=True)

    def git(*arguments: str) -> str:
        options = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(repository))
        done = subprocess.run(["git", *options, *arguments], capture_output=True, check=True)
        return done.stdout.decode().strip()

    git("init", "-q")
    names = []
    for path, text in (("qdiff/a.py", "1"), ("README.md", "1"), ("qdiff/a.py", "2")):
        (repository / path).write_text(text)
        git("add", ".")
        git("commit", "-q", "-m", path)
        names.append(git("rev-parse", "--short", "HEAD"))
    first, documented, changed = names
    monkeypatch.chdir(repository)
    assert same_code(first, documented)
    assert not same_code(first, changed)
    for unknown in (f"{first}-dirty", None, "0000000"):
        assert not same_code(unknown, first)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_cell_that_fails_stops_the_run_and_keeps_what_is_finished(
    run: Callable[..., list[Row]], tmp_path: Path, workers: str
) -> None:
    with pytest.raises(ArithmeticError, match="the second cell"):
        run("--seeds", "4", "--workers", workers, measure=small_cells.failing)
    kept = [row["seed"] for row in json.loads((tmp_path / "frame.json").read_text())["rows"]]
    # beside the second cell the first one's worker may have begun the third
    assert kept in ([1], [1, 3])
    assert measured(tmp_path) == kept
    run("--seeds", "4")
    assert sorted(measured(tmp_path)) == [1, 2, 3, 4]


def test_a_killed_run_loses_no_finished_cell(run: Callable[..., list[Row]], tmp_path: Path) -> None:
    code = f"""
import sys; sys.path[:0] = {sys.path!r}
if __name__ == "__main__":
    import frame, small_cells
    options = frame.arguments({QUESTION!r}).parse_args(["--out", {str(tmp_path)!r}])
    cells = frame.grid(seed=options.seeds, noise=["none"])
    frame.collect("frame", cells, small_cells.killing, options, {{}})
"""
    script = tmp_path / "script.py"
    script.write_text(code)
    killed = subprocess.run([sys.executable, script], check=False, capture_output=True)
    assert killed.returncode < 0
    assert 1 in values(json.loads((tmp_path / "frame.json").read_text())["rows"])
    assert sorted(values(run("--seeds", "3"))) == [1, 2, 3]
    assert measured(tmp_path).count(1) == 1


def test_a_refit_keeps_every_figure_of_the_baselines(monkeypatch) -> None:
    """Also of one that has the name of a part."""
    import contenders

    ours = {"kl": {"surrogate": 1.0, "part_matrix_product": 2.0}, "cpu_seconds": {"surrogate": 3.0}}
    theirs = {"uniform": 7.0, "matrix_product": 5.0}
    before = {
        "kl": {**theirs, "surrogate": 9.0, "part_recurrent": 9.0, "without_shots": 9.0},
        "cpu_seconds": {"matrix_product": 6.0, "surrogate": 9.0},
        "weights": {"matrix_product": 0.5, "recurrent": 0.5},
        "revision": "old",
    }
    monkeypatch.setattr(contenders, "surrogate_against", lambda *_: ours)
    found = contenders.surrogate_again(before, None, None, 1)
    assert found["kl"] == {**theirs, **ours["kl"]}
    assert found["cpu_seconds"] == {"matrix_product": 6.0, "surrogate": 3.0}
    assert found["baselines_revision"] == "old"
