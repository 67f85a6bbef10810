"""What several processes do together, as ``torchrun`` starts them; the first says what came of it.

torchrun --nproc-per-node 2 tests/helpers/fit_by_ranks.py JOB ...
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import torch
from killable_fit import CONFIG, outcome
from quick_fits import brief, training_shots
from torch import distributed as collective
from torch import nn

import qdiff
from qdiff.fitting import checkpoint
from qdiff.models.diffusion.denoisers.config import MLP
from qdiff.models.diffusion.processes.masking import Masking
from qdiff.models.diffusion.training.distributed import Ranks, joined
from qdiff.models.diffusion.training.examples import Data
from qdiff.models.diffusion.training.trainer import Trainer, TrainingConfig


def scores(number: int, steps: int) -> list[float]:
    """The held-out score of the first network of fits with so many seeds."""
    found = []
    for seed in range(number):
        model = qdiff.fit(training_shots(), seed=seed, config=brief(CONFIG, steps))
        found.append(model.card["training"][0]["heldout_nats"])
    return found


def gradients(ranks: Ranks) -> dict[str, Any]:
    """How far averaged gradients are from those of the whole batch, and how far without sharing."""
    generator = torch.Generator().manual_seed(1)
    network = MLP(width=8, depth=1).build(6, generator=generator)
    for each in network.parameters():  # of which a fresh network has some at zero
        nn.init.normal_(each, generator=generator)
    rows = torch.randn(7, 6, generator=torch.Generator().manual_seed(2))

    def loss(part: torch.Tensor) -> torch.Tensor:
        network.zero_grad()
        mean = network(part).square().mean()
        mean.backward()
        return mean

    def flat() -> np.ndarray:
        return np.concatenate([each.grad.numpy().ravel() for each in network.parameters()])

    mean = float(loss(rows).detach())
    whole = flat()
    start = sum(Ranks(rank=rank, world=ranks.world).share(7) for rank in range(ranks.rank))
    part = loss(rows[start : start + ranks.share(7)])
    alone = flat()
    shared = ranks.averaged(part, network, 7)
    return {
        "scale": float(np.abs(whole).max()),
        "off": float(np.abs(flat() - whole).max()),
        "off_alone": float(np.abs(alone - whole).max()),
        "loss_off": abs(shared - mean) / mean,
    }


def training(ranks: Ranks) -> dict[str, Any]:
    """Whether all processes end with the same weights, and have drawn different strings."""
    data = Data.of(training_shots())
    config = TrainingConfig(steps=20, batch=65, evaluate_every=5, warmup=2)
    network = MLP(width=8, depth=1).build(6, generator=torch.Generator().manual_seed(1))
    trainer = Trainer(network, Masking(), data, data, config, torch.Generator().manual_seed(3))
    steps = [(each.loss, each.heldout) for each in trainer.run()]
    weights = torch.cat([each.flatten() for each in network.state_dict().values()]).tolist()
    state, _ = trainer.state()
    mine = {"weights": weights, "steps": steps}
    found: list[Any] = [None] * ranks.world
    collective.all_gather_object(found, mine)
    return {
        "same": all(each == found[0] for each in found),
        "generators": len({row.tobytes() for row in state["generator"]}),
    }


def main() -> None:
    torch.set_num_threads(1)
    checkpoint.SECONDS_BETWEEN = 0.0
    job, *arguments = sys.argv[1:]
    with joined() as ranks:
        if job == "basics":
            found: Any = {"world": ranks.world, **gradients(ranks), **training(ranks)}
        elif job == "scores":
            found = scores(*map(int, arguments))
        else:
            found = outcome(*arguments)
    if ranks.is_first:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
