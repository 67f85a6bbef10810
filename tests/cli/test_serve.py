"""``qdiff serve`` as a program: where it listens, who may ask, how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from quick_fits import quick_surrogate

import qdiff

ROOT = Path(qdiff.__file__).parents[1]
TOKEN = "a-token-that-nobody-guesses"

WITHOUT_QISKIT = """
import sys
for name in ("qiskit", "qiskit_aer", "pyqasm", "pandas", "pyarrow"):
    sys.modules[name] = None  # importing it raises ImportError
from qdiff.cli.main import main
main()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("models")
    quick_surrogate().save(found / "model.safetensors")
    return found


@contextmanager
def program(folder: Path, *arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-c", WITHOUT_QISKIT, "serve", *arguments],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **more},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_service_without_qiskit_from_start_to_end(folder: Path) -> None:
    models = ("model.safetensors", "b=model.safetensors")
    right = {"authorization": f"Bearer {TOKEN}"}
    with program(folder, *models, "--port", "0", QDIFF_TOKEN=TOKEN) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"model, b: (http://127\.0\.0\.1:\d+)\n", line)
        assert found, line
        assert httpx.get(f"{found[1]}/models").status_code == 401
        with httpx.Client(base_url=found[1], timeout=60, headers=right) as client:
            body = {"shots": 300, "seed": 8}
            counts = client.post("/models/b/sample", json=body).json()["counts"]
            assert counts == quick_surrogate().sample(300, seed=8).to_counts()
            assert "<svg" in client.get("/").text
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (out, err) == ("", "qdiff: stopped\n")
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("none.safetensors",), "none.safetensors"),
        (("model.safetensors", "model.safetensors"), "two models are called 'model'"),
        (("model.safetensors", "--host", "203.0.113.1"), "cannot listen at 203.0.113.1"),
        (("model.safetensors", "--host", "no such host"), "cannot listen"),
        (("model.safetensors", "--seconds", "0"), "seconds"),
        (("model.safetensors", "--token-file", "none"), "cannot read the token"),
        (("a b=model.safetensors",), "NAME=FILE"),
        (("shots.safetensors",), "expected a model"),
    ],
)
def test_mistakes_are_one_line(qdiff_command, folder: Path, arguments, says) -> None:
    quick_surrogate().save("model.safetensors")
    qdiff.Shots.from_counts({"0": 1}).save("shots.safetensors")
    ended = qdiff_command("serve", *arguments, "--port", "0")
    assert ended.code == 2
    assert says in ended.err
    assert ended.err.count("\n") == 1


def test_a_port_that_is_taken_is_one_line(qdiff_command) -> None:
    quick_surrogate().save("model.safetensors")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = qdiff_command("serve", "model.safetensors", "--port", port)
    assert ended.code == 2
    assert f"cannot listen at 127.0.0.1 port {port}" in ended.err


def test_the_extra_is_named_where_it_is_missing(qdiff_command, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    ended = qdiff_command("serve", "model.safetensors")
    assert ended.code == 2
    assert "pip install 'qdiff-sampler[serve]'" in ended.err
