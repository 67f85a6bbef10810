"""A fit that may be killed: run as a program it says when it begins, and what came of it."""

from __future__ import annotations

import sys

import torch
from quick_fits import training_shots

import qdiff
from qdiff.fitting import checkpoint
from qdiff.fitting.config import Candidate, FitConfig
from qdiff.models.diffusion.denoisers.config import MLP, AnyOrderRecurrent
from qdiff.models.diffusion.training.trainer import TrainingConfig

TRAINING = TrainingConfig(steps=80, batch=64, evaluate_every=10, patience=20)
CONFIG = FitConfig(
    orders=2,
    interactions=False,
    matrix_product=False,
    candidates=(
        Candidate(network=AnyOrderRecurrent(hidden=4), training=TRAINING),
        Candidate(network=MLP(width=8, depth=1), training=TRAINING),
    ),
    folds=2,
)


def outcome(path: str) -> str:
    """The law and the last score of the fit whose checkpoint is at `path`."""
    model = qdiff.fit(training_shots(), seed=5, config=CONFIG, checkpoint=path)
    last = sorted(model.card["training"][0]["step_loss_heldout"])[-1]
    return f"{model.distribution().probabilities.tobytes().hex()}\n{last}\n"


if __name__ == "__main__":
    torch.set_num_threads(1)
    checkpoint.SECONDS_BETWEEN = 0.0
    print("began", flush=True)
    print(outcome(sys.argv[1]), end="")
