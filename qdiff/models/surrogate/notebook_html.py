"""How a surrogate shows itself in a notebook: a small table, without pictures or scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.data import bits as bitorder
from qdiff.data import count_keys
from qdiff.data.registers import Register, width_of
from qdiff.models.surrogate.card_entries import card_entries

_TABLE_BITS = 12
"""Up to here the likeliest strings cost no noticeable time."""

_STRINGS = 5


def surrogate_html(
    registers: Sequence[Register],
    card: Mapping[str, Any],
    weights: Mapping[str, float],
    table: Callable[[], NDArray[np.float64]],
) -> str:
    """What it was fitted to, what it is mixed from, and of few bits its likeliest strings.

    `table` gives all probabilities; it is asked up to 12 bits.
    """
    num_bits = width_of(registers)
    entries = [
        ("registers", ", ".join(f"{each.name}[{each.size}]" for each in registers)),
        *card_entries(card),
        *((f"weight of {part}", f"{weight:.3f}") for part, weight in weights.items()),
        *(_likeliest(table(), registers) if num_bits <= _TABLE_BITS else ()),
    ]
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left">{escape(name)}</th>'
        f'<td style="text-align: left">{escape(value)}</td></tr>'
        for name, value in entries
    )
    return f"<table><caption>Surrogate of {num_bits} bits</caption><tbody>{rows}</tbody></table>"


def _likeliest(
    table: NDArray[np.float64], registers: Sequence[Register]
) -> Iterator[tuple[str, str]]:
    top = np.lexsort((np.arange(len(table)), -table))[:_STRINGS]
    keys = count_keys.format_keys(bitorder.from_indices(top), registers)
    for key, probability in zip(keys, table[top], strict=True):
        yield f"P({key})", f"{probability:.4g}"
