"""What a surrogate answers: dictionaries for JSON, whose types are the schema's too.

Each function is called in a worker's thread, and what it does at length heeds the cancellation.
"""

from __future__ import annotations

import secrets
from contextlib import nullcontext

import numpy as np
from typing_extensions import TypedDict

from qdiff.data import bits as bitorder
from qdiff.data import count_keys
from qdiff.data.bits import Floats
from qdiff.data.distribution import Distribution
from qdiff.data.registers import width_of
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.service.cancellation import Cancellation
from qdiff.service.questions import (
    LogProbQuestion,
    MarginalQuestion,
    OverviewQuestion,
    SampleQuestion,
)
from qdiff.service.served import Served

_MOST_SEEDS = 2**53
"""Seeds that the service draws are whole numbers in JavaScript too."""


class LogProbAnswer(TypedDict):
    """In nats; null for a string of probability zero."""

    log_prob: list[float | None]


class MarginalAnswer(TypedDict):
    """``2^k`` probabilities, the first bit asked for being the lowest of the index."""

    bits: list[int]
    probabilities: list[float]
    standard_error: list[float] | None
    left_out: list[str]
    seed: int


class LikelyString(TypedDict):
    """A string as Qiskit writes it."""

    string: str
    probability: float
    standard_error: float | None


class OverviewAnswer(TypedDict):
    """``P(bit = 1)`` of every bit, and the likeliest strings; exact where nothing has an error."""

    ones: list[float]
    standard_error: list[float] | None
    likeliest: list[LikelyString]
    left_out: list[str]
    seed: int


def seed_of(asked: int | None) -> int:
    """The seed that was asked for, or a new one."""
    return secrets.randbelow(_MOST_SEEDS) if asked is None else asked


def sample(
    served: Served, question: SampleQuestion, seed: int, cancellation: Cancellation
) -> Shots:
    """Exactly what ``surrogate.sample(shots, seed=seed)`` draws."""
    by_torch = question.steps is not None or question.order != "fixed"  # as numpy's draws are not
    with cancellation.heeded() if by_torch else nullcontext():
        return served.surrogate.sample(
            question.shots,
            seed=cancellation.generator(seed),
            given=question.known,
            order=question.order,
            steps=question.steps,
        )


def log_prob(
    served: Served, question: LogProbQuestion, cancellation: Cancellation
) -> LogProbAnswer:
    """Of each string."""
    words, sizes = count_keys.parse_keys(question.strings)
    registers = served.surrogate.registers
    expected = [register.size for register in registers]
    if sizes not in (expected, [width_of(registers)]):
        raise InputError(
            f"strings must have {width_of(registers)} bits, in registers of {expected[::-1]} where "
            f"there are spaces, got {question.strings[0][:80]!r}"
        )
    rows = bitorder.unpack(words, width_of(registers))
    with cancellation.heeded():
        logs = served.surrogate.log_prob(rows, given=question.known)
    return {"log_prob": [value if np.isfinite(value) else None for value in logs.tolist()]}


def marginal(
    served: Served, question: MarginalQuestion, cancellation: Cancellation
) -> MarginalAnswer:
    """Exactly what ``surrogate.marginal(bits, given=, shots=, seed=seed)`` gives."""
    seed = seed_of(question.seed)
    law = served.surrogate.marginal(
        question.bits,
        given=question.known,
        shots=question.shots,
        seed=cancellation.generator(seed),
    )
    error = law.standard_error
    return {
        "bits": question.bits,
        "probabilities": law.probabilities.tolist(),
        "standard_error": None if error is None else error.tolist(),
        "left_out": law.provenance.get("left_out", []),
        "seed": seed,
    }


def overview(
    served: Served, question: OverviewQuestion, cancellation: Cancellation
) -> OverviewAnswer:
    """Exact from a table; else the frequencies among shots of the conditional law."""
    seed = seed_of(question.seed)
    known: Shots | Distribution
    if served.has_table:
        known = _conditional(served.surrogate.distribution(), question.known)
        ones, error = _ones_of_law(known.probabilities), None
    else:
        known = served.surrogate.sample(
            question.shots, seed=cancellation.generator(seed), given=question.known
        )
        ones, error = _ones_of_shots(known)
    words, chances, errors = known.likeliest(question.top)
    keys = count_keys.format_keys(words, served.surrogate.registers)
    found = errors if errors is None else errors.tolist()
    return {
        "ones": ones.tolist(),
        "standard_error": None if error is None else error.tolist(),
        "likeliest": [
            {
                "string": key,
                "probability": chance,
                "standard_error": None if found is None else found[place],
            }
            for place, (key, chance) in enumerate(zip(keys, chances.tolist(), strict=True))
            if chance > 0
        ],
        "left_out": known.provenance.get("left_out", []),
        "seed": seed,
    }


def _conditional(law: Distribution, given: dict[int, int]) -> Distribution:
    """The law given some bits. Raises `InputError` where they do not exist or are impossible."""
    table = law.probabilities.copy()
    cube = table.reshape((2,) * law.num_bits)
    for bit, value in given.items():
        if bit >= law.num_bits:
            raise InputError(f"there is no bit {bit}; bits are 0 to {law.num_bits - 1}")
        # numpy's first axis is the last bit
        np.moveaxis(cube, law.num_bits - 1 - bit, 0)[1 - value] = 0
    total = table.sum()
    if not total > 0:
        raise InputError(f"the given bits {given} have probability zero in this surrogate")
    return Distribution(probabilities=table / total, registers=law.registers)


def _ones_of_law(table: Floats) -> Floats:
    """``P(bit = 1)`` of every bit: each halving of the table leaves one bit fewer."""
    ones = []
    while len(table) > 1:
        pairs = table.reshape(-1, 2)
        ones.append(pairs[:, 1].sum())
        table = pairs.sum(axis=1)
    return np.array(ones)


def _ones_of_shots(shots: Shots) -> tuple[Floats, Floats]:
    ones = [shots.counts @ column for column in shots.bits.T]  # all at once is 8 bytes a bit
    share = np.array(ones) / shots.num_shots
    return share, np.sqrt(share * (1 - share) / shots.num_shots)
