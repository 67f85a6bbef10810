"""How a surrogate shows itself in a notebook: a small table, without pictures or scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from qdiff.data import count_keys
from qdiff.data.distribution import Distribution
from qdiff.data.registers import Register, width_of
from qdiff.models.surrogate.card_entries import card_entries
from qdiff.tables import html_table

_TABLE_BITS = 12
"""Up to here the likeliest strings cost no noticeable time."""

_STRINGS = 5


def surrogate_html(
    registers: Sequence[Register],
    card: Mapping[str, Any],
    weights: Mapping[str, float],
    law: Callable[[], Distribution],
) -> str:
    """What it was fitted to, what it is mixed from, and of few bits its likeliest strings.

    `law` gives all probabilities; it is asked up to 12 bits.
    """
    num_bits = width_of(registers)
    entries = [
        ("registers", ", ".join(f"{each.name}[{each.size}]" for each in registers)),
        *card_entries(card),
        *((f"weight of {part}", f"{weight:.3f}") for part, weight in weights.items()),
        *(_likeliest(law()) if num_bits <= _TABLE_BITS else ()),
    ]
    return html_table(entries, caption=f"Surrogate of {num_bits} bits")


def _likeliest(law: Distribution) -> Iterator[tuple[str, str]]:
    words, probabilities, _ = law.likeliest(_STRINGS)
    keys = count_keys.format_keys(words, law.registers)
    for key, probability in zip(keys, probabilities.tolist(), strict=True):
        yield f"P({key})", f"{probability:.4g}"
