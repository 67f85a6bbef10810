"""How close does a default fit come to laws of 36 to 100 bits, of which no table could be kept?

The laws are known (`wide_laws`), so that the KL divergence is measured: the mean of ``log p - log
q`` over strings drawn from the truth, with its standard error. The surrogate and the baselines are
fitted to the same shots on one thread, with the same shots held out. Three bits are then given, and
four others of the surrogate's conditional samples compared with the truth's by a chi-square test.

    python benchmarks/beyond_tables.py [--seeds 3] [--workers 2] [--only shots=10000 ...] [--fresh]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import contenders
import frame
import numpy as np
from contenders import fit_baselines
from costs import timed
from record import Row
from scipy.stats import chi2_contingency
from truths import shots_seed
from wide_laws import LAWS, KnownLaw

import qdiff
from qdiff.data.bits import Bits, Floats
from qdiff.models.baselines.base import Baseline
from qdiff.models.baselines.rbm import RBM

BASELINES: dict[str, Baseline] = {
    name: baseline for name, baseline in contenders.BASELINES.items() if name != "histogram"
} | {"rbm": RBM()}
SHOTS = (10_000, 100_000)
JUDGES, CONDITIONAL = 20_000, 2_000
MOST_DRAWN = 1 << 20
"""Of the truth, to find strings that have the given bits."""


class Evaluated(Protocol):
    def log_prob(self, bits: Bits) -> Floats: ...


def divergence(truth: Floats, model: Evaluated, judges: Bits) -> dict[str, float]:
    """From the law whose log-probabilities of the `judges` are given; nats."""
    ratios = truth - model.log_prob(judges)
    return {"mean": float(ratios.mean()), "error": float(ratios.std(ddof=1) / len(ratios) ** 0.5)}


def measure(cell: Row) -> Row:
    law, seed = LAWS[cell["law"]], cell["seed"]
    of_judges, of_condition = np.random.SeedSequence(seed).spawn(2)
    drawn = law.draw(cell["shots"], np.random.default_rng(shots_seed(seed)))
    shots = qdiff.Shots.from_bits(drawn)
    model, spent = timed(qdiff.fit, shots, seed=seed)
    baselines, seconds = fit_baselines(BASELINES, shots, seed)
    judges = law.draw(JUDGES, np.random.default_rng(of_judges))
    truth = law.log_prob(judges)
    parts = {f"part_{part.value}": own for part, own in model.parts.items()}
    parts.pop("part_shots", None)
    models: Mapping[str, Evaluated] = {"surrogate": model, **parts, **baselines}
    return {
        "bits": law.num_bits,
        "entropy": -float(truth.mean()),
        "kl": {name: divergence(truth, each, judges) for name, each in models.items()},
        "cpu_seconds": {"surrogate": round(spent.cpu, 2), **seconds},
        "weights": model.card["weights"],
        "conditional": conditional(law, model, np.random.default_rng(of_condition)),
    }


def conditional(law: KnownLaw, model: qdiff.Surrogate, generator: np.random.Generator) -> Row:
    """Samples of both, given three bits as they are in some string of the law."""
    places = np.arange(1, 4) * law.num_bits // 4
    values = law.draw(1, generator)[0, places]
    found = law.draw(MOST_DRAWN, generator)
    found = found[(found[:, places] == values).all(axis=1)][:CONDITIONAL]
    given = {int(place): int(value) for place, value in zip(places, values, strict=True)}
    sample = model.sample(len(found), seed=int(generator.integers(1 << 32)), given=given)
    watched = [*(places + 1).tolist(), law.num_bits - 1]
    both = (shots.select(watched) for shots in (qdiff.Shots.from_bits(found), sample))
    counts = np.stack([np.bincount(each.indices, each.counts, 1 << len(watched)) for each in both])
    seen = counts[:, counts.sum(axis=0) > 0]
    return {
        "shots": len(found),
        "total_variation": float(np.abs(counts[0] - counts[1]).sum() / (2 * len(found))),
        "p": float(chi2_contingency(seen, correction=False).pvalue),
    }


def main() -> None:
    options = frame.arguments(__doc__, workers=2).parse_args()
    cells = frame.grid(seed=options.seeds, shots=SHOTS, law=LAWS)
    settings = {"baselines": {name: repr(each) for name, each in BASELINES.items()}}
    frame.collect("beyond_tables", cells, measure, options, settings)


if __name__ == "__main__":
    main()
