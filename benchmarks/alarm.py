"""Of how many shots does an alarm see a drift of which size?

The model is the exact law of a circuit, and today's shots are of a device that has drifted: one bit
falls to 0 more often than it did, or some shots are uniform. An alarm is raised where
`qdiff.score` finds a p-value of any change below 0.001, over and over with new shots.

    python benchmarks/alarm.py [--workers 1] [--fresh]
"""

from __future__ import annotations

import frame
import numpy as np
from costs import timed
from record import Row
from truths import truth_of

import qdiff
from qdiff import Distribution
from qdiff.comparison.metrics.novelty import proportion_interval

CIRCUIT = "ising:6"
LEVEL = 0.001
DRIFTS = ("one bit decays", "uniform shots")
SIZES = (0.0, 0.005, 0.01, 0.02, 0.04)
SHOTS = (1_000, 4_000, 16_000, 64_000)
TIMES = 60
BIT = 2


def drifted(law: Distribution, drift: str, size: float) -> Distribution:
    """The law of the device today."""
    table = law.probabilities
    if drift == "uniform shots":
        return Distribution(probabilities=(1 - size) * table + size / len(table))
    below, above = np.split(table.reshape(-1, 2, 1 << BIT), 2, axis=1)
    fallen = np.concatenate([below + size * above, (1 - size) * above], axis=1)
    return Distribution(probabilities=fallen.reshape(-1))


def measure(cell: Row) -> Row:
    """How often an alarm was raised."""
    law = truth_of(CIRCUIT)
    today = drifted(law, cell["drift"], cell["size"])
    generator = np.random.default_rng(cell["shots"])
    alarms, spent = 0, 0.0
    for repeat in range(TIMES):
        shots = today.sample(cell["shots"], seed=generator)
        found, seconds = timed(qdiff.score, shots, law, alarm=LEVEL, seed=repeat)
        alarms += found.any_p_value < LEVEL
        spent += seconds.cpu
    return {
        "rate": alarms / TIMES,
        "interval": list(proportion_interval(alarms, TIMES, 0.95)),
        "cpu_seconds_each": round(spent / TIMES, 3),
    }


def main() -> None:
    options = frame.arguments(__doc__, seeds=None).parse_args()
    cells = frame.grid(drift=DRIFTS, size=SIZES, shots=SHOTS)
    settings = {"circuit": CIRCUIT, "level": LEVEL, "times": TIMES}
    frame.collect("alarm", cells, measure, options, settings)


if __name__ == "__main__":
    main()
