"""Circuits as QPY files, and how files of circuits are refused."""

from __future__ import annotations

import io
from typing import Any

import pytest
from qiskit import QuantumCircuit, qpy

from qdiff.circuit.loading import load_circuit
from qdiff.errors import InputError


def packed(*circuits: QuantumCircuit, version: int | None = None) -> bytes:
    """The bytes of a QPY file."""
    file = io.BytesIO()
    qpy.dump(list(circuits), file, **({} if version is None else {"version": version}))
    return file.getvalue()


def refusal(source: Any) -> str:
    """The one line with which `source` is refused."""
    with pytest.raises(InputError) as caught:
        load_circuit(source)
    message = str(caught.value)
    assert "\n" not in message
    assert "\x1b" not in message
    return message
