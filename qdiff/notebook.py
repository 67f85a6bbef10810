"""How a surrogate shows itself in a notebook: a small table, without pictures or scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from qdiff import bits as bitorder

if TYPE_CHECKING:
    from qdiff.surrogate import Surrogate

_TABLE_BITS = 12
"""Up to here the likeliest strings cost no noticeable time."""

_STRINGS = 5


def surrogate_html(model: Surrogate) -> str:
    """What it was fitted to, what it is mixed from, and of few bits its likeliest strings."""
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left">{escape(name)}</th>'
        f'<td style="text-align: left">{escape(value)}</td></tr>'
        for name, value in _entries(model)
    )
    return (
        f"<table><caption>Surrogate of {model.num_bits} bits</caption><tbody>{rows}</tbody></table>"
    )


def _entries(model: Surrogate) -> Iterator[tuple[str, str]]:
    yield "registers", ", ".join(f"{each.name}[{each.size}]" for each in model.registers)
    yield from _of_card(model.card)
    for part, weight in model.weights.items():
        yield f"weight of {part.value}", f"{weight:.3f}"
    if model.num_bits <= _TABLE_BITS:
        table = model.distribution().probabilities
        top = np.lexsort((np.arange(len(table)), -table))[:_STRINGS]
        keys = bitorder.format_keys(bitorder.from_indices(top), model.registers)
        for key, probability in zip(keys, table[top], strict=True):
            yield f"P({key})", f"{probability:.4g}"


def _of_card(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the card says; whoever wrote it, entries that are not there are passed over."""
    shots = card.get("training_shots")
    if isinstance(shots, int):
        yield "fitted to", f"{shots:,} shots"
    source = card.get("trained_on")
    if isinstance(source, Mapping) and source.get("circuit"):
        yield "of the circuit", str(source["circuit"])
    heldout = card.get("heldout")
    score = heldout.get("nats_per_shot") if isinstance(heldout, Mapping) else None
    if isinstance(score, float):
        yield "held-out score", f"{score:.4f} nats a shot (optimistic: these shots chose weights)"
    told = card.get("circuit")
    if isinstance(told, Mapping):
        yield "told the circuit", str(told.get("verdict"))
    if card.get("before_readout"):
        yield "readout errors", "undone"
