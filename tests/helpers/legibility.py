"""What a reader would mind about drawn axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox


def complaints_about(every: Sequence[Axes], legends: Sequence[Legend] = ()) -> list[str]:
    """Of all axes of a figure that was drawn, and of legends that belong to none of them."""
    legends = [*legends, *filter(None, (axes.get_legend() for axes in every))]
    written = [text for axes in every for text in texts(axes)]
    written += [text for legend in legends for text in legend.get_texts()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in written]
    boxes += [("a legend", legend.get_window_extent()) for legend in legends]
    frame = every[0].get_figure().canvas.figure.bbox
    return [
        *(complaint for axes in every for complaint in about_axes(axes)),
        *overlapping(boxes[: len(written)]),
        *cut_off(boxes, frame.padded(0.5)),
    ]


def ticks(axis: Axis) -> list[Text]:
    """Tick labels that can be seen."""
    low, high = sorted(axis.get_view_interval())
    return [
        label
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for label in (tick.label1, tick.label2)
        if label.get_visible() and label.get_text() and low <= tick.get_loc() <= high
    ]


def texts(axes: Axes) -> list[Text]:
    """All text of one set of axes but its legend, which is the figure's."""
    titles = [axes.title, *(text for text in axes.get_children() if isinstance(text, Text))]
    axis_texts = [
        text
        for axis in (axes.xaxis, axes.yaxis)
        for text in (*ticks(axis), axis.get_label(), axis.get_offset_text())
    ]
    return [text for text in dict.fromkeys([*titles, *axis_texts]) if text.get_text()]


def about_axes(axes: Axes) -> Iterator[str]:
    for axis in (axes.xaxis, axes.yaxis):
        labels = [label.get_text() for label in ticks(axis)]
        yield from (f"TeX: {label}" for label in labels if "$" in label or "\\" in label)
        if any(character.isdigit() for character in "".join(labels)) and not axis.get_label_text():
            yield f"an axis without a name: {labels}"
    frame, box = axes.get_figure().bbox, axes.bbox
    if (
        axes.get_label() != "<colorbar>"
        and min(box.width / frame.width, box.height / frame.height) < 0.3
    ):
        yield "squashed axes"


def overlapping(boxes: Sequence[tuple[str, Bbox]]) -> Iterator[str]:
    for (one, mine), (other, theirs) in combinations(boxes, 2):
        both = Bbox.intersection(mine, theirs)
        if both is not None and min(both.width, both.height) > 1:
            yield f"{one!r} is on {other!r}"


def cut_off(boxes: Sequence[tuple[str, Bbox]], frame: Bbox) -> Iterator[str]:
    for what, box in boxes:
        if not all(frame.contains(*corner) for corner in box.corners()):
            yield f"{what!r} is cut off"
