"""How data about strings show themselves: a picture, records, a table in a notebook."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from qdiff.data import count_keys
from qdiff.data.argument_checks import check_whole
from qdiff.data.bits import Floats, Words
from qdiff.data.registers import Register
from qdiff.errors import InputError
from qdiff.plotting.palette import Role
from qdiff.tables import Tabular, html_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Likeliest = tuple[Words, Floats, Floats | None]
"""Packed strings, the likeliest first; how likely they are; standard errors where there are any."""

_ROWS = 5


class ShowsStrings(Tabular):
    """Shots, or a law whose probabilities are all known.

    In a notebook it shows itself as a table of its likeliest strings.
    """

    role: ClassVar[Role]
    """As what it is drawn."""

    quantity: ClassVar[str]
    """What is said of a string."""

    registers: tuple[Register, ...]

    @abstractmethod
    def likeliest(self, count: int) -> Likeliest:
        """At most `count` strings, of equal ones those first that come first as numbers."""

    def plot(self, ax: Axes | None = None, *, top: int = 16, label: str | None = None) -> Axes:
        """Draw the likeliest strings as bars, with one standard error, and return the axes.

        Parameters
        ----------
        ax
            Matplotlib axes to draw on; those of a new figure if not given.
        top
            How many strings.
        label
            A name for a legend.

        Raises `InputError` unless `top` is a positive whole number, and where there are no shots.
        """
        from qdiff.plotting.strings import plot_strings

        words, values, errors = self.likeliest(check_whole(top, "top"))
        if not len(words):
            raise InputError("there are no shots to draw")
        keys = count_keys.format_keys(words, self.registers)
        return plot_strings(
            ax, keys, values, errors, role=self.role, quantity=self.quantity, label=label
        )

    def _repr_html_(self) -> str:
        words, values, _ = self.likeliest(_ROWS)
        keys = count_keys.format_keys(words, self.registers) if len(words) else []
        rows = [(key, f"{value:.4g}") for key, value in zip(keys, values.tolist(), strict=True)]
        return html_table(rows, head=("string", self.quantity), caption=repr(self))
