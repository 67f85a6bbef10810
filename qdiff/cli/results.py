"""A command's result: saved, and summed up in a few numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qdiff.cli import console, outputs

if TYPE_CHECKING:
    from qdiff.report.page import Page


def save(value: Any, out: Path, *, force: bool, as_json: bool) -> None:
    """Save shots, a distribution or a surrogate, and say what was written where."""
    from qdiff.data.output import is_standard

    outputs.save(value, out, force=force)
    found = summary(value)
    if as_json:
        console.print_json({**found, "out": str(out)})
        return
    numbers = {key: number for key, number in found.items() if isinstance(number, int | float)}
    text = ", ".join(
        f"{key} {number:,.6g}" if isinstance(number, float) else f"{key} {number:,}"
        for key, number in numbers.items()
    )
    console.show(f"{found['kind']} written to {out}: {text}", err=is_standard(out))


def save_page(page: Page, path: Path, pictures: str | None, *, force: bool) -> None:
    """Write a report, and its pictures beside it if a kind of them is asked for."""
    from qdiff.report.page_files import save_pictures, write_report

    write_report(path, page, force=force)
    if pictures is not None:
        save_pictures(page, path, pictures, force=force)


def summary(value: Any) -> dict[str, Any]:
    """A summary of whatever `qdiff.load` returns, as JSON."""
    from qdiff.data.distribution import Distribution
    from qdiff.data.family_shots import FamilyShots
    from qdiff.data.shots import Shots

    if isinstance(value, FamilyShots):
        return {
            "kind": "family shots",
            **_bits(value),
            "parameters": list(value.names),
            "points": len(value),
            "num_shots": value.num_shots,
            "provenance": dict(value.provenance),
        }
    if isinstance(value, Shots):
        return {
            "kind": "shots",
            **_bits(value),
            "num_shots": value.num_shots,
            "distinct": len(value.counts),
            "provenance": dict(value.provenance),
        }
    if isinstance(value, Distribution):
        from qdiff.comparison.metrics.table_metrics import entropy

        return {
            "kind": "distribution",
            **_bits(value),
            "entropy_nats": float(entropy(value.probabilities)),
            "largest": float(value.probabilities.max()),
            "provenance": dict(value.provenance),
        }
    from qdiff.models.families.family_surrogate import FamilySurrogate  # these import torch
    from qdiff.noise_learning.learned_noise import LearnedNoise

    if isinstance(value, LearnedNoise):
        return value.to_dict()
    if isinstance(value, FamilySurrogate):
        parameters = list(value.names)
        return {
            "kind": "family",
            **_bits(value),
            "parameters": parameters,
            "card": dict(value.card),
        }
    return {"kind": "model", **_bits(value), "card": dict(value.card)}


def _bits(value: Any) -> dict[str, Any]:
    return {
        "num_bits": value.num_bits,
        "registers": {register.name: register.size for register in value.registers},
    }
