"""What a model card says, for people; whoever wrote it, what is not there is passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def card_entries(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and texts of what a reader looks for first.

    >>> dict(card_entries({"training_shots": 5000, "heldout": "nonsense"}))
    {'fitted to': '5,000 shots'}
    """
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
