"""Figures and tables of shots, a surrogate, a comparison and drift, cell by cell as in a notebook.

Run it with ``python docs/examples/figures_and_tables.py [PICTURE]``; it takes some ten seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib import pyplot

import qdiff


def main(picture: Path) -> list[dict[str, object]]:
    """Draw four figures into one, and return the comparison as records."""
    # %% Data: what a device gave, what a surrogate makes of it, and the truth
    noise = qdiff.NoiseSpec.parse("superconducting")
    truth = qdiff.exact("ising:5", noise)
    shots = qdiff.simulate("ising:5", noise, shots=2000, seed=1)
    surrogate = qdiff.fit(shots, circuit="ising:5", effort="fast", seed=1)

    # %% Figures: each `plot` draws on axes that it is given, or on its own, and returns them
    figure, axes = pyplot.subplots(2, 2, figsize=(13, 11), layout="constrained")
    shots.plot(axes[0, 0]).set_title("2,000 shots")
    surrogate.plot(axes[0, 1]).set_title("the surrogate")
    comparison = qdiff.compare(surrogate.distribution(), truth, training=shots)
    comparison.plot(axes[1, 0]).set_title("how far from the exact law")
    worse = qdiff.NoiseSpec.parse("depolarizing:p1=1e-3,p2=1e-2,readout=0.02/0.15")
    today = qdiff.simulate("ising:5", worse, shots=2000, seed=2)
    drift = qdiff.score(today, surrogate, seed=3)
    drift.plot(axes[1, 1]).set_title("today's shots")
    figure.savefig(picture)
    pyplot.close(figure)

    # %% Tables: records are plain Python; `to_pandas()` makes a data frame of the same
    for record in shots.to_records()[:3]:  # string, count, share
        print(record)
    print(surrogate.marginal([0, 4]).to_records())  # string, probability
    print(surrogate.to_records()[:3])  # the model card, an entry a record
    print(drift.to_records()[0])  # the bit that changed most

    # %% In a notebook, the last expression of a cell shows itself as a table
    return comparison.to_records()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "figures.png"))
