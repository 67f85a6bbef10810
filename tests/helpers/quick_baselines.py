"""Every baseline, with little training where it trains."""

from __future__ import annotations

import pytest
from known_laws import porter_thomas

from qdiff.data.distribution import Distribution
from qdiff.data.registers import Register
from qdiff.data.shots import Shots
from qdiff.models.baselines.base import Baseline
from qdiff.models.baselines.chow_liu import ChowLiuTree
from qdiff.models.baselines.counting import Histogram, IndependentBits, Uniform
from qdiff.models.baselines.hammer import HAMMER
from qdiff.models.baselines.lstm import LSTM
from qdiff.models.baselines.made import MADE
from qdiff.models.baselines.matrix_product import MatrixProduct
from qdiff.models.baselines.rbm import RBM
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.models.matrix_product.fit import MatrixProductConfig

QUICK = TrainingConfig(steps=40, batch=64, learning_rate=0.03, warmup=5, evaluate_every=20)


BASELINES: dict[str, Baseline] = {
    "histogram": Histogram(),
    "histogram, 2": Histogram(pseudocount=2.0),
    "uniform": Uniform(),
    "independent": IndependentBits(),
    "Chow-Liu": ChowLiuTree(),
    "matrix product": MatrixProduct(config=MatrixProductConfig(bonds=(1, 3), steps=20)),
    "MADE": MADE(hidden=(5, 12), weight_decay=(0.3, 0.0), training=QUICK),
    "LSTM": LSTM(hidden=(4,), training=QUICK),
    "HAMMER": HAMMER(),
    "RBM, few units": RBM(hidden=(1, 4), weight_decay=(0.3, 0.0), training=QUICK),
    "RBM, many units": RBM(hidden=(7,), training=QUICK),
}


every_baseline = pytest.mark.parametrize("baseline", BASELINES.values(), ids=BASELINES.keys())


def correlated(num_bits: int, seed: int, shots: int = 400) -> Shots:
    """Shots of a peaked random law in two registers (one for a single bit)."""
    table = porter_thomas(num_bits, seed, power=3).probabilities
    rest = [Register("b", num_bits - 1)] if num_bits > 1 else []
    registers = (Register("a", 1), *rest)
    return Distribution(probabilities=table, registers=registers).sample(shots, seed=seed)
