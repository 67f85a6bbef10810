"""Standard input and output: pipes that are full, closed, or the place of a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import qdiff

COUNTS = '{"00": 300, "11": 300, "01": 40}'


@pytest.fixture
def shell(tmp_path):
    """Run a line of bash in a fresh folder, where ``qdiff`` is the command."""
    (tmp_path / "shots.json").write_text(COUNTS)
    here = Path(qdiff.__file__).parents[1]

    def run(line: str) -> subprocess.CompletedProcess[str]:
        script = f'set -o pipefail; qdiff() {{ "{sys.executable}" -m qdiff "$@"; }}; {line}'
        return subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(here)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        (
            "qdiff convert shots.json - > /dev/full",
            2,
            "qdiff: cannot write to standard output: No sp",
        ),
        ("qdiff convert shots.json - >&-", 2, "qdiff: cannot write to standard output: Bad file"),
        ("qdiff convert shots.json - | true", 141, ""),
        ("qdiff inspect ghz:2 > /dev/full", 2, "qdiff: cannot write to standard output: No space"),
        ("qdiff inspect ghz:2 | true", 141, ""),
        ("qdiff inspect missing 2>/dev/full", 2, ""),
        ("qdiff inspect missing 2>&-", 2, ""),
        ("qdiff inspect - <&-", 2, "qdiff: "),
        ("qdiff inspect - < /dev/null", 2, "qdiff: cannot read /dev/stdin: it is a device"),
        ("true | qdiff inspect -", 2, "qdiff: /dev/stdin: the file is empty"),
    ],
)
def test_no_traceback_whatever_the_streams_are(shell, line: str, code: int, says: str) -> None:
    done = shell(line)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(says)
    assert done.stderr.count("\n") == bool(says)


def test_a_closed_output_is_not_taken_for_the_next_file(shell, tmp_path) -> None:
    """The lowest free number goes to the next file that is opened: here the model itself."""
    law = qdiff.Distribution(probabilities=[0.5, 0.25, 0.125, 0.125])
    law.sample(100, seed=1).save(tmp_path / "shots")
    before = (tmp_path / "shots").read_bytes()
    assert shell("qdiff convert shots - >&-").returncode == 2
    assert (tmp_path / "shots").read_bytes() == before


def test_counts_go_in_and_out(shell, tmp_path) -> None:
    done = shell(
        "cat shots.json | qdiff convert - - | qdiff convert /dev/stdin -"
        " | qdiff convert <(cat) out.csv"
    )
    assert done.returncode == 0, done.stderr
    assert qdiff.load(tmp_path / "out.csv").to_counts() == {"00": 300, "01": 40, "11": 300}


@pytest.mark.slow
def test_shots_are_drawn_to_standard_output(shell, tmp_path) -> None:
    done = shell("echo before; qdiff simulate ghz:2 --noise ideal --shots 50 --out -")
    assert done.stdout.startswith("before\n{")
    (tmp_path / "drawn.json").write_text(done.stdout.removeprefix("before\n"))
    assert qdiff.load(tmp_path / "drawn.json").num_shots == 50
    assert done.stderr.startswith("shots written to -")
