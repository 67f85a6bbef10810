"""How drift shows itself: a picture, records, a table in a notebook."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from qdiff.comparison.drift_changes import Change
from qdiff.data.argument_checks import is_between, shown
from qdiff.errors import InputError
from qdiff.tables import Tabular, html_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN_ROWS = 3
"""Bits, and pairs, in a notebook."""


class ShowsDrift(Tabular):
    """What was found of single bits and of pairs, the largest changes first."""

    bits: tuple[Change, ...]
    pairs: tuple[Change, ...]
    any_p_value: float
    num_shots: int
    reference: str

    def to_records(self) -> list[dict[str, Any]]:
        """A record a change, bits and then pairs, the largest first; ``bits`` as a tuple."""
        return [asdict(change) for change in (*self.bits, *self.pairs)]

    def plot(self, ax: Axes | None = None, *, level: float = 0.01) -> Axes:
        """Draw by how many standard deviations each bit changed, and return the axes.

        Bits whose p-value, corrected for all of them, lies below `level` stand out. On `ax`, or
        the axes of a new figure. Raises `InputError` unless `level` is between 0 and 1.
        """
        from qdiff.plotting.changes import plot_changes

        if not is_between(level, 0, 1):
            raise InputError(f"level must lie strictly between 0 and 1, got {shown(level)}")
        bits = sorted(self.bits, key=lambda change: change.bits)
        z, p_values = (np.array([getattr(b, name) for b in bits]) for name in ("z", "p_value"))
        return plot_changes(ax, z, p_values, level=level)

    def _repr_html_(self) -> str:
        changes = (*self.bits[:_SHOWN_ROWS], *self.pairs[:_SHOWN_ROWS])
        rows = [
            (
                " and ".join(f"bit {bit}" for bit in each.bits),
                *(f"{x:.4g}" for x in (each.observed, each.expected, each.z, each.p_value)),
            )
            for each in changes
        ]
        caption = (
            f"{self.num_shots:,} shots against {self.reference}: p-value of any change "
            f"{self.any_p_value:.3g}; share of ones, of two bits how often they differ"
        )
        head = ("", "observed", "expected", "z", "p-value, corrected")
        return html_table(rows, head=head, caption=caption)
