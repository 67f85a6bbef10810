"""Learned noise as lines of text: a number a line, then what is to be known of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def noise_lines(learned: Mapping[str, Any]) -> Iterator[str]:
    """What `LearnedNoise.to_dict` says; numbers of single qubits and pairs come last."""
    for number in sorted(learned["numbers"], key=lambda each: len(each["qubits"])):
        name = " ".join([number["kind"], "-".join(map(str, number["qubits"]))]).strip()
        low, high = number["interval"]
        guess = "  (the shots say little of it)" if number["told"] < 0.5 else ""
        yield f"{name:<22} {number['value']:>10.4g}   {low:.3g} to {high:.3g}{guess}"
    for first, second, correlation in learned["not_told_apart"]:
        yield f"{first} and {second} are not told apart (correlation {correlation:+.2f})"
    for lesson in learned["lessons"]:
        for row in lesson["circuits"]:
            predicted = row["predicted"]
            yield (
                f"{row['circuit']}: {row['num_shots']:,} shots, predicted from "
                f"{lesson['predicted_from']} to {predicted['excess']:.2g} +- "
                f"{predicted['standard_error']:.2g} nats"
            )
    yield from learned["doubts"]
    yield f"a specification cannot say: {'; '.join(learned['beyond_spec'])}"
