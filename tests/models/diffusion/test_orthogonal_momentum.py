"""Orthogonal steps: where they are taken, how long they are, and that they can be resumed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from untrained_networks import seeded

from qdiff import InputError, Shots
from qdiff.models.diffusion.denoisers.config import AnyOrderRecurrent
from qdiff.models.diffusion.processes.masking import Masking
from qdiff.models.diffusion.training.examples import Data
from qdiff.models.diffusion.training.orthogonal_momentum import (
    OrthogonalMomentum,
    matrices_between_units,
    orthogonal,
)
from qdiff.models.diffusion.training.trainer import Trainer, TrainingConfig


@pytest.mark.parametrize("shape", [(8, 8), (20, 8), (8, 20)])
def test_a_matrix_is_made_about_orthogonal(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=seeded()) @ torch.diag(torch.logspace(-1, 2, shape[1]))
    values = torch.linalg.svdvals(orthogonal(matrix))
    assert values.max() < 1.3
    assert values.median() > 0.6


def test_units_take_orthogonal_steps_and_the_rest_adams() -> None:
    network = AnyOrderRecurrent(hidden=8).build(3, generator=seeded())
    matrices = matrices_between_units(network)
    names = {name for name, each in network.named_parameters() if each in matrices}
    assert names == {"recurrent.weight_ih_l0", "recurrent.weight_hh_l0"}
    optimizer = OrthogonalMomentum(network, learning_rate=0.01, weight_decay=0.0, step=0.5)
    before = {name: each.detach().clone() for name, each in network.named_parameters()}
    for each in network.parameters():
        each.grad = torch.randn(each.shape, generator=seeded(1))
    optimizer.set_rate(0.005)
    optimizer.step()
    for name, each in network.named_parameters():
        change = each.detach() - before[name]
        if name in names:
            for part in change.chunk(4):  # a matrix for each gate
                assert 0.1 < float(torch.linalg.svdvals(part).median()) < 0.33
        else:
            assert float(change.abs().max()) == pytest.approx(0.005, rel=0.01)


def trainer(seed: int) -> Trainer:
    data = Data.of(Shots.from_counts({"000": 5, "111": 4, "010": 1}))
    network = AnyOrderRecurrent(hidden=4).build(3, generator=seeded(seed))
    config = TrainingConfig(steps=8, batch=16, evaluate_every=2, orthogonal=0.05)
    return Trainer(network, Masking(), data, data, config, seeded(1))


def test_a_training_is_resumed_bit_for_bit() -> None:
    whole, stopped, resumed = trainer(1), trainer(1), trainer(2)
    for _ in whole.run():
        pass
    for progress in stopped.run():
        if progress.step == 4:
            break
    arrays, numbers = stopped.state()
    resumed.restore(arrays, numbers)
    for _ in resumed.run():
        pass
    for own, other in zip(whole.network.parameters(), resumed.network.parameters(), strict=True):
        assert np.array_equal(own.detach().numpy(), other.detach().numpy())
    lacking = {name: array for name, array in arrays.items() if "optimizer.momentum" not in name}
    with pytest.raises(InputError, match="does not fit"):
        trainer(2).restore(lacking, numbers)
    with pytest.raises(InputError, match="out of range"):
        TrainingConfig(orthogonal=-1.0)
