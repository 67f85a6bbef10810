"""Write every circuit of this folder and its table: `python circuits/generate.py`.

The files are a pure function of the list below, so a second run changes nothing.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path

from qiskit import qasm3
from qiskit.circuit import QuantumCircuit

from qdiff.circuit.families import by_name as families
from qdiff.data import output

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file: its name without suffix, the family text that makes it, what it is for."""

    name: str
    family: str
    purpose: str


ENTRIES = (
    Entry(name="adder_10", family="adder:10", purpose="arithmetic: 1 + 15, the carry ripples"),
    Entry(name="amplitude_8", family="amplitude:8", purpose="amplitude estimation: two peaks"),
    Entry(name="ansatz_12", family="ansatz:12,seed=1", purpose="an untrained variational circuit"),
    Entry(
        name="brickwork_deep_12",
        family="brickwork:12,depth=12,seed=1",
        purpose="Porter-Thomas outcomes: the known hard case for every learner",
    ),
    Entry(
        name="brickwork_shallow_12",
        family="brickwork:12,depth=4,seed=1",
        purpose="random, but of short-range correlation",
    ),
    Entry(
        name="brickwork_shallow_16",
        family="brickwork:16,depth=4,seed=1",
        purpose="the same, with more strings than shots",
    ),
    Entry(name="bv_12", family="bv:12,seed=1", purpose="one right answer: all the rest is noise"),
    Entry(name="clifford_12", family="clifford:12,seed=1", purpose="an affine law at any size"),
    Entry(name="ghz_4", family="ghz:4", purpose="the smallest example: two strings"),
    Entry(name="ghz_12", family="ghz:12", purpose="correlation over the whole register"),
    Entry(
        name="graph_16",
        family="graph:16,rows=4,seed=1",
        purpose="a 4 x 4 cluster state in seeded measurement bases",
    ),
    Entry(
        name="graph_20",
        family="graph:20,rows=4,seed=1",
        purpose="a 4 x 5 cluster state in seeded measurement bases",
    ),
    Entry(
        name="heisenberg_12",
        family="heisenberg:12",
        purpose="a conservation law (number of ones) that only noise breaks",
    ),
    Entry(
        name="heisenberg_16",
        family="heisenberg:16",
        purpose="the same, with more strings than shots",
    ),
    Entry(name="iqp_12", family="iqp:12,seed=1", purpose="sparse commuting gates, interference"),
    Entry(name="ising_10", family="ising:10", purpose="the demo: a quantum quench"),
    Entry(name="ising_16", family="ising:16", purpose="a quench with more strings than shots"),
    Entry(name="ising_20", family="ising:20", purpose="a quench near the limit of exact tables"),
    Entry(name="phase_10", family="phase:10", purpose="phase estimation of 1/3: a spread-out peak"),
    Entry(name="qaoa_12", family="qaoa:12,seed=1", purpose="MaxCut: the optimisation workhorse"),
    Entry(name="qaoa_16", family="qaoa:16,seed=1", purpose="MaxCut with more strings than shots"),
    Entry(name="qft_10", family="qft:10,seed=1", purpose="a smooth law in the Fourier index"),
    Entry(
        name="steane_10",
        family="steane:10",
        purpose="error correction: a code word and its syndrome",
    ),
    Entry(name="w_8", family="w:8", purpose="one excitation: eight strings of equal weight"),
    Entry(name="xy_12", family="xy:12", purpose="free hopping: a conservation law, exactly solved"),
)


def contents() -> dict[str, str]:
    """File name -> text of every file that this script writes."""
    circuits = {entry: families.build(entry.family) for entry in ENTRIES}
    files = {f"{entry.name}.qasm": _program(entry, circuits[entry]) for entry in ENTRIES}
    return {**files, "README.md": _readme(circuits)}


def _program(entry: Entry, circuit: QuantumCircuit) -> str:
    title = f"// {entry.name}: {_summary(entry)}\n"
    purpose = f"// For: {entry.purpose}.\n"
    family = f"// Family text: {entry.family} (written by circuits/generate.py)\n\n"
    program: str = qasm3.dumps(circuit)
    return title + purpose + family + program.strip() + "\n"


def _readme(circuits: dict[Entry, QuantumCircuit]) -> str:
    head = (
        "# Circuits\n\n"
        "OpenQASM 3, one circuit a file, written by `python circuits/generate.py` from the\n"
        "families in `qdiff/circuit/families`. A family text makes the same circuit without a "
        "file, at\n"
        'any size: `qdiff.load_circuit("ising:10")`. Depth is counted without the measurements.\n\n'
        "| file | family text | qubits | bits | depth | 2-qubit gates | what it is for | source |\n"
        "|---|---|--:|--:|--:|--:|---|---|\n"
    )
    return head + "".join(_row(entry, circuit) for entry, circuit in circuits.items())


def _row(entry: Entry, circuit: QuantumCircuit) -> str:
    two, three = (_gates_on(circuit, size) for size in (2, 3))
    cells = [
        f"[{entry.name}]({entry.name}.qasm)",
        f"`{entry.family}`",
        str(circuit.num_qubits),
        str(circuit.num_clbits),
        str(circuit.depth(lambda step: step.operation.name != "measure")),
        f"{two} (and {three} ccx)" if three else str(two),
        entry.purpose,
        _docstring(entry).partition("Source: ")[2].rstrip("."),
    ]
    return f"| {' | '.join(cells)} |\n"


def _gates_on(circuit: QuantumCircuit, size: int) -> int:
    return sum(step.operation.num_qubits == size for step in circuit.data)


def _summary(entry: Entry) -> str:
    """The family's own first sentence, without its markup."""
    first = (inspect.getdoc(_function(entry)) or "").partition("\n\n")[0]
    return " ".join(first.replace("`", "").split())


def _docstring(entry: Entry) -> str:
    return " ".join((inspect.getdoc(_function(entry)) or "").split())


def _function(entry: Entry) -> families.Family:
    return families.FAMILIES[entry.family.partition(":")[0]]


def main() -> None:
    for name, text in contents().items():
        output.write_text(FOLDER / name, text, force=True)


if __name__ == "__main__":
    main()
