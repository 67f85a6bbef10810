"""How often do the tests without a table raise a false alarm, and how often do they see 2 %?

Two sets of shots are drawn from one law, or the second from a mixture of 98 % of it and 2 % of
something else, over and over. A test is alarmed where its p-value is at most 0.05.

- ``mmd``: `qdiff.mmd_test`; ``classifier``: `qdiff.classifier_test`, both of two sets of shots.
- ``score``: `qdiff.score` of the second set against the law itself, by its log-likelihood, and
  ``score, any``: the same by any change, of the likelihood, a bit or a pair.

    python benchmarks/two_sample.py [--workers 1] [--fresh]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import frame
import numpy as np
from costs import timed
from record import Row
from truths import truth_of

import qdiff
from qdiff import Shots
from qdiff.comparison.metrics.novelty import proportion_interval
from qdiff.models.baselines.base import FittedBaseline
from qdiff.models.baselines.chow_liu import ChowLiuTree
from qdiff.models.baselines.counting import ProductLaw

LEVEL = 0.05
PERMUTATIONS = 99
LAWS = ("ising:10", "chain of 127 bits")
SHOTS = (1_000, 10_000)
CASES = ("equal", "2 % uniform", "2 % zeros")
QUICK, SLOW, WIDE = (400, 100), (100, 25), (50, 25)
"""How often a law is tested against itself, and against each admixture."""

Source = Any
"""A `Distribution` or a fitted baseline: what gives shots and log-probabilities."""


def law_of(name: str) -> Source:
    """An exact noisy law, or a chain in which neighbours are equal with chance 0.85."""
    if name.startswith("ising"):
        return truth_of(name)
    flips = np.random.default_rng(1).random((20_000, 127)) < 0.15
    return ChowLiuTree().fit(Shots.from_bits(np.cumsum(flips, axis=1) % 2))


def second_of(law: Source, case: str, shots: int, generator: np.random.Generator) -> Shots:
    """The second set: from the law, or with 2 % of something else among it."""
    foreign = 0 if case == "equal" else int(generator.binomial(shots, 0.02))
    own: Shots = law.sample(shots - foreign, seed=generator)
    if not foreign:
        return own
    one = np.full(law.num_bits, 0.0 if case == "2 % zeros" else 0.5)
    other = FittedBaseline(law=ProductLaw(one), registers=own.registers)
    return own.merge(other.sample(foreign, seed=generator))


def _mmd(law: Source, first: Shots, second: Shots, seed: int) -> list[float]:
    return [qdiff.mmd_test(first, second, permutations=PERMUTATIONS, seed=seed).p_value]


def _classifier(law: Source, first: Shots, second: Shots, seed: int) -> list[float]:
    return [qdiff.classifier_test(first, second, permutations=PERMUTATIONS, seed=seed).p_value]


def _score(law: Source, first: Shots, second: Shots, seed: int) -> list[float]:
    found = qdiff.score(second, law, permutations=PERMUTATIONS, seed=seed)
    return [found.p_value, found.any_p_value]


TESTS: dict[str, tuple[list[str], Callable[[Source, Shots, Shots, int], list[float]]]] = {
    "mmd": (["mmd"], _mmd),
    "score": (["score", "score, any"], _score),
    "classifier": (["classifier"], _classifier),
}


def measure(cell: Row) -> Row:
    """One test of one law, case and number of shots, over and over."""
    law, (names, test) = law_of(cell["law"]), TESTS[cell["test"]]
    times = _times(cell["law"], cell["test"])[cell["case"] != "equal"]
    generator = np.random.default_rng(cell["shots"])
    found, spent = [], 0.0
    for repeat in range(times):
        first = law.sample(cell["shots"], seed=generator)
        second = second_of(law, cell["case"], cell["shots"], generator)
        p_values, seconds = timed(test, law, first, second, repeat)
        found.append(p_values)
        spent += seconds.cpu
    alarms = (np.array(found) <= LEVEL + 1e-12).sum(axis=0)
    return {
        "times": times,
        "alarms": {
            name: {
                "rate": int(number) / times,
                "interval": list(proportion_interval(int(number), times, 0.95)),
            }
            for name, number in zip(names, alarms, strict=True)
        },
        "cpu_seconds_each": round(spent / times, 3),
    }


def _times(law: str, test: str) -> tuple[int, int]:
    if law != "ising:10":
        return WIDE
    return SLOW if test == "classifier" else QUICK


def main() -> None:
    options = frame.arguments(__doc__, seeds=None).parse_args()
    cells = frame.grid(law=LAWS, test=TESTS, case=CASES, shots=SHOTS)
    settings = {"level": LEVEL, "permutations": PERMUTATIONS}
    frame.collect("two_sample", cells, measure, options, settings)


if __name__ == "__main__":
    main()
