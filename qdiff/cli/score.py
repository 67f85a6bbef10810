"""``score``: whether a new batch is what a model describes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qdiff.cli import console
from qdiff.cli.options import JsonOption, SeedOption
from qdiff.errors import InputError

if TYPE_CHECKING:
    from qdiff.comparison.drift import Drift
    from qdiff.comparison.drift_changes import Change

_SHOWN = 5


def score(
    shots: Annotated[Path, typer.Argument(help="The new batch, in any known format.")],
    model: Annotated[Path, typer.Argument(help="A fitted surrogate, or a distribution.")],
    calibration: Annotated[
        Path | None,
        typer.Option(help="Good shots that the model was not fitted to: its own errors cancel."),
    ] = None,
    alarm: Annotated[
        float | None,
        typer.Option(help="Exit with code 1 where the p-value of any change is below this."),
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Ask whether a new batch is what a model describes, and which bits changed most.

    Example: qdiff score today.json model.safetensors --alarm 0.001
    """
    from qdiff.comparison import drift
    from qdiff.data.shots import Shots
    from qdiff.files.load import load, load_shots

    described = load(model)
    if isinstance(described, Shots):
        raise InputError(
            f"{model} holds shots; fit a model to them first (qdiff fit), or give a distribution"
        )
    found = drift.score(
        load_shots(shots),
        described,
        calibration=None if calibration is None else load_shots(calibration),
        alarm=alarm,
        seed=seed,
    )
    if json:
        console.print_json(found.to_dict())
    else:
        console.print_lines(_lines(found))
    if alarm is not None and found.any_p_value < alarm:
        raise typer.Exit(1)


def _lines(found: Drift) -> Iterator[str]:
    yield f"{found.num_shots:,} shots against {found.reference}"
    yield (
        f"log-likelihood {found.log_likelihood:.5g} nats a shot, expected {found.expected:.5g}: "
        f"z {found.z:+.2f}, p-value {found.p_value:.3g}"
    )
    if found.impossible:
        yield (
            f"{found.impossible:,} shots have no probability under the model: "
            f"p-value {found.impossible_p_value:.3g}"
        )
    yield from _changes("bits that changed most (share of ones)", found.bits)
    yield from _changes("pairs that changed most (share of unequal bits)", found.pairs)
    yield f"p-value of any change: {found.any_p_value:.3g}"


def _changes(title: str, changes: tuple[Change, ...]) -> Iterator[str]:
    if not changes:
        return
    yield f"{title}, p-values corrected for all:"
    for change in changes[:_SHOWN]:
        place = ", ".join(map(str, change.bits))
        yield (
            f"  {place}: {change.observed:.4g}, expected {change.expected:.4g}, "
            f"z {change.z:+.2f}, p-value {change.p_value:.3g}"
        )
