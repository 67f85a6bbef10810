"""The surrogate and baselines fitted to the same shots, and how far each is from the truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from costs import timed
from numpy.typing import NDArray
from record import Row

import qdiff
from qdiff.comparison.metrics.shot_multiplier import shots_for_kl
from qdiff.comparison.metrics.table_metrics import kl_divergence
from qdiff.fitting.heldout import hold_out
from qdiff.models.baselines.base import Baseline, FittedBaseline
from qdiff.models.baselines.chow_liu import ChowLiuTree
from qdiff.models.baselines.counting import Histogram, IndependentBits
from qdiff.models.baselines.lstm import LSTM
from qdiff.models.baselines.made import MADE
from qdiff.models.baselines.matrix_product import MatrixProduct
from qdiff.models.matrix_product.fit import MatrixProductConfig
from qdiff.models.surrogate.part import Part

BASELINES: dict[str, Baseline] = {
    "histogram": Histogram(),
    "independent_bits": IndependentBits(),
    "chow_liu": ChowLiuTree(),
    "made": MADE(hidden=(64, 256), weight_decay=(0.3,)),
    "lstm": LSTM(hidden=(64, 128), weight_decay=(0.3,)),
    # a longer ladder of bonds than a surrogate's, which averages four shorter ones
    "matrix_product": MatrixProduct(
        config=MatrixProductConfig(bonds=(1, 2, 4, 8, 16, 32), work=1.5e10)
    ),
}

Table = NDArray[np.float64]


def fit_baselines(
    baselines: Mapping[str, Baseline], shots: qdiff.Shots, seed: int
) -> tuple[dict[str, FittedBaseline], dict[str, float]]:
    """All from the same shots, a tenth of them held out; CPU seconds."""
    heldout, _ = hold_out(shots, seed=seed)
    fitted, seconds = {}, {}
    for name, baseline in baselines.items():
        fitted[name], spent = timed(baseline.fit, shots, heldout=heldout, seed=seed)
        seconds[name] = round(spent.cpu, 2)
    return fitted, seconds


def divergence(truth: qdiff.Distribution, table: Table) -> float:
    """Exact KL divergence of a table from the truth, in nats."""
    return float(kl_divergence(truth.probabilities, table))


def baselines_against(
    truth: qdiff.Distribution, shots: qdiff.Shots, seed: int, baselines: Mapping[str, Baseline]
) -> Row:
    """The divergence and CPU seconds of each, and the divergence of the uniform law."""
    fitted, seconds = fit_baselines(baselines, shots, seed)
    kl = {name: divergence(truth, law.distribution().probabilities) for name, law in fitted.items()}
    kl["uniform"] = divergence(truth, np.full(1 << truth.num_bits, 0.5**truth.num_bits))
    return {"kl": kl, "cpu_seconds": seconds}


def surrogate_against(truth: qdiff.Distribution, shots: qdiff.Shots, seed: int) -> Row:
    """The divergence of a default fit, of it without the shots, and of each part alone."""
    model, spent = timed(qdiff.fit, shots, seed=seed)
    kl = {name: divergence(truth, table) for name, table in _views(model).items()}
    return {
        "kl": kl,
        "cpu_seconds": {"surrogate": round(spent.cpu, 2)},
        "weights": model.card["weights"],
        "network": model.card["chosen"]["network"],
        "shot_multiplier": shots_for_kl(truth, kl["surrogate"]) / shots.num_shots,
    }


def together(baselines: Row, surrogate: Row) -> Row:
    """One row of both."""
    return surrogate | {key: baselines[key] | surrogate[key] for key in ("kl", "cpu_seconds")}


def surrogate_again(row: Row, truth: qdiff.Distribution, shots: qdiff.Shots, seed: int) -> Row:
    """A row with the surrogate fitted anew; the baselines' figures stay, with their revision."""
    renewed = surrogate_against(truth, shots, seed)
    baselines = {
        what: {name: value for name, value in row[what].items() if not _is_ours(name)}
        for what in ("kl", "cpu_seconds")
    }
    return {"baselines_revision": row["revision"]} | row | together(baselines, renewed)


def _is_ours(name: str) -> bool:
    return name in ("surrogate", "without_shots") or name.startswith("part_")


def _views(model: qdiff.Surrogate) -> dict[str, Table]:
    """Tables of the surrogate, of it without the shots, and of each part alone."""
    tables = {part: law.table() for part, law in model.parts.items()}
    others = [part for part in tables if part is not Part.SHOTS]
    views: dict[str, Table] = {f"part_{part.value}": tables[part] for part in others}
    for name, kept in (("surrogate", list(tables)), ("without_shots", others)):
        mixed = np.stack([model.weights[part] * tables[part] for part in kept]).sum(axis=0)
        views[name] = mixed / mixed.sum()
    return views
