"""``compare``: shots, a distribution or a model against a reference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qdiff.cli import console, outputs, results
from qdiff.cli.comparison_lines import comparison_lines
from qdiff.cli.options import ForceOption, FullOption, JsonOption, PicturesOption, SeedOption
from qdiff.errors import InputError

if TYPE_CHECKING:
    from qdiff.comparison.scorecard import Comparison
    from qdiff.data.distribution import Distribution
    from qdiff.data.shots import Shots
    from qdiff.models.surrogate.surrogate import Surrogate


def compare(
    candidate: Annotated[Path, typer.Argument(help="Shots, a distribution or a model.")],
    reference: Annotated[
        Path, typer.Argument(help="A distribution (see qdiff exact), or other shots.")
    ],
    training: Annotated[
        Path | None, typer.Option(help="The shots that the candidate was fitted to.")
    ] = None,
    seed: SeedOption = 0,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page with pictures.")] = None,
    pictures: PicturesOption = None,
    force: ForceOption = False,
    full: FullOption = False,
    json: JsonOption = False,
) -> None:
    """Compare shots, a distribution or a model with a reference distribution, or with other shots.

    Two sets of shots need no table and may have any number of bits; a model is then drawn from, as
    many shots as the reference has.

    Example: qdiff compare model.safetensors exact.safetensors --report page.html
    """
    from qdiff.comparison.compare import compare as compared
    from qdiff.data.shots import Shots
    from qdiff.files.load import load, load_data, load_shots

    _check_report(report, pictures, candidate, reference, training, force=force)
    shown, target = load(candidate), load_data(reference)
    fitted_to = None if training is None else load_shots(training)
    value = _comparable(shown, target, seed)
    found = compared(value, target, training=fitted_to, seed=seed)
    if report is not None:
        from qdiff.report.comparison_page import comparison_page

        page = comparison_page(
            found,
            candidate=(candidate.name, shown),
            samples=value if isinstance(value, Shots) and value is not shown else None,
            reference=(reference.name, target),
            training=None if training is None or fitted_to is None else (training.name, fitted_to),
            command=console.command(),
            seed=seed,
        )
        results.save_page(page, report, pictures, force=force)
    if json:
        console.print_json(found.to_dict())
    elif full:
        console.print_table(found, f"{candidate.name} against {reference.name}")
    else:
        console.print_lines(_lines(found, candidate.name, reference.name, report))


def _lines(found: Comparison, candidate: str, reference: str, report: Path | None) -> Iterator[str]:
    """The dozen numbers that matter, and where the rest is."""
    yield f"{candidate} against {reference}"
    yield from comparison_lines(found)
    yield f"{'' if report is None else f'page: {report}; '}all metrics: --full, --json"


def _check_report(report: Path | None, pictures: str | None, *inputs: object, force: bool) -> None:
    """What can be refused of a page before anything is compared."""
    from qdiff.report.page_files import check_pictures

    if report is None:
        if pictures is not None:
            raise InputError("--pictures go beside a page: name one with --report page.html")
        return
    if pictures is not None:
        check_pictures(report, pictures, force=force)
    outputs.check(report, *inputs, force=force)


def _comparable(
    value: Shots | Distribution | Surrogate, target: Shots | Distribution, seed: int
) -> Shots | Distribution:
    """What of a model can be compared: its table, or against shots as many draws; others as is."""
    import numpy as np

    from qdiff.data.shots import Shots
    from qdiff.models.surrogate.surrogate import Surrogate

    if not isinstance(value, Surrogate):
        return value
    if not isinstance(target, Shots):
        return value.distribution()
    apart = np.random.SeedSequence(seed, spawn_key=(1,))  # from the comparison's own draws
    return value.sample(target.num_shots, seed=apart)
