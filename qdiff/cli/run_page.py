"""The page about a run of the whole job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qdiff.cli.job import FROM_SHOTS, TOLD
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.plotting.palette import Role
from qdiff.report import page_parts as pages
from qdiff.report.page import Page

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qdiff.cli.job import Job, Outcome

_HEADINGS = {TOLD: "Told the circuit, not its noise", FROM_SHOTS: "From shots alone"}


def run_page(
    job: Job,
    circuit: QuantumCircuit,
    outcome: Outcome,
    *,
    truth: Distribution | None,
    shots: Shots,
    samples: Shots,
) -> Page:
    """What was run, what came of it, and the pictures of it."""
    known = "exact" if truth is None or truth.standard_error is None else "trajectories"
    laws = {_HEADINGS[name]: found for name, found in outcome.laws.items()}
    drawn = {} if outcome.samples is None else {f"{job.shots:,} surrogate shots": outcome.samples}
    return Page(
        title=f"qdiff: {_name(job, circuit)}",
        facts=_facts(job, circuit, outcome),
        comparisons=laws | drawn,
        further={f"The {name} part alone": found for name, found in outcome.parts.items()},
        views=pages.views_of(
            reference=truth,
            candidate=outcome.model,
            training=shots,
            labels={
                Role.REFERENCE: known,
                Role.CANDIDATE: "surrogate",
                Role.RAW: "raw shots",
            },
            samples=samples,
        ),
        training=pages.trainings(outcome.model.card),
        circuit=pages.circuit_section(outcome.model, shots, samples=samples),
    )


def _facts(job: Job, circuit: QuantumCircuit, outcome: Outcome) -> dict[str, str]:
    card = outcome.model.card
    weights = ", ".join(f"{name} {weight:.3f}" for name, weight in card["weights"].items())
    return {
        "command": job.command,
        "circuit": f"{_name(job, circuit)}: {circuit.num_qubits} qubits, {circuit.num_clbits} bits",
        "noise": "none" if job.noise is None else str(job.noise),
        "shots": f"{job.shots:,}",
        "seed": str(job.seed),
        "fit": f"{card['seconds']} s on {card['device']}",
        "weights of the model's parts": weights,
        "held-out score": f"{card['heldout']['nats_per_shot']:.4f} nats a shot",
        "versions": ", ".join(f"{name} {text}" for name, text in card["versions"].items()),
        **{f"note {number}": note for number, note in enumerate(outcome.notes, 1)},
    }


def _name(job: Job, circuit: QuantumCircuit) -> str:
    """What the user calls the circuit; one read from a file is named by the order of reading."""
    if not isinstance(job.circuit, str | Path):
        return str(circuit.name)
    path = Path(job.circuit)
    return path.stem if path.exists() else str(job.circuit)  # a family and its sizes
