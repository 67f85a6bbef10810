"""``inspect``: what a file holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from qdiff.cli import console
from qdiff.cli.noise_lines import noise_lines
from qdiff.cli.options import FullOption, JsonOption
from qdiff.cli.results import summary


def inspect(
    file: Annotated[str, typer.Argument(help="A circuit, or a file that qdiff wrote.")],
    seed: Annotated[int, typer.Option(min=0, help="Not used: nothing here is random.")] = 0,
    full: FullOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say what a file holds and where it came from.

    Example: qdiff inspect model.safetensors
    """
    found = _held_by(file)
    if as_json:
        console.print_json(found)
    elif found["kind"] == "noise":
        console.print_lines(noise_lines(found, full=full))
    elif full:
        console.print_lines(f"{key}: {_text(value)}" for key, value in found.items())
    else:
        console.print_screen(_entries(found))


def _entries(found: Mapping[str, Any]) -> Iterator[str]:
    """A line an entry, of nested ones a line for each of theirs; a card's by what matters."""
    for key, value in found.items():
        if key == "card":
            yield from _of_card(value)
        elif key == "provenance":
            yield from (f"{name}: {_text(entry)}" for name, entry in value.items())
        else:
            yield f"{key}: {_text(value)}"


def _of_card(card: Mapping[str, Any]) -> Iterator[str]:
    from qdiff.models.surrogate.card_entries import card_entries

    for name, text in card_entries(card):
        yield f"{name}: {text}"
    for name in ("weights", "effort", "chosen", "seed", "device", "seconds", "versions"):
        if name in card:
            yield f"{name}: {_text(card[name])}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _held_by(file: str) -> dict[str, Any]:
    """A summary of a circuit, or of a file that qdiff can load, as JSON.

    What is no file is a circuit family. A file is a circuit by its content, or its name where the
    content is damaged; of any other the complaint is about shots. Of a model only the header is
    read, which needs no torch.
    """
    from qdiff.data import storage
    from qdiff.data.source import seekable
    from qdiff.files.convert import CIRCUIT_SUFFIXES, holds_circuit
    from qdiff.files.load import load

    with seekable(file) as path:
        named = not path.exists() or path.suffix.lower() in CIRCUIT_SUFFIXES
        if named or holds_circuit(path):
            from qdiff.circuit.loading import load_circuit

            return _circuit_summary(load_circuit(str(path)))
        header = storage.read_header(path)
        if header is not None and header.get("kind") == storage.Kind.SURROGATE.value:
            return _model_summary(path)
        return summary(load(path))


def _model_summary(path: Path) -> dict[str, Any]:
    """What `summary` says of a model."""
    from qdiff.data import storage
    from qdiff.data.registers import registers_in

    content = storage.describe(path, storage.Kind.SURROGATE)
    registers = registers_in(content)
    return {
        "kind": "model",
        "num_bits": sum(register.size for register in registers),
        "registers": {register.name: register.size for register in registers},
        "card": content.json_object("card"),
    }


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
