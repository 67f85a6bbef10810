"""What is on a page, before it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from qdiff.comparison.scorecard import Comparison
from qdiff.report.pictures.comparison_pictures import comparison_pictures
from qdiff.report.pictures.picture import Picture
from qdiff.report.pictures.training import training_picture
from qdiff.report.pictures.views import View


@dataclass(frozen=True, eq=False, kw_only=True)
class CircuitSection:
    """What a known circuit brought to a fit: ``card["circuit"]``, and its picture if there is one
    (a circuit that the shots contradict has left no law to draw)."""

    record: Mapping[str, Any]
    picture: Picture | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Page:
    """A page. Whatever is left out is not shown.

    Attributes
    ----------
    title
        The heading.
    facts
        What was run and how to repeat it, a line an entry; ``"command"`` is set as code.
    comparisons
        Tables of metrics under their names; the first one's numbers are the headline.
    further
        More of them, folded away.
    views
        What is drawn, the most trusted first; see `comparison_pictures`.
    training
        The ``training`` of a model card, for the loss curve.
    circuit
        The section about the circuit that a fit was told.
    """

    title: str
    facts: Mapping[str, object] = field(default_factory=dict)
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    further: Mapping[str, Comparison] = field(default_factory=dict)
    views: Sequence[View] = ()
    training: Sequence[Mapping[str, Any]] = ()
    circuit: CircuitSection | None = None

    @cached_property
    def compared(self) -> tuple[Picture, ...]:
        """The pictures of the views."""
        return comparison_pictures(self.views) if self.views else ()

    @cached_property
    def loss(self) -> Picture | None:
        """The loss curve."""
        return training_picture(self.training)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures of the page."""
        circuit = None if self.circuit is None else self.circuit.picture
        return (*self.compared, *(found for found in (circuit, self.loss) if found is not None))
