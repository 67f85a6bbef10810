"""``inspect``: what a file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from qdiff.cli import console
from qdiff.cli.noise_lines import noise_lines
from qdiff.cli.options import JsonOption
from qdiff.cli.results import summary


def inspect(
    file: Annotated[str, typer.Argument(help="A circuit, or a file that qdiff wrote.")],
    seed: Annotated[int, typer.Option(min=0, help="Not used: nothing here is random.")] = 0,
    json: JsonOption = False,
) -> None:
    """Say what a file holds and where it came from.

    Example: qdiff inspect model.safetensors
    """
    found = _held_by(file)
    if json:
        console.print_json(found)
    elif found["kind"] == "noise":
        console.print_lines(noise_lines(found))
    else:
        console.print_entries(found)


def _held_by(file: str) -> dict[str, Any]:
    """A summary of a circuit, or of a file that qdiff can load, as JSON.

    What is no file is a circuit family. A file is a circuit by its content, or its name where the
    content is damaged; of any other the complaint is about shots.
    """
    from qdiff.circuit.loading import load_circuit
    from qdiff.files.convert import CIRCUIT_SUFFIXES, holds_circuit
    from qdiff.files.load import load

    path = Path(file)
    named = not path.exists() or path.suffix.lower() in CIRCUIT_SUFFIXES
    if named or holds_circuit(path):
        return _circuit_summary(load_circuit(file))
    return summary(load(path))


def _circuit_summary(circuit: Any) -> dict[str, Any]:
    from qdiff.circuit.measurement import is_dynamic, registers_of
    from qdiff.circuit.structural_hash import circuit_hash

    return {
        "kind": "circuit",
        "name": circuit.name,
        "num_qubits": circuit.num_qubits,
        "num_bits": circuit.num_clbits,
        "registers": {register.name: register.size for register in registers_of(circuit)},
        "depth": circuit.depth(),
        "gates": dict(circuit.count_ops()),
        "dynamic": is_dynamic(circuit),
        "circuit_hash": circuit_hash(circuit),
    }
