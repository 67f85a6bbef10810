"""Learned noise as lines of text: a number a line, then what is to be known of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_FIRST = 10
"""Numbers that a screen has room for: those of a whole device, and the first of single qubits."""

_FEW = 2
"""Of whatever else there may be many of."""


def noise_lines(learned: Mapping[str, Any], *, full: bool) -> Iterator[str]:
    """What `LearnedNoise.to_dict` says; numbers of single qubits and pairs come last.

    Those that the shots told most of come first there, so that a screen has them.
    """
    numbers = sorted(learned["numbers"], key=lambda each: (bool(each["qubits"]), -each["told"]))
    most, few = (len(numbers), None) if full else (_FIRST, _FEW)
    for number in numbers[:most]:
        name = " ".join([number["kind"], "-".join(map(str, number["qubits"]))]).strip()
        low, high = number["interval"]
        guess = "  (shots say little)" if number["told"] < 0.5 else ""
        yield f"{name:<22} {number['value']:>10.4g}   {low:.3g} to {high:.3g}{guess}"
    if numbers[most:]:
        yield f"and {len(numbers) - most} numbers more: --full, --json"
    for first, second, correlation in learned["not_told_apart"][:few]:
        yield f"{first} and {second} are not told apart (correlation {correlation:+.2f})"
    for lesson in learned["lessons"][:few]:
        for row in lesson["circuits"][:few]:
            predicted = row["predicted"]
            yield (
                f"{row['circuit']}: {row['num_shots']:,} shots, predicted from "
                f"{lesson['predicted_from']} to {predicted['excess']:.2g} +- "
                f"{predicted['standard_error']:.2g} nats"
            )
    yield from learned["doubts"][:few]
    yield f"a specification cannot say: {'; '.join(learned['beyond_spec'])}"
