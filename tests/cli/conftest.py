from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from circuit_texts import BELL

from qdiff.cli import main as cli


class Finished:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def qdiff_command(capsys, monkeypatch, tmp_path):
    """Run ``qdiff ARGS`` in this process, in a fresh folder."""
    monkeypatch.chdir(tmp_path)
    Path("bell.qasm").write_text(BELL)

    def call(*args: str) -> Finished:
        monkeypatch.setattr(sys, "argv", ["qdiff", *args])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        captured = capsys.readouterr()
        return Finished(int(stopped.value.code or 0), captured.out, captured.err)

    return call
