"""`Comparison`: what `compare` returns, as rows of metrics, as JSON, and as a table to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qdiff.comparison.intervals.central import Interval
from qdiff.comparison.scorecard_rows import Metric
from qdiff.data.argument_checks import check_is
from qdiff.tables import Cell, Tabular, html_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rich.table import Table

    from qdiff.comparison.few_body.moments import Moments

COLUMNS = ("value", "floor", "training", "uniform", "independent bits")

_MAIN = (
    *("kl", "jensen_shannon", "total_variation", "hellinger_fidelity", "shot_multiplier", "xeb"),
    *("heavy_output", "z1_rms", "z2_rms", "z3_rms", "marginal3_mean", "weight_spectrum"),
)
"""What is shown where there is little room; others follow where some of these are missing."""

_MOST_MAIN = 12

_NO_DISTANCES = (
    *("hellinger_fidelity", "normalized_fidelity", "xeb", "log_xeb"),
    *("heavy_output", "shot_multiplier"),
)
_UNITS = "distance (divergences in nats, others without unit)"

_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison(Tabular):
    """A candidate against a reference: named metrics, and what they were computed from.

    `num_shots` is None for a law, and so is `reference_shots`; `resamples` is how many replicates
    the intervals and floors rest on. The moments hold the means of the Z strings and the laws of
    the Hamming weight that the few-body distances are made of. In a notebook it shows itself as a
    table.
    """

    metrics: Mapping[str, Metric]
    num_bits: int
    num_shots: int | None
    training_shots: int | None
    confidence: float
    resamples: int
    reference_shots: int | None = None
    candidate_moments: Moments | None = None
    reference_moments: Moments | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", MappingProxyType(dict(self.metrics)))

    def __getitem__(self, name: str) -> Metric:
        return self.metrics[name]

    @property
    def main(self) -> Mapping[str, Metric]:
        """The dozen metrics that matter most, where there is room for no more."""
        main = [name for name in _MAIN if name in self.metrics]
        found = list(dict.fromkeys([*main, *self.metrics]))
        return {name: self.metrics[name] for name in found[:_MOST_MAIN]}

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Name of the metric -> ``value``, ``interval``, ``floor`` and so on, as JSON."""
        return {name: metric.to_dict() for name, metric in self.metrics.items()}

    def caption(self) -> str:
        """One line: what was compared, and what the brackets are."""
        candidate = "a known law" if self.num_shots is None else f"{self.num_shots:,} shots"
        trained = f", trained on {self.training_shots:,} shots" if self.training_shots else ""
        if self.reference_shots is None:
            against, floor = "", "a perfect sampler's score"
        else:
            against = f" against {self.reference_shots:,}"
            floor = "the score of two sets of the same law"
        return (
            f"{candidate}{against} of {self.num_bits} bits{trained}; divergences in nats, "
            f"{100 * self.confidence:g} % intervals, floor: {floor}"
        )

    def rows(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Each metric's title and, for each of `COLUMNS`, its number and its range as text."""
        return ((metric.title, _cells(metric)) for metric in self.metrics.values())

    def table(self, title: str | None = None) -> Table:
        """A rich table for a terminal."""
        from rich.box import SIMPLE_HEAD
        from rich.markup import escape as escape_markup
        from rich.table import Table

        if title is not None:
            check_is(title, str, "title")
        table = Table(title=title and escape_markup(title), caption=self.caption(), box=SIMPLE_HEAD)
        table.add_column("metric")
        for column in COLUMNS:
            table.add_column(column, justify="right")
        for name, cells in self.rows():
            table.add_row(name, *(escape_markup("\n".join(filter(None, cell))) for cell in cells))
        return table

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={_text(m.value)}" for name, m in self.metrics.items())
        return f"Comparison({values})"

    def to_records(self) -> list[dict[str, Any]]:
        """A record a metric: ``metric``, ``title``, ``value``, and the other numbers of `Metric`,
        ranges as ``interval_low`` and ``interval_high``; None where there is none."""
        return [{"metric": name, **metric.to_record()} for name, metric in self.metrics.items()]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw every distance over that of a perfect sampler, and return the axes.

        Metrics that are 0 for equal laws, each over its floor's mean, with the floor's range as a
        band and the training histogram's score beside it; distances as they are where there is no
        floor. On `ax`, or the axes of a new figure.
        """
        from qdiff.plotting.floors import plot_floors

        rows = [each.row() for name, each in self.metrics.items() if name not in _NO_DISTANCES]
        floored = any(row.floor is not None for row in rows)
        quantity = "distance over a perfect sampler's mean (no unit)" if floored else _UNITS
        return plot_floors(ax, rows, quantity)

    def to_html(self) -> str:
        """An HTML table of all metrics."""
        return self._html(self.metrics.values())

    def _html(self, metrics: Iterable[Metric]) -> str:
        rows: list[Sequence[Cell]] = [(each.title, *_cells(each)) for each in metrics]
        return html_table(rows, head=("metric", *COLUMNS), caption=self.caption())

    def _repr_html_(self) -> str:
        return self._html(self.main.values())


def _cells(metric: Metric) -> list[tuple[str, str]]:
    """For each of `COLUMNS` a number and its range."""
    numbers = (metric.training, metric.uniform, metric.independent_bits)
    return [
        (_text(metric.value), _interval_text(metric.interval)),
        (_text(metric.floor), _interval_text(metric.floor_interval)),
        *((_text(number), "") for number in numbers),
    ]


def _text(value: float | None) -> str:
    if value is None or isnan(value):
        return "–"
    return f"{0.0 if abs(value) < _ROUNDING else value:.4g}"


def _interval_text(interval: Interval | None) -> str:
    return "" if interval is None else "[{}, {}]".format(*map(_text, interval))
